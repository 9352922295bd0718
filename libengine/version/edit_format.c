/*
 * edit_format.c - an edit as bytes (lsm-format(5), Kinds in a manifest).
 *
 *   edit  := field*
 *   field := varint tag, varint length, bytes
 *
 * What is written can be read; what is read may come from anywhere, so each
 * field must be used up to its last byte, and one that holds a single fact
 * must not stand twice.
 */
#include "version/version.h"

#include "base/alloc.h"
#include "base/status.h"
#include "version/text.h"

enum tag {
	TAG_EDIT = 1,
	TAG_IDENTITY = 2,
	TAG_RESERVED = 3,
	TAG_FLUSHED = 4,
	TAG_LOG = 5,
	TAG_END = 6,
	TAG_ADD = 7,
	TAG_DROP = 8,
	TAG_OPTION = 9,
	TAG_RUN = 10,
	TAG_CREATED = 11,
	TAG_INGESTED = 12,
	TAG_COUNT = 13,
	TAG_IGNORABLE = 64	/* from here on a reader may pass over */
};

/* Encoding: the first failure sticks, so that a field is written as it is
 * drawn. `field` holds one field's content until its length is known. */
struct writer {
	struct buffer *out, field;
	int rc;
};

static void
write_varint(struct writer *w, uint64_t v)
{
	if (w->rc == LSM_OK)
		w->rc = buffer_add_varint(&w->field, v);
}

static void
write_raw(struct writer *w, const void *p, size_t n)
{
	if (w->rc == LSM_OK)
		w->rc = buffer_add(&w->field, p, n);
}

static void
write_bytes(struct writer *w, struct bytes b)
{
	if (w->rc == LSM_OK)
		w->rc = buffer_add_bytes(&w->field, b);
}

static void
write_field(struct writer *w, enum tag tag)
{
	if (w->rc == LSM_OK)
		w->rc = buffer_add_varint(w->out, tag);
	if (w->rc == LSM_OK)
		w->rc = buffer_add_bytes(w->out, buffer_bytes(&w->field));
	w->field.n = 0;
}

static void
write_number(struct writer *w, enum tag tag, uint64_t v)
{
	if (v == 0)
		return;
	write_varint(w, v);
	write_field(w, tag);
}

static struct bytes
text_bytes(const char *text)
{
	return bytes(text, strlen(text));
}

static void
write_add(struct writer *w, const struct edit_add *a)
{
	const struct table_meta *m = &a->meta;
	uint64_t sum = LE64(m->sum);

	write_varint(w, (uint64_t)a->level);
	write_varint(w, a->run);
	write_varint(w, m->number);
	write_varint(w, m->size);
	write_raw(w, &sum, sizeof sum);
	write_varint(w, m->entries);
	write_varint(w, m->deletes);
	write_varint(w, m->ranges);
	write_varint(w, m->data);
	write_varint(w, m->sequence_min);
	write_varint(w, m->sequence_max);
	write_raw(w, m->branch, ID_SIZE);
	write_bytes(w, m->smallest);
	write_bytes(w, m->largest);
	write_field(w, TAG_ADD);
}

static void
write_end(struct writer *w, const struct log_end *end)
{
	uint64_t sum = LE64(end->sum);

	write_varint(w, end->number);
	write_varint(w, end->size);
	write_varint(w, end->sequence);
	write_raw(w, &sum, sizeof sum);
	write_field(w, TAG_END);
}

static void
write_lists(struct writer *w, const struct edit *e)
{
	for (size_t i = 0; i < e->ends_count; i++)
		write_end(w, &e->ends[i]);
	for (size_t i = 0; i < e->adds_count; i++)
		write_add(w, &e->adds[i]);
	for (size_t i = 0; i < e->drops_count; i++) {
		write_varint(w, e->drops[i]);
		write_field(w, TAG_DROP);
	}
	for (size_t i = 0; i < e->options_count; i++) {
		write_bytes(w, text_bytes(e->options[i].name));
		write_bytes(w, text_bytes(e->options[i].value));
		write_field(w, TAG_OPTION);
	}
}

int
edit_encode(const struct edit *e, struct buffer *out)
{
	struct writer w = { .out = out };
	size_t before = out->n;

	write_number(&w, TAG_EDIT, e->number);
	if (e->has_identity) {
		write_raw(&w, e->database, ID_SIZE);
		write_raw(&w, e->branch, ID_SIZE);
		write_field(&w, TAG_IDENTITY);
	}
	write_number(&w, TAG_RESERVED, e->reserved);
	write_number(&w, TAG_FLUSHED, e->flushed);
	write_number(&w, TAG_INGESTED, e->ingested);
	write_number(&w, TAG_LOG, e->log);
	write_lists(&w, e);
	write_number(&w, TAG_RUN, e->next_run);
	if (e->created != NULL) {
		write_raw(&w, e->created, strlen(e->created));
		write_field(&w, TAG_CREATED);
	}
	buffer_free(&w.field);
	if (w.rc != LSM_OK)
		out->n = before;
	return w.rc;
}

/* Decoding: a reader takes one field's content and says LSM_CORRUPT (without
 * a story yet) when it is malformed. */
static int
well(bool formed)
{
	return formed ? LSM_OK : LSM_CORRUPT;
}

static int
read_number(struct bytes *b, uint64_t *v)
{
	return well(bytes_take_varint(b, v));
}

static int
read_id(struct bytes *b, uint8_t id[ID_SIZE])
{
	struct bytes raw;

	if (!bytes_take(b, ID_SIZE, &raw))
		return LSM_CORRUPT;
	memcpy(id, raw.p, ID_SIZE);
	return LSM_OK;
}

static int
read_identity(struct bytes *b, struct edit *e)
{
	int rc;

	e->has_identity = true;
	if ((rc = read_id(b, e->database)) != LSM_OK)
		return rc;
	return read_id(b, e->branch);
}

static int
read_end(struct bytes *b, struct edit *e)
{
	struct log_end end;

	if (!bytes_take_varint(b, &end.number) ||
	    !bytes_take_varint(b, &end.size) ||
	    !bytes_take_varint(b, &end.sequence) ||
	    !bytes_take64(b, &end.sum))
		return LSM_CORRUPT;
	return edit_add_end(e, &end);
}

static int
read_add(struct bytes *b, struct edit *e)
{
	struct table_meta m = { 0 };
	uint64_t level, run;

	if (!bytes_take_varint(b, &level) || level >= LEVELS_MAX ||
	    !bytes_take_varint(b, &run) ||
	    !bytes_take_varint(b, &m.number) ||
	    !bytes_take_varint(b, &m.size) ||
	    !bytes_take64(b, &m.sum) ||
	    !bytes_take_varint(b, &m.entries) ||
	    !bytes_take_varint(b, &m.deletes) ||
	    !bytes_take_varint(b, &m.ranges) ||
	    !bytes_take_varint(b, &m.data) ||
	    !bytes_take_varint(b, &m.sequence_min) ||
	    !bytes_take_varint(b, &m.sequence_max) ||
	    read_id(b, m.branch) != LSM_OK ||
	    !bytes_take_bytes(b, &m.smallest) ||
	    !bytes_take_bytes(b, &m.largest))
		return LSM_CORRUPT;
	return edit_add_table(e, (int)level, run, &m);
}

static int
read_drop(struct bytes *b, struct edit *e)
{
	uint64_t number;

	if (!bytes_take_varint(b, &number))
		return LSM_CORRUPT;
	return edit_drop_table(e, number);
}

/* Text that C can hold: no NUL in it. */
static int
read_text(struct bytes b, char **out)
{
	*out = NULL;
	if (b.n > 0 && memchr(b.p, 0, b.n) != NULL)
		return LSM_CORRUPT;
	return text_copy((const char *)b.p, b.n, out);
}

static int
read_option(struct bytes *b, struct edit *e)
{
	char *name = NULL, *value = NULL;
	struct bytes n, v;
	int rc;

	if (!bytes_take_bytes(b, &n) || !bytes_take_bytes(b, &v) || n.n == 0)
		return LSM_CORRUPT;
	if ((rc = read_text(n, &name)) == LSM_OK &&
	    (rc = read_text(v, &value)) == LSM_OK)
		rc = edit_set_option(e, name, value);
	mem_free(value);
	mem_free(name);
	return rc;
}

static int
read_created(struct bytes *b, struct edit *e)
{
	struct bytes all = *b;

	b->n = 0;
	return read_text(all, &e->created);
}

static int
read_field(uint64_t tag, struct bytes *b, struct edit *e)
{
	switch (tag) {
	case TAG_EDIT:
		return read_number(b, &e->number);
	case TAG_IDENTITY:
		return read_identity(b, e);
	case TAG_RESERVED:
		return read_number(b, &e->reserved);
	case TAG_FLUSHED:
		return read_number(b, &e->flushed);
	case TAG_LOG:
		return read_number(b, &e->log);
	case TAG_END:
		return read_end(b, e);
	case TAG_ADD:
		return read_add(b, e);
	case TAG_DROP:
		return read_drop(b, e);
	case TAG_OPTION:
		return read_option(b, e);
	case TAG_RUN:
		return read_number(b, &e->next_run);
	case TAG_INGESTED:
		return read_number(b, &e->ingested);
	default:
		return read_created(b, e);
	}
}

static bool
tag_repeats(uint64_t tag)
{
	return tag == TAG_END || tag == TAG_ADD || tag == TAG_DROP ||
	    tag == TAG_OPTION;
}

/* One field, tag known. *seen: the single facts so far. */
static int
take_field(uint64_t tag, struct bytes content, const char *story,
    uint32_t *seen, struct edit *e)
{
	int rc;

	if (tag == 0 || tag >= TAG_COUNT)
		return status_set(LSM_UNSUPPORTED, "%s: field %llu is not "
		    "known to this build", story, (unsigned long long)tag);
	if (!tag_repeats(tag) && *seen & UINT32_C(1) << tag)
		return status_set(LSM_CORRUPT, "%s: field %llu stands twice",
		    story, (unsigned long long)tag);
	*seen |= UINT32_C(1) << tag;
	rc = read_field(tag, &content, e);
	if (rc == LSM_CORRUPT || (rc == LSM_OK && content.n > 0))
		return status_set(LSM_CORRUPT, "%s: field %llu is malformed",
		    story, (unsigned long long)tag);
	return rc;
}

int
edit_decode(struct bytes b, const char *story, struct edit *e)
{
	struct bytes content;
	uint32_t seen = 0;
	uint64_t tag;
	int rc = LSM_OK;

	*e = (struct edit){ 0 };
	while (b.n > 0 && rc == LSM_OK) {
		if (!bytes_take_varint(&b, &tag) ||
		    !bytes_take_bytes(&b, &content))
			rc = status_set(LSM_CORRUPT, "%s: a field runs over "
			    "the end", story);
		else if (tag < TAG_IGNORABLE)
			rc = take_field(tag, content, story, &seen, e);
	}
	if (rc == LSM_OK && e->number == 0)
		rc = status_set(LSM_CORRUPT, "%s: no edit number", story);
	if (rc != LSM_OK)
		edit_release(e);
	return rc;
}
