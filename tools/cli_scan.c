/*
 * cli_scan.c - scan and export: the records of a range, streamed.
 *
 * FROM, TO and --prefix intersect; what is empty is an answer. Memory does
 * not grow with the range.
 */
#include "cli_scan.h"

#include <inttypes.h>

#include "cli.h"
#include "cli_range.h"
#include "out.h"
#include "out_file.h"
#include "rate.h"
#include "signals.h"

struct scan {
	const struct settings *settings;
	struct report *report;
	struct rate rate;
	lsm_iter *iter;
	uint64_t read, matches, left;
};

static bool
value_wanted(const struct settings *set, lsm_slice value)
{
	const struct word *prefix = &set->value_prefix;

	return value.size >= set->min_value_size &&
	    value.size <= set->max_value_size &&
	    (prefix->text == NULL || (value.size >= prefix->size &&
	    memcmp(value.data, prefix->text, prefix->size) == 0));
}

static int
scan_record(struct scan *s)
{
	const struct settings *set = s->settings;
	lsm_slice key = lsm_iter_key(s->iter);
	lsm_slice value = lsm_iter_value(s->iter);
	uint64_t place;

	s->read++;
	if (signals_asked())
		cli_note("records read: %" PRIu64, s->read);
	rate_add(&s->rate, key.size + value.size);
	if (!value_wanted(set, value))
		return 0;
	place = ++s->matches;
	if (place <= set->skip || (place - set->skip) % set->every != 0)
		return 0;
	s->left--;
	return s->report->each(s->report, key, value);
}

/* From where the iterator stands. */
static int
scan_walk(struct scan *s)
{
	bool reverse = s->settings->reverse;
	int rc = LSM_OK, status = 0;

	while (rc == LSM_OK && status == 0 && s->left > 0 &&
	    lsm_iter_valid(s->iter) && out_ok() && signals_pending() == 0) {
		status = scan_record(s);
		if (status == 0 && s->left > 0)
			rc = reverse ? lsm_iter_prev(s->iter) :
			    lsm_iter_next(s->iter);
	}
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	return status;
}

/* Stand on the first of at most `window` records below `key`. */
static int
stand_around(struct scan *s, lsm_slice key)
{
	uint64_t window = s->settings->window, below = 0;
	int rc = lsm_iter_seek(s->iter, key);

	if (rc == LSM_OK)
		rc = lsm_iter_valid(s->iter) ? lsm_iter_prev(s->iter) :
		    lsm_iter_last(s->iter);
	while (rc == LSM_OK && lsm_iter_valid(s->iter) && ++below < window)
		rc = lsm_iter_prev(s->iter);
	if (rc == LSM_OK && !lsm_iter_valid(s->iter))
		rc = lsm_iter_first(s->iter);
	if (below + window < s->left)
		s->left = below + window;
	return rc;
}

static int
scan_all(struct scan *s)
{
	const struct settings *set = s->settings;
	struct word around = set->around;
	struct key key;
	int rc = LSM_OK, status = 0;

	if (s->left == 0)
		return 0;
	if (around.text != NULL) {
		status = session_key(set, &around, &key);
		if (status == 0)
			rc = stand_around(s, key.bytes);
	} else {
		rc = set->reverse ? lsm_iter_last(s->iter) :
		    lsm_iter_first(s->iter);
	}
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	return status != 0 ? status : scan_walk(s);
}

int
scan_range(const struct settings *set, lsm_db *db,
    const lsm_snapshot *snapshot, const lsm_range *range,
    struct report *report)
{
	struct scan s = { .settings = set, .report = report,
		.left = set->limit };
	int rc, status = 0;

	rate_start(&s.rate, set->rate);
	if (!range_empty(range)) {
		rc = lsm_iter_new(db, snapshot, range, &s.iter);
		status = rc == LSM_OK ? scan_all(&s) : cli_fail_code(rc);
	}
	lsm_iter_free(s.iter);
	/* What was stopped is not complete. */
	return status != 0 || signals_pending() == 0 ? status : EXIT_RETRY;
}

static int
scan_run(struct request *r, lsm_db *db, struct report *report)
{
	struct range_room room = { .end = { 0 } };
	lsm_range range;
	int status = range_read(r, &room, &range);

	if (status == 0)
		status = scan_range(r->settings, db, r->session->snapshot,
		    &range, report);
	range_release(&room);
	return status;
}

static int
scan_check(const struct settings *set)
{
	int parts = set->count + set->keys_only + set->values_only +
	    set->histogram + (set->group_by.text != NULL) + (set->top != 0);

	if (parts > 1)
		return cli_fail(EXIT_USAGE, "--count, --group-by, --histogram, "
		    "--keys-only, --top and --values-only exclude each other");
	if (parts - set->keys_only - set->values_only == 1 &&
	    set->style.format != FORMAT_DEFAULT &&
	    set->style.format != FORMAT_TSV)
		return cli_fail(EXIT_USAGE, "sums are printed as tsv only");
	if (set->style.format == FORMAT_RAW && parts == 0)
		return cli_fail(EXIT_USAGE, "--format=raw needs --keys-only "
		    "or --values-only: it cannot tell key from value");
	if (set->around.text != NULL && set->reverse)
		return cli_fail(EXIT_USAGE, "--around is not for --reverse");
	return 0;
}

/* Everything that has a mark of its end writes it here, when all went well. */
static int
scan_print(struct request *r, lsm_db *db)
{
	struct report report;
	int status = report_start(&report, r->settings, db);

	if (status == 0)
		status = scan_run(r, db, &report);
	if (status == 0 && out_ok())
		status = report.end(&report);
	report_release(&report);
	return status;
}

static int
scan_output(struct request *r)
{
	const char *path = r->settings->output.text;
	struct out_file file = { 0 };
	lsm_db *db;
	int status;

	if ((status = session_reader(r->session, &db)) != 0)
		return status;
	if (path == NULL || strcmp(path, "-") == 0)
		return scan_print(r, db);
	status = out_file_start(&file, path, r->settings->force);
	if (status == 0)
		status = scan_print(r, db);
	return out_file_end(&file, status);
}

int
command_scan(struct request *r)
{
	int status = scan_check(r->settings);

	if (status != 0)
		return status;
	return r->settings->approx ? command_size(r) : scan_output(r);
}

/* FILE stands for --output=FILE. */
int
command_export(struct request *r)
{
	struct settings set = *r->settings;
	struct request all = { .session = r->session, .settings = &set };

	if (r->count == 1 && set.output.text != NULL)
		return cli_fail(EXIT_USAGE, "FILE and --output are two files");
	if (r->count == 1 && strlen(r->operands[0].text) !=
	    r->operands[0].size)
		return cli_fail(EXIT_USAGE, "a name of a file has no NUL");
	if (r->count == 1 && strcmp(r->operands[0].text, "-") != 0)
		set.output = r->operands[0];
	if (set.style.format == FORMAT_DEFAULT)
		set.style.format = FORMAT_BDB;
	set.style.framed |= record_format_marked(set.style.format);
	return scan_output(&all);
}
