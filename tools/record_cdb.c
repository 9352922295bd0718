/*
 * record_cdb.c - records without escapes: cdb, nul and raw.
 *
 *   cdb  := ("+" size "," size ":" key "->" value LF)* LF
 *   nul  := (key NUL value NUL)*
 *   raw  := (key | value) delimiter ...
 *
 * Sizes of cdb are decimal and, with both sides together, of 32 bits.
 */
#include <string.h>

#include "cli.h"
#include "number.h"
#include "out.h"
#include "record_format.h"

/* "+" and twice ten digits. */
enum { SIZE_TEXT_MAX = 11 };

static int
cdb_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	(void)w;
	_Static_assert((uint64_t)LSM_KEY_MAX + LSM_VALUE_MAX <= UINT32_MAX,
	    "every record fits a cdb");
	out_format("+%zu,%zu:", key->size, value->size);
	out_bytes(key->data, key->size);
	out_text("->");
	out_bytes(value->data, value->size);
	out_char('\n');
	return 0;
}

static int
cdb_end(struct record_writer *w)
{
	(void)w;
	out_char('\n');
	return 0;
}

static int
size_read(struct record_reader *r, char stop, uint64_t max, uint64_t *size)
{
	struct word w;
	int stopped, status;

	status = input_until(&r->in, stop, SIZE_TEXT_MAX, &w, &stopped);
	if (status != 0) {
		r->lost = true;
		return status;
	}
	if (stopped != (unsigned char)stop || !word_is_text(w) ||
	    !number_count(w.text, UINT32_MAX, size))
		return record_lost(r, "not +SIZE,SIZE:KEY->VALUE");
	return *size <= max ? 0 : record_lost(r, "key or value too long");
}

/* So many bytes, then exactly these. */
static int
part_read(struct record_reader *r, size_t size, const char *behind,
    struct word *part)
{
	size_t n = strlen(behind);
	int status = input_exact(&r->in, size + n, part);

	if (status != 0)
		return status;
	if (part->size < size + n)
		return record_lost(r, "cut short within a record");
	if (memcmp(part->text + size, behind, n) != 0)
		return record_lost(r, "key or value is not as long as said");
	part->size = size;
	return 0;
}

static int
cdb_record(struct record_reader *r, struct record *record)
{
	uint64_t key_size, value_size;
	struct word key, value;
	int status;

	if ((status = size_read(r, ',', LSM_KEY_MAX, &key_size)) != 0 ||
	    (status = size_read(r, ':', LSM_VALUE_MAX, &value_size)) != 0 ||
	    (status = part_read(r, key_size, "->", &key)) != 0 ||
	    (status = record_keep_key(r, key, KEYS_RAW)) != 0 ||
	    (status = part_read(r, value_size, "\n", &value)) != 0)
		return status;
	record->key = lsm_bytes(r->key, r->key_size);
	record->value = lsm_bytes(value.text, value.size);
	return 0;
}

static int
cdb_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word first;
	bool at_end;
	int status = input_exact(&r->in, 1, &first);

	*more = status == 0 && first.size == 1;
	if (!*more)
		return status;
	if (first.text[0] == '+')
		return cdb_record(r, record);
	*more = false;
	if (first.text[0] != '\n')
		return record_lost(r, "not +SIZE,SIZE:KEY->VALUE");
	if ((status = input_at_end(&r->in, &at_end)) != 0)
		return status;
	if (!at_end)
		return record_lost(r, "something follows the end mark");
	r->ended = true;
	return 0;
}

static int
nul_side(enum key_format format, const lsm_slice *bytes, const char *what)
{
	char room[CLI_KEY_ROOM];

	if (format == KEYS_DEFAULT)
		format = KEYS_RAW;
	if (format == KEYS_RAW && bytes->size > 0 &&
	    memchr(bytes->data, '\0', bytes->size) != NULL)
		return cli_fail(EXIT_DATA, "%s \"%s\" has a NUL, which "
		    "--format=nul cannot say", what,
		    cli_key(bytes->data, bytes->size, room));
	if (!key_print(format, *bytes))
		return cli_fail(EXIT_DATA, "%s \"%s\" is no number of that "
		    "width", what, cli_key(bytes->data, bytes->size, room));
	out_char('\0');
	return 0;
}

static int
nul_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	int status = 0;

	if (key != NULL)
		status = nul_side(w->style.keys, key, "key");
	if (value != NULL && status == 0)
		status = nul_side(w->style.values, value, "value");
	return status;
}

static int
nul_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word w;
	int stopped, status;

	status = input_until(&r->in, '\0', KEY_TEXT_LIMIT, &w, &stopped);
	*more = status == 0 && (w.size > 0 || stopped != INPUT_END);
	if (!*more)
		return status;
	if (stopped == INPUT_END)
		return record_lost(r, "cut short within a key");
	if ((status = record_keep_key(r, w, r->style.keys)) != 0)
		return status;
	status = input_until(&r->in, '\0', VALUE_TEXT_LIMIT, &w, &stopped);
	if (status != 0)
		return status;
	if (stopped == INPUT_END)
		return record_lost(r, "cut short within a value");
	status = record_decode_value(r, &w, r->style.values);
	record->key = lsm_bytes(r->key, r->key_size);
	record->value = lsm_bytes(w.text, w.size);
	return status;
}

static int
raw_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	if (key != NULL)
		out_bytes(key->data, key->size);
	if (value != NULL)
		out_bytes(value->data, value->size);
	if (w->style.delimiter.text == NULL)
		out_char('\n');
	else
		out_bytes(w->style.delimiter.text, w->style.delimiter.size);
	return 0;
}

const struct record_codec codec_cdb = {
	.write = cdb_write, .end = cdb_end, .read = cdb_read, .both = true,
	.numbered = true
};
const struct record_codec codec_nul = {
	.write = nul_write, .read = nul_read, .numbered = true
};
const struct record_codec codec_raw = { .write = raw_write };
