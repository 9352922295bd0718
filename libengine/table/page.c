/*
 * page.c - a node of a table, leaf or inner, read in place.
 *
 *   block header | n, prefix length, height, widths, flags, base | prefix |
 *   heads | children (inner) | offsets | infos | sequences (leaf) | rows
 *
 * What entries have in common lies side by side, where a codec takes it
 * together: a row is what is left, the rest of a key and the value.
 *
 * A search compares the prefix once, then the heads without branches, and
 * touches rows only where heads tie. A step forward or back stores the head
 * behind the prefix and copies what is left of the suffix: both cost the same.
 */
#include "table/page.h"

#define BE64(x) __builtin_bswap64(LE64(x))

uint64_t
page_head(struct bytes key, size_t skip)
{
	size_t n = key.n - skip;
	uint64_t h = 0;

	if (n >= 8)
		return __builtin_bswap64(get64(key.p + skip));
	if (n == 0)
		return 0;
	/* The last 8 bytes of the key end with those that are wanted. */
	if (key.n >= 8)
		return __builtin_bswap64(get64(key.p + key.n - 8)) <<
		    (8 * (8 - n));
	for (size_t i = 0; i < n; i++)
		h |= (uint64_t)key.p[skip + i] << (8 * (7 - i));
	return h;
}

static inline uint64_t
head_at(const struct page *page, uint32_t i)
{
	return page->width == 8 ? get64(page->heads + 8 * (size_t)i) :
	    get32(page->heads + 4 * (size_t)i);
}

static inline uint64_t
head_of(const struct page *page, struct bytes key)
{
	uint64_t h = page_head(key, page->prefix);

	return page->width == 8 ? h : h >> 32;
}

/* Lower bounds, with a conditional move where a branch would be a coin. */
static inline uint32_t
lower4(const uint8_t *heads, uint32_t n, uint32_t h)
{
	const uint8_t *base = heads;

	while (n > 1) {
		uint32_t half = n / 2;

		base += get32(base + 4 * (size_t)half - 4) < h ?
		    4 * (size_t)half : 0;
		n -= half;
	}
	return (uint32_t)((size_t)(base - heads) / 4) +
	    (n > 0 && get32(base) < h);
}

static inline uint32_t
lower8(const uint8_t *heads, uint32_t n, uint64_t h)
{
	const uint8_t *base = heads;

	while (n > 1) {
		uint32_t half = n / 2;

		base += get64(base + 8 * (size_t)half - 8) < h ?
		    8 * (size_t)half : 0;
		n -= half;
	}
	return (uint32_t)((size_t)(base - heads) / 8) +
	    (n > 0 && get64(base) < h);
}

/* The first of the entries from i on whose head is not below h. */
static inline uint32_t
heads_lower(const struct page *page, uint32_t i, uint64_t h)
{
	if (page->width == 8)
		return i + lower8(page->heads + 8 * (size_t)i, page->n - i, h);
	return i + lower4(page->heads + 4 * (size_t)i, page->n - i,
	    (uint32_t)h);
}

static inline bool
head_ties(const struct page *page, uint32_t i, uint64_t h)
{
	return i < page->n && head_at(page, i) == h;
}

/* Offsets are kept as differences from those of rows of equal length. */
static inline uint32_t
row_begin(const struct page *page, uint32_t i)
{
	int32_t from_mean = (int16_t)get16(page->offsets + 2 * (size_t)i);

	return page->rows + i * page->mean + (uint32_t)from_mean;
}

static inline size_t
row_end(const struct page *page, uint32_t i)
{
	return i + 1 < page->n ? row_begin(page, i + 1) : page->size;
}

static inline const uint8_t *
row_at(const struct page *page, uint32_t i)
{
	return page->p + row_begin(page, i);
}

static inline uint32_t
suffix_at(const struct page *page, uint32_t i)
{
	return (uint32_t)get16(page->infos + 2 * (size_t)i) >> 3;
}

static inline uint32_t
kind_at(const struct page *page, uint32_t i)
{
	return get16(page->infos + 2 * (size_t)i) & 7;
}

/* Up to three bytes behind it are read and dropped. */
static inline uint32_t
sequence_at(const struct page *page, uint32_t i)
{
	const uint8_t *p = page->sequences + (size_t)page->sequence * i;

	return (uint32_t)(get32(p) & ~(UINT64_MAX << 8 * page->sequence));
}

/* What of a suffix stands in the row: all but the head. */
static inline uint32_t
tail_of(const struct page *page, uint32_t suffix)
{
	return suffix > page->width ? suffix - page->width : 0;
}

/* An entry against a key that has the page's prefix and the entry's head.
 * Padding makes different keys tie; what is left then is their length. */
static int
tie_compare(const struct page *page, uint32_t i, struct bytes key)
{
	uint32_t mine = suffix_at(page, i), a = tail_of(page, mine);
	uint32_t theirs = (uint32_t)key.n - page->prefix;
	uint32_t b = tail_of(page, theirs), n = a < b ? a : b;
	int c = n ? memcmp(row_at(page, i), key.p + key.n - b, n) : 0;

	return c ? c : (mine > theirs) - (mine < theirs);
}

/* Bisect the run of entries from i on whose heads are h. */
static uint32_t
tie_find(const struct page *page, uint32_t i, uint64_t h, struct bytes key,
    bool *equal)
{
	uint64_t most = page->width == 8 ? UINT64_MAX : UINT32_MAX;
	uint32_t end = h == most ? page->n : heads_lower(page, i, h + 1);

	while (i < end) {
		uint32_t middle = (i + end) / 2;
		int c = tie_compare(page, middle, key);

		if (c == 0) {
			*equal = true;
			return middle;
		}
		if (c < 0)
			i = middle + 1;
		else
			end = middle;
	}
	return i;
}

uint32_t
page_find(const struct page *page, struct bytes key, bool *equal)
{
	size_t shared = key.n < page->prefix ? key.n : page->prefix;
	int c = shared ? memcmp(key.p, page->p + PAGE_FIXED, shared) : 0;
	uint64_t h;
	uint32_t i;

	*equal = false;
	if (c > 0)
		return page->n;
	if (c < 0 || key.n < page->prefix)
		return 0;
	h = head_of(page, key);
	i = heads_lower(page, 0, h);
	if (!head_ties(page, i, h))
		return i;
	c = tie_compare(page, i, key);
	*equal = c == 0;
	if (c >= 0)
		return i;
	return tie_find(page, i + 1, h, key, equal);
}

void
page_prefetch(const struct page *page, struct bytes key)
{
	uint32_t i;

	if (key.n < page->prefix)
		return;
	i = heads_lower(page, 0, head_of(page, key));
	if (i == page->n)
		return;
	__builtin_prefetch(row_at(page, i));
	__builtin_prefetch(row_at(page, i) + 64);
}

uint32_t
page_child_index(const struct page *page, struct bytes key)
{
	bool equal;
	uint32_t i = page_find(page, key, &equal);

	return equal || i == 0 ? i : i - 1;
}

void
page_open(struct page *page, const uint8_t *p, size_t size)
{
	uint32_t n = get16(p + PAGE_AT_COUNT);

	page->p = p;
	page->size = size;
	page->n = n;
	page->prefix = get16(p + PAGE_AT_PREFIX);
	page->width = p[PAGE_AT_WIDTH];
	page->leaf = p[PAGE_AT_HEIGHT] == 0;
	page->sequence = p[PAGE_AT_SEQUENCE];
	page->base = get64(p + PAGE_AT_BASE);
	page->heads = p + PAGE_FIXED + page_pad(page->prefix);
	page->children = page->heads + (size_t)page->width * n;
	page->offsets = page->children + (page->leaf ? 0 : 4 * (size_t)n);
	page->infos = page->offsets + 2 * (size_t)n;
	page->sequences = page->infos + 2 * (size_t)n;
	page->rows = (uint32_t)(page->sequences - p) + page->sequence * n;
	page->mean = ((uint32_t)size - page->rows) / n;
}

/* What a leaf says of an entry but the key; `value` is where that begins. */
static inline void
entry_rest(const struct page *page, uint32_t i, const uint8_t *value,
    struct entry *e)
{
	e->sequence = page->base + sequence_at(page, i);
	e->kind = (enum kind)kind_at(page, i);
	e->value = bytes(value, (size_t)(page->p + row_end(page, i) - value));
}

void
page_value(const struct page *page, uint32_t i, struct entry *e)
{
	entry_rest(page, i,
	    row_at(page, i) + tail_of(page, suffix_at(page, i)), e);
}

/* Copy n bytes; up to PAGE_SLACK more may be read and written. */
static inline void
copy_short(uint8_t *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, PAGE_SLACK);
	if (n > PAGE_SLACK)
		memcpy(to + PAGE_SLACK, from + PAGE_SLACK, n - PAGE_SLACK);
}

/* Compose the suffix behind the prefix; returns where the row goes on. */
static inline const uint8_t *
suffix_put(const struct page *page, uint32_t i, uint8_t *key, size_t *size)
{
	const uint8_t *row = row_at(page, i);
	uint32_t suffix = suffix_at(page, i), tail = tail_of(page, suffix);
	uint64_t h = head_at(page, i);

	h = BE64(page->width == 8 ? h : h << 32);
	memcpy(key + page->prefix, &h, sizeof h);
	if (tail > 0)
		copy_short(key + page->prefix + page->width, row, tail);
	*size = page->prefix + suffix;
	return row + tail;
}

void
page_entry(const struct page *page, uint32_t i, uint8_t *key, struct entry *e)
{
	const uint8_t *value = suffix_put(page, i, key, &e->key.n);

	e->key.p = key;
	entry_rest(page, i, value, e);
}

struct bytes
page_separator(const struct page *page, uint32_t i, uint8_t *key)
{
	size_t n;

	suffix_put(page, i, key, &n);
	return bytes(key, n);
}

/* The fixed fields, and that the columns they announce are there. */
static const char *
fields_fault(const uint8_t *p, size_t size, unsigned height)
{
	uint32_t n, prefix, flags, sequence, column;

	if (size < PAGE_FIXED)
		return "too short for a node";
	n = get16(p + PAGE_AT_COUNT);
	prefix = get16(p + PAGE_AT_PREFIX);
	flags = p[PAGE_AT_FLAGS];
	sequence = p[PAGE_AT_SEQUENCE];
	if (p[PAGE_AT_HEIGHT] != height)
		return "height";
	if (n == 0 || n > PAGE_ENTRIES_MAX)
		return "number of entries";
	if (prefix > LSM_KEY_MAX)
		return "length of the prefix";
	if (p[PAGE_AT_WIDTH] != 4 && p[PAGE_AT_WIDTH] != 8)
		return "width of heads";
	if (flags & ~(height ? 0u : PAGE_DELETES | PAGE_ONE))
		return "flags";
	if (sequence > (height ? 0u : 4u))
		return "width of sequences";
	if (height > 0 && get64(p + PAGE_AT_BASE) != 0)
		return "base sequence";
	if ((flags & PAGE_ONE) ? n != 1 : size > PAGE_MAX)
		return "size";
	column = p[PAGE_AT_WIDTH] + (height ? 4u : sequence) + PAGE_COLUMNS;
	if (PAGE_FIXED + page_pad(prefix) + (size_t)n * column > size)
		return "columns run over the end";
	return NULL;
}

static const char *
prefix_fault(const struct page *page)
{
	uint32_t pad = page_pad(page->prefix);

	for (uint32_t i = page->prefix; i < pad; i++)
		if (page->p[PAGE_FIXED + i] != 0)
			return "padding of the prefix";
	return NULL;
}

static const char *
children_fault(const struct page *page, const struct page_limits *limits)
{
	uint64_t at, below = limits->child_first;

	for (uint32_t i = 0; i < page->n; i++, below = at + 1) {
		at = page_child(page, i);
		if (at % limits->child_unit != 0 || at < below ||
		    at >= limits->child_end)
			return "position of a child";
	}
	return NULL;
}

static const char *
row_fault(const struct page *page, uint32_t i)
{
	uint32_t suffix = suffix_at(page, i), kind = kind_at(page, i);
	uint32_t tail = tail_of(page, suffix);
	size_t begin = row_begin(page, i), end = row_end(page, i);

	if (begin < page->rows || end < begin || end > page->size)
		return "offset of a row";
	if (kind > (page->leaf ? KIND_DELETE : 0))
		return "kind of an entry";
	if (page->prefix + suffix > LSM_KEY_MAX)
		return "length of a key";
	if (end - begin < tail)
		return "a row is too short for its key";
	if ((!page->leaf || kind == KIND_DELETE) && end - begin > tail)
		return "a value where there is none";
	if (page->leaf && page->base > UINT64_MAX - sequence_at(page, i))
		return "sequence";
	if (suffix < page->width && (head_at(page, i) &
	    (UINT64_MAX >> (64 - 8 * (page->width - suffix)))) != 0)
		return "padding of a head";
	return NULL;
}

/* Does entry i stand above the one before? Both rows are in bounds. */
static bool
ascends(const struct page *page, uint32_t i)
{
	uint64_t before = head_at(page, i - 1), h = head_at(page, i);
	uint32_t an, bn, at, bt;
	int c;

	if (before != h)
		return before < h;
	an = suffix_at(page, i - 1);
	bn = suffix_at(page, i);
	at = tail_of(page, an);
	bt = tail_of(page, bn);
	c = memcmp(row_at(page, i - 1), row_at(page, i), at < bt ? at : bt);
	return c ? c < 0 : an < bn;
}

static const char *
rows_fault(const struct page *page)
{
	uint32_t flags = page->p[PAGE_AT_FLAGS];
	bool deletes = false;
	const char *fault;

	if (row_begin(page, 0) != page->rows)
		return "offset of a row";
	for (uint32_t i = 0; i < page->n; i++) {
		if ((fault = row_fault(page, i)) != NULL)
			return fault;
		if (i > 0 && !ascends(page, i))
			return "keys do not ascend";
		deletes |= kind_at(page, i) == KIND_DELETE;
	}
	if (deletes != ((flags & PAGE_DELETES) != 0))
		return "flag of deletes";
	if ((flags & PAGE_ONE) && (deletes || suffix_at(page, 0) != 0))
		return "malformed single entry";
	return NULL;
}

const char *
page_fault(const uint8_t *p, size_t size, const struct page_limits *limits)
{
	struct page page;
	const char *fault = fields_fault(p, size, limits->height);

	if (fault != NULL)
		return fault;
	page_open(&page, p, size);
	if ((fault = prefix_fault(&page)) != NULL)
		return fault;
	if (limits->height > 0 &&
	    (fault = children_fault(&page, limits)) != NULL)
		return fault;
	return rows_fault(&page);
}
