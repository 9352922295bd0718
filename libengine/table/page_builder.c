/*
 * page_builder.c - packs entries into the pages of a table.
 *
 * Entries are staged until the page is full, because the prefix that all keys
 * share is known only then. It can only shrink, so of a key only what lies
 * behind the prefix of its day is staged; the rest is read from the first key.
 * The stage is therefore no larger than a page and a key.
 */
#include "table/page_builder.h"

#include <assert.h>

#include "base/alloc.h"

enum {
	WASTE = 16,		/* a page may waste one part in so many */
	FANOUT_MIN = 2,		/* else a level would be as long as the last */
	ENTRIES = PAGE_MAX / (4 + PAGE_COLUMNS),	/* at most */
	TIES = 8		/* more than n/TIES ties ask for wide heads */
};

struct staged {
	uint32_t at;		/* key from `from` on, then the value */
	uint16_t key;		/* length of the whole key */
	uint16_t from;
	uint16_t value;		/* length */
	uint16_t kind;
	uint64_t word;		/* sequence, or position of the child */
};

struct page_builder {
	uint32_t target, room;	/* size wanted, size allowed by now */
	unsigned height;
	uint32_t width;		/* of a head; learnt from the last page */
	uint32_t n, prefix;
	size_t tails;		/* key bytes behind the heads */
	size_t values;		/* value bytes */
	size_t size;		/* of the page as it would be now */
	size_t staged;		/* bytes */
	uint64_t least, most;	/* sequences */
	bool deletes;
	struct staged entries[ENTRIES];
	uint8_t suffix[LSM_KEY_MAX];
	uint8_t stage[PAGE_MAX + LSM_KEY_MAX];
};

int
page_builder_new(uint32_t target, struct page_builder **out)
{
	*out = mem_alloc(sizeof **out);
	if (*out == NULL)
		return mem_exhausted(sizeof **out);
	page_builder_begin(*out, 0, target);
	return LSM_OK;
}

void
page_builder_free(struct page_builder *b)
{
	mem_free(b);
}

static void
page_clear(struct page_builder *b)
{
	b->room = b->target;
	b->n = b->prefix = 0;
	b->tails = b->values = b->size = b->staged = 0;
	b->least = UINT64_MAX;
	b->most = 0;
	b->deletes = false;
}

void
page_builder_begin(struct page_builder *b, unsigned height, uint32_t target)
{
	assert(target % PAGE_STEP == 0 && target > 0 && target <= PAGE_MAX);
	b->target = target;
	b->height = height;
	b->width = 4;
	page_clear(b);
}

uint32_t
page_builder_count(const struct page_builder *b)
{
	return b->n;
}

size_t
page_builder_size(const struct page_builder *b)
{
	return b->size;
}

static inline size_t
tail(const struct page_builder *b, size_t key, uint32_t prefix)
{
	return key - prefix > b->width ? key - prefix - b->width : 0;
}

/* Key bytes behind the heads if the prefix were `prefix`. */
static size_t
tails_at(const struct page_builder *b, uint32_t prefix)
{
	size_t sum = 0;

	if (prefix == b->prefix)
		return b->tails;
	for (uint32_t i = 0; i < b->n; i++)
		sum += tail(b, b->entries[i].key, prefix);
	return sum;
}

static uint32_t
sequence_width(uint64_t spread)
{
	uint32_t n = 0;

	while (spread >> 8 * n)
		n++;
	return n;
}

/* Bytes of an entry in columns. */
static size_t
column(const struct page_builder *b, uint32_t sequence)
{
	return b->width + (b->height ? 4u : sequence) + PAGE_COLUMNS;
}

/* Let the page grow rather than waste too much of it. */
static bool
make_room(struct page_builder *b, size_t size)
{
	uint32_t room = b->room, enough = b->height ? FANOUT_MIN : 1;

	while (size > room) {
		if (room >= PAGE_MAX ||
		    (b->n >= enough && room - b->size <= room / WASTE))
			return false;
		room += PAGE_STEP;
	}
	b->room = room;
	return true;
}

static struct bytes
first_key(const struct page_builder *b)
{
	return bytes(b->stage, b->entries[0].key);
}

static void
stage(struct page_builder *b, const void *p, size_t n)
{
	assert(n <= sizeof b->stage - b->staged);
	if (n)
		memcpy(b->stage + b->staged, p, n);
	b->staged += n;
}

/* The key, and a value or the position of a child: into the stage. `sequence`
 * is the width of one. */
static bool
stage_entry(struct page_builder *b, struct bytes key, struct bytes value,
    enum kind kind, uint64_t word, uint32_t sequence)
{
	uint32_t prefix = (uint32_t)(b->n ? bytes_common(first_key(b), key) :
	    key.n);
	size_t tails = tails_at(b, prefix) + tail(b, key.n, prefix);
	size_t values = b->values + value.n;
	size_t size = PAGE_FIXED + page_pad(prefix) + tails + values +
	    (b->n + 1) * column(b, sequence);
	uint32_t from = b->n ? prefix : 0;

	if (!make_room(b, size))
		return false;
	b->entries[b->n++] = (struct staged){
		.at = (uint32_t)b->staged,
		.key = (uint16_t)key.n,
		.from = (uint16_t)from,
		.value = (uint16_t)value.n,
		.kind = (uint16_t)kind,
		.word = word,
	};
	stage(b, key.p + from, key.n - from);
	stage(b, value.p, value.n);
	b->prefix = prefix;
	b->tails = tails;
	b->values = values;
	b->size = size;
	return true;
}

bool
page_builder_add(struct page_builder *b, const struct entry *e)
{
	uint64_t least = e->sequence < b->least ? e->sequence : b->least;
	uint64_t most = e->sequence > b->most ? e->sequence : b->most;

	assert(b->height == 0 && e->key.n + e->value.n <= PAGE_OWN);
	if (most - least > UINT32_MAX || !stage_entry(b, e->key, e->value,
	    e->kind, e->sequence, sequence_width(most - least)))
		return false;
	b->least = least;
	b->most = most;
	b->deletes |= e->kind == KIND_DELETE;
	return true;
}

bool
page_builder_add_child(struct page_builder *b, struct bytes key,
    uint64_t position)
{
	assert(b->height > 0);
	return stage_entry(b, key, bytes(NULL, 0), KIND_PUT, position, 0);
}

/* A key without the prefix: in one piece where it lies so, else put together
 * from the first key and what was staged. */
static struct bytes
suffix_of(struct page_builder *b, const struct staged *e)
{
	size_t n = e->key - b->prefix, shared;

	if (e->from <= b->prefix)
		return bytes(b->stage + e->at + (b->prefix - e->from), n);
	shared = e->from - b->prefix;
	memcpy(b->suffix, b->stage + b->prefix, shared);
	memcpy(b->suffix + shared, b->stage + e->at, n - shared);
	return bytes(b->suffix, n);
}

static void
write_fields(const struct page_builder *b, uint32_t sequence, uint8_t *block)
{
	uint32_t pad = page_pad(b->prefix);

	put16(block + PAGE_AT_COUNT, (uint16_t)b->n);
	put16(block + PAGE_AT_PREFIX, (uint16_t)b->prefix);
	block[PAGE_AT_HEIGHT] = (uint8_t)b->height;
	block[PAGE_AT_WIDTH] = (uint8_t)b->width;
	block[PAGE_AT_FLAGS] = b->deletes ? PAGE_DELETES : 0;
	block[PAGE_AT_SEQUENCE] = (uint8_t)sequence;
	put64(block + PAGE_AT_BASE, b->height ? 0 : b->least);
	memcpy(block + PAGE_FIXED, b->stage, b->prefix);
	memset(block + PAGE_FIXED + b->prefix, 0, pad - b->prefix);
}

/* Where the columns are written, entry by entry. */
struct columns {
	uint8_t *heads, *children, *offsets, *infos, *sequences;
	uint32_t sequence;	/* width of one */
};

static uint8_t *
columns_begin(const struct page_builder *b, struct columns *c, uint8_t *block)
{
	size_t n = b->n;

	c->heads = block + PAGE_FIXED + page_pad(b->prefix);
	c->children = c->heads + b->width * n;
	c->offsets = c->children + (b->height ? 4 * n : 0);
	c->infos = c->offsets + 2 * n;
	c->sequences = c->infos + 2 * n;
	return c->sequences + c->sequence * n;
}

static void
put_low(uint8_t *to, uint64_t word, uint32_t width)
{
	for (uint32_t i = 0; i < width; i++)
		to[i] = (uint8_t)(word >> 8 * i);
}

/* `from_mean`: how far the row begins from where it would if all were equal. */
static void
columns_put(const struct page_builder *b, struct columns *c,
    const struct staged *e, size_t suffix, uint64_t head, size_t from_mean)
{
	if (b->width == 8)
		put64(c->heads, head);
	else
		put32(c->heads, (uint32_t)(head >> 32));
	c->heads += b->width;
	if (b->height) {
		put32(c->children, (uint32_t)(e->word / 8));
		c->children += 4;
	}
	put16(c->offsets, (uint16_t)from_mean);
	c->offsets += 2;
	put16(c->infos, (uint16_t)(suffix << 3 | e->kind));
	c->infos += 2;
	put_low(c->sequences, e->word - b->least, c->sequence);
	c->sequences += c->sequence;
}

/* Returns the byte behind the row. */
static uint8_t *
write_row(const struct page_builder *b, const struct staged *e,
    struct bytes suffix, uint8_t *row)
{
	size_t behind = suffix.n > b->width ? suffix.n - b->width : 0;

	if (behind)
		memcpy(row, suffix.p + b->width, behind);
	row += behind;
	if (e->value)
		memcpy(row, b->stage + e->at + (e->key - e->from), e->value);
	return row + e->value;
}

size_t
page_builder_finish(struct page_builder *b, uint8_t *block)
{
	struct columns c = { .sequence = b->height ? 0 :
	    sequence_width(b->most - b->least) };
	uint8_t *rows = columns_begin(b, &c, block), *row = rows;
	size_t size = b->size, mean;
	uint64_t before = 0;
	uint32_t ties = 0;

	assert(b->n > 0);
	mean = (b->tails + b->values) / b->n;
	write_fields(b, c.sequence, block);
	for (uint32_t i = 0; i < b->n; i++) {
		const struct staged *e = &b->entries[i];
		struct bytes suffix = suffix_of(b, e);
		uint64_t h = page_head(suffix, 0);

		ties += i > 0 && h >> 32 == before >> 32;
		before = h;
		columns_put(b, &c, e, suffix.n, h,
		    (size_t)(row - rows) - i * mean);
		row = write_row(b, e, suffix, row);
	}
	assert((size_t)(row - block) == size);
	b->width = ties > b->n / TIES ? 8 : 4;
	page_clear(b);
	return size;
}

/* Its head, offset and key behind the prefix are empty, so zero. */
size_t
page_one_size(const struct entry *e)
{
	return PAGE_FIXED + page_pad((uint32_t)e->key.n) + 4 + PAGE_COLUMNS +
	    e->value.n;
}

void
page_one_write(const struct entry *e, uint8_t *block)
{
	uint32_t prefix = (uint32_t)e->key.n, pad = page_pad(prefix);
	uint8_t *columns = block + PAGE_FIXED + pad;

	put16(block + PAGE_AT_COUNT, 1);
	put16(block + PAGE_AT_PREFIX, (uint16_t)prefix);
	block[PAGE_AT_HEIGHT] = 0;
	block[PAGE_AT_WIDTH] = 4;
	block[PAGE_AT_FLAGS] = PAGE_ONE;
	block[PAGE_AT_SEQUENCE] = 0;
	put64(block + PAGE_AT_BASE, e->sequence);
	memset(block + PAGE_FIXED, 0, pad);
	if (prefix)
		memcpy(block + PAGE_FIXED, e->key.p, prefix);
	memset(columns, 0, 4 + PAGE_COLUMNS);
	put16(columns + 4 + 2, KIND_PUT);
	memcpy(columns + 4 + PAGE_COLUMNS, e->value.p, e->value.n);
}
