/*
 * current.c - CURRENT: one line of text that names the manifest.
 *
 *   LSM 0.1 DATABASE-ID BRANCH-ID MANIFEST-000007 EDIT SUM
 *
 * There is one right text for each content: what is read must be what would
 * be written, to the last byte, or it is damaged.
 */
#include "version/manifest.h"

#include "base/checksum.h"
#include "base/status.h"

enum {
	SUM_DIGITS = 16,
	TEXT_MAX = 256		/* longer than any CURRENT of this format */
};

static int
damaged(size_t at, const char *reason)
{
	return status_set(LSM_CORRUPT, "CURRENT: offset %zu: %s", at, reason);
}

static uint64_t
text_sum(struct bytes text, const struct current *c)
{
	struct file_id id = { .kind = FILE_CURRENT };

	memcpy(id.database, c->database, ID_SIZE);
	memcpy(id.branch, c->branch, ID_SIZE);
	return checksum64(text.p, text.n, file_seed(&id));
}

static const char hex[] = "0123456789abcdef";

static char *
word_put(char *to, const char *word)
{
	size_t n = strlen(word);

	memcpy(to, word, n);
	to[n] = ' ';
	return to + n + 1;
}

static char *
id_put(char *to, const uint8_t id[ID_SIZE])
{
	for (int i = 0; i < ID_SIZE; i++) {
		*to++ = hex[id[i] >> 4];
		*to++ = hex[id[i] & 15];
	}
	*to++ = ' ';
	return to;
}

static char *
sum_put(char *to, uint64_t sum)
{
	for (int i = SUM_DIGITS; i-- > 0; sum >>= 4)
		to[i] = hex[sum & 15];
	return to + SUM_DIGITS;
}

/* Every open encodes what it has read, to compare. */
int
current_encode(const struct current *c, struct buffer *out)
{
	char name[FILE_NAME_MAX], line[TEXT_MAX], *p = line;

	p = word_put(p, "LSM");
	p = decimal_put(p, FORMAT_MAJOR, 1);
	*p++ = '.';
	p = decimal_put(p, FORMAT_MINOR, 1);
	*p++ = ' ';
	p = id_put(p, c->database);
	p = id_put(p, c->branch);
	p = word_put(p, file_name(name, FILE_MANIFEST, c->manifest));
	p = decimal_put(p, c->edit, 1);
	*p++ = ' ';
	p = sum_put(p, text_sum(bytes(line, (size_t)(p - line)), c));
	*p++ = '\n';
	return buffer_add(out, line, (size_t)(p - line));
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Everything up to the next blank, which is taken too. */
static bool
take_word(struct bytes *text, struct bytes *word)
{
	const uint8_t *blank = text->n ? memchr(text->p, ' ', text->n) : NULL;

	if (blank == NULL)
		return false;
	*word = bytes(text->p, (size_t)(blank - text->p));
	text->n -= word->n + 1;
	text->p = blank + 1;
	return true;
}

static bool
take_id(struct bytes *text, uint8_t id[ID_SIZE])
{
	struct bytes word;

	if (!take_word(text, &word) || word.n != 2 * ID_SIZE)
		return false;
	for (size_t i = 0; i < ID_SIZE; i++) {
		int high = hex_digit(word.p[2 * i]);
		int low = hex_digit(word.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		id[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool
take_manifest(struct bytes *text, uint64_t *number)
{
	char name[FILE_NAME_MAX];
	struct bytes word;

	if (!take_word(text, &word) || word.n >= sizeof name)
		return false;
	memcpy(name, word.p, word.n);
	name[word.n] = '\0';
	return strlen(name) == word.n &&
	    file_parse(name, number) == FILE_MANIFEST;
}

/* Leading zeros are found when the text is compared with what it should be. */
static bool
take_decimal(struct bytes *text, uint64_t *number)
{
	struct bytes word;

	*number = 0;
	if (!take_word(text, &word) || word.n == 0)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned digit = (unsigned)(word.p[i] - '0');

		if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return true;
}

static bool
sum_right(struct bytes text, const struct current *c)
{
	uint64_t sum = 0;

	if (text.n < SUM_DIGITS + 1)
		return false;
	for (size_t i = text.n - SUM_DIGITS - 1; i < text.n - 1; i++) {
		int digit = hex_digit(text.p[i]);

		if (digit < 0)
			return false;
		sum = sum << 4 | (uint64_t)digit;
	}
	return sum == text_sum(bytes(text.p, text.n - SUM_DIGITS - 1), c);
}

/* What verifies but is not what this build would write is of another format,
 * if it says so, or malformed. */
static int
form_check(struct bytes text, struct bytes version, const struct current *c)
{
	struct buffer right = { 0 };
	struct bytes ours;
	int rc;

	if ((rc = current_encode(c, &right)) != LSM_OK)
		return rc;
	ours = bytes(right.p + (version.p - text.p), version.n);
	if (!bytes_equal(ours, version) || ours.p[ours.n] != ' ')
		rc = status_set(LSM_UNSUPPORTED,
		    "CURRENT: format %.*s; this build reads %d.%d",
		    (int)version.n, (const char *)version.p, FORMAT_MAJOR,
		    FORMAT_MINOR);
	else if (!bytes_equal(buffer_bytes(&right), text))
		rc = damaged(0, "malformed line");
	buffer_free(&right);
	return rc;
}

int
current_decode(struct bytes text, struct current *c)
{
	struct bytes rest = text, word, version;
	int rc;

	*c = (struct current){ 0 };
	if (text.n == 0)
		return damaged(0, "empty file");
	if (text.n > TEXT_MAX)
		return damaged(TEXT_MAX, "too long");
	if (text.p[text.n - 1] != '\n')
		return damaged(text.n - 1, "the line does not end");
	if (!take_word(&rest, &word) || word.n != 3 ||
	    memcmp(word.p, "LSM", 3) != 0)
		return damaged(0, "no LSM database");
	if (!take_word(&rest, &version) || version.n > 16 ||
	    !take_id(&rest, c->database) || !take_id(&rest, c->branch) ||
	    !take_manifest(&rest, &c->manifest) ||
	    !take_decimal(&rest, &c->edit))
		rc = damaged((size_t)(rest.p - text.p), "malformed line");
	else if (!sum_right(text, c))
		rc = damaged(text.n - SUM_DIGITS - 1, "wrong checksum");
	else
		rc = form_check(text, version, c);
	if (rc != LSM_OK)
		*c = (struct current){ 0 };
	return rc;
}

int
current_read(struct env_dir *dir, struct current *c)
{
	uint8_t text[TEXT_MAX + 1];
	struct env_file *file;
	size_t n, got;
	int rc;

	*c = (struct current){ 0 };
	rc = dir->env->ops->file_open(dir, "CURRENT", ENV_READ, &file);
	if (rc != LSM_OK)
		return rc;
	/* It is replaced, never changed: its size is that of the open. */
	n = file->size < sizeof text ? (size_t)file->size : sizeof text;
	rc = dir->env->ops->file_read(file, 0, text, n, &got);
	env_file_close(file);
	return rc == LSM_OK ? current_decode(bytes(text, got), c) : rc;
}
