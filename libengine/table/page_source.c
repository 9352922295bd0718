/*
 * page_source.c - where the pages of one table come from, proven.
 */
#include "table/page_source.h"

#include <assert.h>

#include "base/status.h"
#include "table/bloom.h"
#include "table/compress.h"

enum {
	GUESS_MAX = 64 << 10,
	MAP_AFTER = 6		/* pages: more than a lone get needs */
};

#define ADD(s, field, n) \
	atomic_fetch_add_explicit(&(s)->stats->field, (n), memory_order_relaxed)

static int
page_bad(const struct page_source *s, uint64_t position, const char *reason)
{
	return status_set(LSM_CORRUPT, "%s: offset %llu: %s", s->name,
	    (unsigned long long)position, reason);
}

/* Leaves differ in size and only their headers tell it: read at first what
 * holds most of them. */
static size_t
leaf_guess(const struct page_source *s, const struct table_footer *f)
{
	uint64_t n = f->leaves ? (s->nodes_end - BLOCK_UNIT) / f->leaves : 0;

	if (s->codec != LSM_CODEC_NONE)
		n += n / 2;
	if (n > GUESS_MAX)
		n = GUESS_MAX;
	return (size_t)((n + BLOCK_UNIT - 1) / BLOCK_UNIT * BLOCK_UNIT);
}

/* Only one thread comes here, once. A door that cannot map now is no failure:
 * then pages are read. */
static void
source_map(struct page_source *s)
{
	size_t words = (size_t)(s->size / BLOCK_UNIT / 64 + 1);
	const uint8_t *map;

	if ((s->verified = mem_zalloc(words * sizeof *s->verified)) == NULL)
		return;
	if (s->env->ops->file_map(s->file, s->size, &map) == LSM_OK)
		store_release(&s->map, map);
}

bool
page_source_maps(const struct page_source *s)
{
	return s->maps && (load_relaxed(&s->loads) <= MAP_AFTER ||
	    load_relaxed(&s->map) != NULL);
}

void
page_source_open(struct page_source *s, const struct table_source *source,
    struct env_file *file, const struct table_footer *f)
{
	memset(s, 0, sizeof *s);
	s->file = file;
	s->env = source->dir->env;
	file_name(s->name, FILE_TABLE, f->id.number);
	s->id = f->id;
	s->seed = file_seed(&f->id);
	s->size = f->size;
	s->codec = f->codec;
	s->nodes_end = footer_nodes_end(f);
	s->filter = f->filter;
	s->filter_pages = f->filter_pages;
	s->guess = leaf_guess(s, f);
	s->cache = source->cache;
	s->inflaters = source->inflaters;
	s->stats = source->stats;
	s->maps = source->reads == LSM_READS_MAPPED &&
	    s->env->ops->file_map != NULL;
}

void
page_source_release(struct page_source *s)
{
	const uint8_t *map = load_relaxed(&s->map);

	if (map != NULL)
		s->env->ops->file_unmap(s->env, map, s->size);
	mem_free((void *)s->verified);
	env_file_close(s->file);
	memset(s, 0, sizeof *s);
}

int
page_source_introduce(struct page_source *s)
{
	struct file_header header;
	uint8_t page[BLOCK_UNIT];
	int rc;

	if (load_relaxed(&s->introduced))
		return LSM_OK;
	rc = env_read_exactly(s->file, s->name, 0, page, sizeof page);
	if (rc == LSM_OK)
		rc = file_header_read(page, &s->id, s->name, &header);
	if (rc == LSM_OK && memcmp(header.id.branch, s->id.branch, ID_SIZE))
		rc = page_bad(s, 0, "file of another branch");
	if (rc == LSM_OK)
		store_relaxed(&s->introduced, true);
	return rc;
}

/* What the header promises must be what such a block may promise. */
static const char *
header_fault(const struct page_source *s, const struct block_header *h)
{
	bool packed = h->tag == BLOCK_LEAF && s->codec != LSM_CODEC_NONE;

	if (h->flags != (packed ? BLOCK_PACKED : 0))
		return "flags of a block";
	if (h->codec != LSM_CODEC_NONE && (!packed || h->codec != s->codec))
		return "codec of a block";
	if ((uint64_t)BLOCK_HEADER + h->raw > PAGE_SIZE_MAX ||
	    !codec_plausible(h->codec, h->stored, h->raw))
		return "length of a block";
	if (h->tag == BLOCK_FILTER && h->stored != BLOOM_PAYLOAD)
		return "length of a filter page";
	return NULL;
}

int
page_source_prove(struct page_source *s, const uint8_t *block,
    size_t available, const struct page_where *w, struct block_header *h)
{
	const char *fault;
	int rc = block_check(block, available, w->tag, &s->id, s->seed,
	    w->position, s->name, h);

	if (rc != LSM_OK)
		return rc;
	if ((fault = header_fault(s, h)) != NULL)
		return page_bad(s, w->position, fault);
	ADD(s, pages_read, 1);
	ADD(s, bytes_read, block_size(h));
	return LSM_OK;
}

int
page_source_unpack(struct page_source *s, const uint8_t *block,
    const struct block_header *h, uint8_t *page)
{
	int rc;

	memcpy(page, block, BLOCK_HEADER);
	rc = codec_inflate(s->inflaters, h->codec,
	    bytes(block + BLOCK_HEADER, h->stored), page + BLOCK_HEADER,
	    h->raw);
	if (rc == LSM_CORRUPT)
		return status_add(rc, "%s: offset %llu", s->name,
		    (unsigned long long)h->position);
	if (rc == LSM_OK && h->codec != LSM_CODEC_NONE)
		ADD(s, inflated, 1);
	memset(page + BLOCK_HEADER + h->raw, 0, PAGE_SLACK);
	return rc;
}

/* All pages of a filter are asked in one way; who has seen one knows it. */
static const char *
filter_fault(struct page_source *s, const uint8_t *page, uint64_t position)
{
	uint32_t index = (uint32_t)((position - s->filter) / BLOCK_UNIT);
	const char *fault = bloom_fault(page, index, s->filter_pages);
	uint32_t known = load_relaxed(&s->probes);

	if (fault != NULL)
		return fault;
	if (known != 0 && known != bloom_page_probes(page))
		return "number of probes";
	store_relaxed(&s->probes, bloom_page_probes(page));
	return NULL;
}

int
page_source_check(struct page_source *s, const uint8_t *page, size_t size,
    const struct page_where *w)
{
	bool packed = w->height == 1 && s->codec != LSM_CODEC_NONE;
	struct page_limits limits = {
		.height = w->height,
		.child_unit = packed ? BLOCK_PACK : BLOCK_UNIT,
		.child_first = BLOCK_UNIT,
		.child_end = s->nodes_end,
	};
	const char *fault = w->tag == BLOCK_FILTER ?
	    filter_fault(s, page, w->position) :
	    page_fault(page, size, &limits);

	return fault ? page_bad(s, w->position, fault) : LSM_OK;
}

/* The rest of a block that is longer than was guessed. */
static int
read_rest(struct page_source *s, const struct page_where *w, uint8_t **block,
    size_t got, size_t size)
{
	uint8_t *more = mem_realloc(*block, size + PAGE_SLACK);

	if (more == NULL)
		return mem_exhausted(size + PAGE_SLACK);
	*block = more;
	return env_read_exactly(s->file, s->name, w->position + got,
	    more + got, size - got);
}

/* Read and prove a block; *out is to be freed. Its length is believed only as
 * far as the file reaches. */
static int
read_block(struct page_source *s, const struct page_where *w, uint8_t **out,
    struct block_header *h)
{
	uint64_t most = s->size - w->position;
	size_t n = w->tag == BLOCK_LEAF ? s->guess : BLOCK_UNIT;
	uint8_t *block;
	int rc;

	*out = NULL;
	assert(w->position < s->size);
	if (n > most)
		n = (size_t)most;
	if ((block = mem_alloc(n + PAGE_SLACK)) == NULL)
		return mem_exhausted(n + PAGE_SLACK);
	rc = env_read_exactly(s->file, s->name, w->position, block, n);
	if (rc != LSM_OK)
		goto done;
	block_header_read(block, h);
	if (h->tag == w->tag && block_size(h) > n && block_size(h) <= most) {
		size_t size = (size_t)block_size(h);

		if ((rc = read_rest(s, w, &block, n, size)) != LSM_OK)
			goto done;
		n = size;
	}
	if ((rc = page_source_prove(s, block, n, w, h)) != LSM_OK)
		goto done;
	*out = block;
	block = NULL;
done:
	mem_free(block);
	return rc;
}

/* A block's page in memory of its own; takes the block. */
static int
own_page(struct page_source *s, const struct page_where *w, uint8_t *block,
    const struct block_header *h, struct page_hold *hold)
{
	size_t size = BLOCK_HEADER + (size_t)h->raw;
	uint8_t *page = block;
	int rc = LSM_OK;

	if (h->codec != LSM_CODEC_NONE) {
		if ((page = mem_alloc(size + PAGE_SLACK)) == NULL)
			rc = mem_exhausted(size + PAGE_SLACK);
		else
			rc = page_source_unpack(s, block, h, page);
		mem_free(block);
	}
	if (rc == LSM_OK)
		rc = page_source_check(s, page, size, w);
	if (rc == LSM_OK)
		*hold = (struct page_hold){ .p = page, .size = size,
			.own = page };
	else
		mem_free(page);
	return rc;
}

int
page_source_read(struct page_source *s, const struct page_where *w,
    struct page_hold *hold)
{
	struct block_header h;
	uint8_t *block;
	int rc;

	*hold = (struct page_hold){ 0 };
	if ((rc = read_block(s, w, &block, &h)) != LSM_OK)
		return rc;
	return own_page(s, w, block, &h, hold);
}

/* First touch: prove what the kernel reads, then use what it maps. */
static int
load_mapped(struct page_source *s, const uint8_t *map,
    const struct page_where *w, struct page_hold *hold)
{
	uint64_t unit = w->position / BLOCK_UNIT;
	int rc;

	if ((rc = page_source_read(s, w, hold)) != LSM_OK)
		return rc;
	sync_point();
	atomic_fetch_or_explicit(&s->verified[unit / 64],
	    (uint64_t)1 << (unit % 64), memory_order_release);
	mem_free(hold->own);
	hold->own = NULL;
	hold->p = map + w->position;
	return LSM_OK;
}

static void
hold_cached(struct cache_page *page, size_t size, struct page_hold *hold)
{
	*hold = (struct page_hold){ .p = cache_data(page),
		.size = size - PAGE_SLACK, .cached = page };
}

/* Read, and let the cache keep it. Without memory for that it is the hold's
 * alone. */
static int
load_kept(struct page_source *s, const struct page_where *w,
    struct page_hold *hold)
{
	struct cache_page *page;
	struct block_header h;
	uint8_t *block;
	int rc;

	if ((rc = read_block(s, w, &block, &h)) != LSM_OK)
		return rc;
	page = cache_room(s->cache, BLOCK_HEADER + (size_t)h.raw + PAGE_SLACK);
	if (page == NULL)
		return own_page(s, w, block, &h, hold);
	rc = page_source_unpack(s, block, &h, cache_data(page));
	mem_free(block);
	if (rc == LSM_OK)
		rc = page_source_check(s, cache_data(page),
		    BLOCK_HEADER + (size_t)h.raw, w);
	if (rc != LSM_OK) {
		cache_release(s->cache, page);
		return rc;
	}
	page = cache_publish(s->cache, page, s->id.number, page_cache_key(w));
	hold_cached(page, cache_size(page), hold);
	return LSM_OK;
}

/* Leaves and filters are cached as such, so what is found is what is wanted;
 * inner nodes differ in height. */
static bool
find_cached(struct page_source *s, const struct page_where *w,
    struct page_hold *hold, bool *answers)
{
	size_t size;
	struct cache_page *page = s->cache == NULL ? NULL :
	    cache_get(s->cache, s->id.number, page_cache_key(w), &size);

	*answers = true;
	*hold = (struct page_hold){ 0 };
	if (page == NULL)
		return false;
	hold_cached(page, size, hold);
	if (w->tag != BLOCK_INNER || page_answers(hold->p, w))
		return true;
	page_release(s, hold);
	return *answers = false;
}

bool
page_source_cached(struct page_source *s, const struct page_where *w,
    struct page_hold *hold)
{
	bool answers;

	return find_cached(s, w, hold, &answers);
}

static int
load_cached(struct page_source *s, const struct page_where *w,
    struct page_hold *hold)
{
	bool answers;

	if (find_cached(s, w, hold, &answers))
		return LSM_OK;
	if (!answers)
		return page_bad(s, w->position, "another kind of block");
	return s->cache == NULL ? page_source_read(s, w, hold) :
	    load_kept(s, w, hold);
}

/* Of the first few pages, which are only read: is this one? The map is made
 * with the last of them. */
static bool
load_is_early(struct page_source *s)
{
	uint32_t loads;

	if (load_relaxed(&s->loads) > MAP_AFTER)
		return false;
	loads = atomic_fetch_add_explicit(&s->loads, 1, memory_order_relaxed);
	if (loads == MAP_AFTER)
		source_map(s);
	return loads <= MAP_AFTER;
}

int
page_source_load(struct page_source *s, const struct page_where *w,
    struct page_hold *hold)
{
	bool packed = w->tag == BLOCK_LEAF && s->codec != LSM_CODEC_NONE;
	const uint8_t *map;
	int rc;

	*hold = (struct page_hold){ 0 };
	if (w->tag != BLOCK_FILTER &&
	    (rc = page_source_introduce(s)) != LSM_OK)
		return rc;
	if (!s->maps)
		return load_cached(s, w, hold);
	if (!packed && w->position % BLOCK_UNIT != 0)
		return page_bad(s, w->position, "position of a block");
	if (!packed && (map = load_acquire(&s->map)) != NULL)
		return load_mapped(s, map, w, hold);
	return load_is_early(s) ? page_source_read(s, w, hold) :
	    load_cached(s, w, hold);
}
