/*
 * cli_report.c - what becomes of the records of a scan: they are printed,
 * counted, grouped, or weighed.
 *
 * Keys come sorted, so a group is over when another begins.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "cli_scan.h"
#include "number.h"
#include "out.h"

void
tally_add(struct tally *t, lsm_slice key, lsm_slice value)
{
	t->records++;
	t->key_bytes += key.size;
	t->value_bytes += value.size;
}

static void
tally_print(const struct tally *t)
{
	out_format("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", t->records,
	    t->key_bytes, t->value_bytes);
}

/* A key that the format cannot say is escaped. */
void
report_key(const struct report *r, enum key_format format, lsm_slice key)
{
	char room[REDACTED_ROOM];

	if (r->style.redact == REDACT_ALL) {
		key = record_redacted(&r->style, key, room);
		format = KEYS_DEFAULT;
	}
	if (!key_print(format, key))
		out_escaped(key.data, key.size);
}

static int
records_each(struct report *r, lsm_slice key, lsm_slice value)
{
	return record_write(&r->writer,
	    r->settings->values_only ? NULL : &key,
	    r->settings->keys_only ? NULL : &value);
}

static int
records_end(struct report *r)
{
	return record_end(&r->writer);
}

static int
count_each(struct report *r, lsm_slice key, lsm_slice value)
{
	tally_add(&r->all, key, value);
	return 0;
}

static int
count_end(struct report *r)
{
	tally_print(&r->all);
	return 0;
}

/* The bytes that a key has in common with its group. */
static size_t
group_size(const struct settings *set, lsm_slice key)
{
	const char *found;
	uint64_t n;

	if (number_count(set->group_by.text, SIZE_MAX, &n))
		return key.size < n ? key.size : (size_t)n;
	if (key.size == 0)
		return 0;
	found = memchr(key.data, set->group_by.text[0], key.size);
	return found == NULL ? key.size :
	    (size_t)(found - (const char *)key.data) + 1;
}

static void
group_print(struct report *r)
{
	if (r->group.records == 0)
		return;
	report_key(r, KEYS_ESCAPED,
	    lsm_bytes(r->group_name.data, r->group_name.size));
	out_char('\t');
	tally_print(&r->group);
	r->group = (struct tally){ 0 };
}

/* LSM_KEY_MAX bytes were reserved at the start. */
static int
group_each(struct report *r, lsm_slice key, lsm_slice value)
{
	size_t n = group_size(r->settings, key);

	if (n != r->group_name.size ||
	    (n > 0 && memcmp(key.data, r->group_name.data, n) != 0)) {
		group_print(r);
		if (n > 0)
			memcpy(r->group_name.data, key.data, n);
		r->group_name.size = n;
	}
	tally_add(&r->group, key, value);
	return 0;
}

static int
group_end(struct report *r)
{
	group_print(r);
	return 0;
}

static void
group_release(struct report *r)
{
	free(r->group_name.data);
}

int
report_group(struct report *r)
{
	const struct word *by = &r->settings->group_by;
	uint64_t n;

	if (by->size != 1 && !number_count(by->text, SIZE_MAX, &n))
		return cli_fail(EXIT_USAGE, "--group-by: one byte or a number "
		    "of bytes");
	r->group_name.data = malloc(LSM_KEY_MAX);
	if (r->group_name.data == NULL)
		return cli_fail_memory();
	r->each = group_each;
	r->end = group_end;
	r->release = group_release;
	return 0;
}

int
report_start(struct report *r, const struct settings *set, lsm_db *db)
{
	*r = (struct report){ .settings = set, .each = records_each,
		.end = records_end, .style = session_style(set, db) };
	if (set->count) {
		r->each = count_each;
		r->end = count_end;
		return 0;
	}
	if (set->group_by.text != NULL)
		return report_group(r);
	if (set->histogram)
		return report_histogram(r);
	if (set->top != 0)
		return report_top(r);
	return record_begin(&r->writer, &r->style, !set->values_only,
	    !set->keys_only);
}

void
report_release(struct report *r)
{
	if (r->release != NULL)
		r->release(r);
}
