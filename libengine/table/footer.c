/*
 * footer.c - the last block of a table: what the table is.
 *
 *   block header | fixed fields | keys | inputs | properties | zeros |
 *   its own position | "LSMTEND1"
 *
 * It is a whole number of units, and its payload reaches to its end.
 */
#include "table/footer.h"

#include "base/status.h"
#include "kv/range.h"
#include "table/bloom.h"

/* Where its fields lie. */
enum {
	AT_DATABASE = 32,
	AT_BRANCH = 48,
	AT_NUMBER = 64,
	AT_SIZE = 72,
	AT_ROOT = 80,
	AT_HEIGHT = 88,
	AT_CODEC = 89,
	AT_ZERO = 90,
	AT_FILTER_PAGES = 92,
	AT_FILTER = 96,
	AT_ENTRIES = 104,
	AT_DELETES = 112,
	AT_RANGES = 120,
	AT_RANGES_POSITION = 128,
	AT_LEAVES = 136,
	AT_DATA = 144,
	AT_SEQUENCE_MIN = 152,
	AT_SEQUENCE_MAX = 160,
	AT_EDIT = 168,
	AT_RUN = 176,
	AT_SUM = 184,
	AT_LEVEL = 192,
	AT_ZERO_TOO = 196,
	AT_VARIABLE = 200
};

static const char mark[8] = { 'L', 'S', 'M', 'T', 'E', 'N', 'D', '1' };

static uint64_t
bytes_size(struct bytes b)
{
	return varint_size(b.n) + b.n;
}

uint64_t
footer_size(const struct table_footer *f)
{
	uint64_t n = AT_VARIABLE + FOOTER_TRAILER;

	n += bytes_size(f->smallest) + bytes_size(f->largest);
	n += varint_size(f->inputs_count) + f->inputs.n;
	n += varint_size(f->properties_count) + f->properties.n;
	return (n + BLOCK_UNIT - 1) / BLOCK_UNIT * BLOCK_UNIT;
}

static void
fixed_write(const struct table_footer *f, uint8_t *p)
{
	memcpy(p + AT_DATABASE, f->id.database, ID_SIZE);
	memcpy(p + AT_BRANCH, f->id.branch, ID_SIZE);
	put64(p + AT_NUMBER, f->id.number);
	put64(p + AT_SIZE, f->size);
	put64(p + AT_ROOT, f->root);
	p[AT_HEIGHT] = (uint8_t)f->height;
	p[AT_CODEC] = (uint8_t)f->codec;
	put32(p + AT_FILTER_PAGES, f->filter_pages);
	put64(p + AT_FILTER, f->filter);
	put64(p + AT_ENTRIES, f->entries);
	put64(p + AT_DELETES, f->deletes);
	put64(p + AT_RANGES, f->ranges);
	put64(p + AT_RANGES_POSITION, f->ranges_at);
	put64(p + AT_LEAVES, f->leaves);
	put64(p + AT_DATA, f->data);
	put64(p + AT_SEQUENCE_MIN, f->sequence_min);
	put64(p + AT_SEQUENCE_MAX, f->sequence_max);
	put64(p + AT_EDIT, f->edit);
	put64(p + AT_RUN, f->run);
	put64(p + AT_SUM, f->sum);
	put32(p + AT_LEVEL, f->level);
}

static uint8_t *
put_bytes(uint8_t *p, struct bytes b)
{
	if (b.n)
		memcpy(p, b.p, b.n);
	return p + b.n;
}

int
footer_write(const struct table_footer *f, uint64_t seed, struct buffer *out)
{
	uint64_t size = footer_size(f);
	struct block_header h = {
		.tag = BLOCK_FOOTER,
		.stored = (uint32_t)(size - BLOCK_HEADER),
		.raw = (uint32_t)(size - BLOCK_HEADER),
		.file = (uint32_t)f->id.number,
		.position = f->position,
	};
	uint8_t *block, *p;
	int rc;

	if (size > FOOTER_SIZE_MAX)
		return status_set(LSM_TOO_LARGE, "table %llu: footer over %llu "
		    "bytes", (unsigned long long)f->id.number,
		    (unsigned long long)FOOTER_SIZE_MAX);
	if ((rc = buffer_reserve(out, size)) != LSM_OK)
		return rc;
	block = out->p + out->n;
	memset(block, 0, size);
	fixed_write(f, block);
	p = put_bytes(varint_put(block + AT_VARIABLE, f->smallest.n),
	    f->smallest);
	p = put_bytes(varint_put(p, f->largest.n), f->largest);
	p = put_bytes(varint_put(p, f->inputs_count), f->inputs);
	put_bytes(varint_put(p, f->properties_count), f->properties);
	put64(block + size - FOOTER_TRAILER, f->position);
	memcpy(block + size - sizeof mark, mark, sizeof mark);
	block_seal(block, &h, seed);
	out->n += size;
	return LSM_OK;
}

int
footer_find(const uint8_t trailer[FOOTER_TRAILER], uint64_t size,
    const char *name, uint64_t *position)
{
	uint64_t at = get64(trailer);

	*position = 0;
	if (memcmp(trailer + 8, mark, sizeof mark) != 0)
		return status_set(LSM_CORRUPT,
		    "%s: offset %llu: no end mark of a table", name,
		    (unsigned long long)(size - sizeof mark));
	if (at % BLOCK_UNIT != 0 || at < BLOCK_UNIT || at >= size ||
	    size - at > FOOTER_SIZE_MAX)
		return status_set(LSM_CORRUPT,
		    "%s: offset %llu: position of the footer is %llu", name,
		    (unsigned long long)(size - FOOTER_TRAILER),
		    (unsigned long long)at);
	*position = at;
	return LSM_OK;
}

static void
fixed_read(const uint8_t *p, struct table_footer *f)
{
	memcpy(f->id.database, p + AT_DATABASE, ID_SIZE);
	memcpy(f->id.branch, p + AT_BRANCH, ID_SIZE);
	f->id.kind = FILE_TABLE;
	f->id.number = get64(p + AT_NUMBER);
	f->size = get64(p + AT_SIZE);
	f->root = get64(p + AT_ROOT);
	f->height = p[AT_HEIGHT];
	f->codec = p[AT_CODEC];
	f->filter_pages = get32(p + AT_FILTER_PAGES);
	f->filter = get64(p + AT_FILTER);
	f->entries = get64(p + AT_ENTRIES);
	f->deletes = get64(p + AT_DELETES);
	f->ranges = get64(p + AT_RANGES);
	f->ranges_at = get64(p + AT_RANGES_POSITION);
	f->leaves = get64(p + AT_LEAVES);
	f->data = get64(p + AT_DATA);
	f->sequence_min = get64(p + AT_SEQUENCE_MIN);
	f->sequence_max = get64(p + AT_SEQUENCE_MAX);
	f->edit = get64(p + AT_EDIT);
	f->run = get64(p + AT_RUN);
	f->sum = get64(p + AT_SUM);
	f->level = get32(p + AT_LEVEL);
}

static bool
all_zero(struct bytes b)
{
	return b.n == 0 || (b.p[0] == 0 && memcmp(b.p, b.p + 1, b.n - 1) == 0);
}

/* Count things off *b; *all is the bytes they take. */
static bool
take_inputs(struct bytes *b, uint64_t count, struct bytes *all)
{
	uint64_t number;

	*all = bytes(b->p, 0);
	for (uint64_t i = 0; i < count; i++)
		if (!bytes_take_varint(b, &number))
			return false;
	all->n = (size_t)(b->p - all->p);
	return true;
}

static bool
take_properties(struct bytes *b, uint64_t count, struct bytes *all)
{
	struct bytes text;

	*all = bytes(b->p, 0);
	for (uint64_t i = 0; i < count; i++)
		if (!bytes_take_bytes(b, &text) || !bytes_take_bytes(b, &text))
			return false;
	all->n = (size_t)(b->p - all->p);
	return true;
}

static const char *
variable_fault(struct bytes b, struct table_footer *f)
{
	if (!bytes_take_bytes(&b, &f->smallest) ||
	    !bytes_take_bytes(&b, &f->largest) ||
	    f->smallest.n > BOUND_MAX || f->largest.n > LSM_KEY_MAX)
		return "bounds";
	if (!bytes_take_varint(&b, &f->inputs_count) ||
	    !take_inputs(&b, f->inputs_count, &f->inputs))
		return "inputs";
	if (!bytes_take_varint(&b, &f->properties_count) ||
	    !take_properties(&b, f->properties_count, &f->properties))
		return "properties";
	return all_zero(b) ? NULL : "bytes behind the properties";
}

/* Does a block of a size reach from `at` to `end`? */
static bool
stands_before(uint64_t at, uint64_t size, uint64_t end)
{
	return at % BLOCK_UNIT == 0 && at >= BLOCK_UNIT && at < end &&
	    end - at == size;
}

/* Where things are said to be, against each other. The range deletes stand
 * right before the footer, the filter's pages before them, and all nodes
 * before these. */
static const char *
places_fault(const struct table_footer *f)
{
	uint64_t pages = (uint64_t)f->filter_pages * BLOOM_PAGE;
	uint64_t pages_end = f->ranges ? f->ranges_at : f->position;
	uint64_t nodes_end = footer_nodes_end(f);

	if (f->size % BLOCK_UNIT != 0 || f->position >= f->size)
		return "size of the file";
	if (f->ranges == 0 ? f->ranges_at != 0 :
	    f->position - f->ranges_at > RANGES_SIZE_MAX ||
	    !stands_before(f->ranges_at, f->position - f->ranges_at,
	    f->position))
		return "position of the range deletes";
	if (f->filter_pages == 0 ? f->filter != 0 :
	    !stands_before(f->filter, pages, pages_end))
		return "position of the filter";
	if ((f->leaves == 0) != (f->root == 0) || f->height >
	    FOOTER_HEIGHT_MAX || (f->leaves <= 1) != (f->height == 0))
		return "height of the tree";
	if (f->root != 0 && (f->root < BLOCK_UNIT || f->root >= nodes_end ||
	    f->root % (f->height || f->codec == LSM_CODEC_NONE ? BLOCK_UNIT :
	    BLOCK_PACK) != 0))
		return "position of the root";
	return NULL;
}

static const char *
counts_fault(const uint8_t *p, const struct table_footer *f)
{
	if (p[AT_ZERO] != 0 || p[AT_ZERO + 1] != 0 ||
	    get32(p + AT_ZERO_TOO) != 0)
		return "reserved bytes are not zero";
	if (f->deletes > f->entries || f->leaves > f->entries ||
	    (f->leaves == 0) != (f->entries == 0))
		return "counts";
	if (f->sequence_min > f->sequence_max)
		return "sequences";
	if (bytes_compare(f->smallest, f->largest) > 0)
		return "order of the bounds";
	return NULL;
}

int
footer_read(const uint8_t *block, size_t n, uint64_t position,
    const struct file_id *id, const char *name, struct table_footer *f)
{
	struct block_header h;
	const char *fault;
	int rc;

	memset(f, 0, sizeof *f);
	rc = block_check(block, n, BLOCK_FOOTER, id, file_seed(id), position,
	    name, &h);
	if (rc != LSM_OK)
		return rc;
	fixed_read(block, f);
	f->position = position;
	if (h.codec != 0 || h.flags != 0 || block_size(&h) != n ||
	    h.stored != n - BLOCK_HEADER || n < BLOCK_UNIT)
		fault = "header";
	else if (memcmp(&f->id.database, id->database, ID_SIZE) != 0 ||
	    memcmp(&f->id.branch, id->branch, ID_SIZE) != 0 ||
	    f->id.number != id->number)
		fault = "of another file";
	else if (f->size != position + n)
		fault = "size of the file";
	else if ((fault = variable_fault(bytes(block + AT_VARIABLE, n -
	    AT_VARIABLE - FOOTER_TRAILER), f)) == NULL &&
	    (fault = places_fault(f)) == NULL)
		fault = counts_fault(block, f);
	if (fault == NULL)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %llu: footer: %s", name,
	    (unsigned long long)position, fault);
}
