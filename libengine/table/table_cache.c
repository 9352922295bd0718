/*
 * table_cache.c - the open tables of a handle, at most so many.
 *
 * A slot for each open table, found by number. The table that was not used for
 * longest goes when there are too many; finding it looks at all of them, which
 * is little beside opening the one that takes its place. Tables are opened and
 * closed without the lock: who comes second drops his.
 *
 * Threads: everything is guarded by mu, but what was set at the start.
 */
#include "table/table_cache.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/sync.h"
#include "table/footer.h"
#include "table/table_impl.h"

enum { CHAINS = 256 };

struct slot {
	struct slot *chain;
	struct table *table;
	uint64_t number;
	uint64_t used;		/* turn of the last use */
	uint32_t pins;
	bool dead;		/* its file is gone: closed at last release */
};

struct table_cache {
	struct table_source source;
	size_t limit;
	struct mutex mu;
	uint64_t turn;
	size_t count;
	struct slot *chains[CHAINS];
};

int
table_cache_new(const struct table_source *source, size_t limit,
    struct table_cache **out)
{
	struct table_cache *c = mem_zalloc(sizeof *c);

	*out = c;
	if (c == NULL)
		return mem_exhausted(sizeof *c);
	c->source = *source;
	c->limit = limit;
	mutex_init(&c->mu);
	return LSM_OK;
}

static void
slot_close(struct slot *slot)
{
	if (slot == NULL)
		return;
	table_free(slot->table);
	mem_free(slot);
}

void
table_cache_free(struct table_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CHAINS; i++) {
		while (c->chains[i] != NULL) {
			struct slot *slot = c->chains[i];

			assert(slot->pins == 0);
			c->chains[i] = slot->chain;
			slot_close(slot);
		}
	}
	mutex_release(&c->mu);
	mem_free(c);
}

static struct slot *
find_locked(struct table_cache *c, uint64_t number)
{
	struct slot *slot = c->chains[number % CHAINS];

	mutex_assert_held(&c->mu);
	while (slot != NULL && slot->number != number)
		slot = slot->chain;
	return slot;
}

static struct table *
pin_locked(struct table_cache *c, struct slot *slot)
{
	mutex_assert_held(&c->mu);
	slot->pins++;
	slot->used = ++c->turn;
	return slot->table;
}

/* Out of its chain; the caller closes it without the lock. */
static void
take_out_locked(struct table_cache *c, struct slot *slot)
{
	struct slot **chain = &c->chains[slot->number % CHAINS];

	mutex_assert_held(&c->mu);
	assert(slot->pins == 0);
	while (*chain != slot)
		chain = &(*chain)->chain;
	*chain = slot->chain;
	c->count--;
}

/* The one not used for longest, when there are too many. NULL: none. */
static struct slot *
evict_locked(struct table_cache *c)
{
	struct slot *oldest = NULL;

	mutex_assert_held(&c->mu);
	if (c->count <= c->limit)
		return NULL;
	for (size_t i = 0; i < CHAINS; i++)
		for (struct slot *s = c->chains[i]; s != NULL; s = s->chain)
			if (s->pins == 0 &&
			    (oldest == NULL || s->used < oldest->used))
				oldest = s;
	if (oldest != NULL)
		take_out_locked(c, oldest);
	return oldest;
}

static struct table *
find_pinned(struct table_cache *c, uint64_t number)
{
	struct table *t = NULL;
	struct slot *slot;

	mutex_lock(&c->mu);
	if ((slot = find_locked(c, number)) != NULL)
		t = pin_locked(c, slot);
	mutex_unlock(&c->mu);
	return t;
}

/* Put the table that was just opened in, unless another thread was faster. */
static struct table *
insert_pinned(struct table_cache *c, struct slot *slot)
{
	struct slot *other, *evicted = NULL;
	struct table *t;

	mutex_lock(&c->mu);
	other = find_locked(c, slot->number);
	if (other != NULL) {
		t = pin_locked(c, other);
		evicted = slot;
	} else {
		slot->chain = c->chains[slot->number % CHAINS];
		c->chains[slot->number % CHAINS] = slot;
		c->count++;
		t = pin_locked(c, slot);
		evicted = evict_locked(c);
	}
	mutex_unlock(&c->mu);
	slot_close(evicted);
	return t;
}

int
table_cache_get(struct table_cache *c, const struct table_meta *meta,
    struct table **out)
{
	struct slot *slot;
	int rc;

	if ((*out = find_pinned(c, meta->number)) != NULL)
		return LSM_OK;
	if ((slot = mem_zalloc(sizeof *slot)) == NULL)
		return mem_exhausted(sizeof *slot);
	slot->number = meta->number;
	if ((rc = table_open(&c->source, meta, &slot->table)) != LSM_OK) {
		mem_free(slot);
		return rc;
	}
	*out = insert_pinned(c, slot);
	return LSM_OK;
}

static void
forget_pages(struct table_cache *c, uint64_t number)
{
	if (c->source.cache != NULL)
		cache_forget(c->source.cache, number);
}

/* Nobody uses it now: may it stay? If not, it is the caller's to close. */
static struct slot *
unused_locked(struct table_cache *c, struct slot *slot)
{
	if (!slot->dead)
		return evict_locked(c);
	take_out_locked(c, slot);
	return slot;
}

void
table_cache_release(struct table_cache *c, struct table *t)
{
	struct slot *slot, *gone = NULL;

	if (t == NULL)
		return;
	mutex_lock(&c->mu);
	slot = find_locked(c, table_footer(t)->id.number);
	assert(slot != NULL && slot->table == t && slot->pins > 0);
	if (--slot->pins == 0)
		gone = unused_locked(c, slot);
	mutex_unlock(&c->mu);
	/* Its last readers have put pages back since it was forgotten. */
	if (gone != NULL && gone->dead)
		forget_pages(c, gone->number);
	slot_close(gone);
}

void
table_cache_forget(struct table_cache *c, uint64_t number)
{
	struct slot *slot;

	mutex_lock(&c->mu);
	slot = find_locked(c, number);
	if (slot != NULL) {
		slot->dead = true;
		if (slot->pins > 0)
			slot = NULL;
		else
			take_out_locked(c, slot);
	}
	mutex_unlock(&c->mu);
	slot_close(slot);
	forget_pages(c, number);
}

static void
iter_done(void *cache, struct table *t)
{
	table_cache_release(cache, t);
}

int
table_cache_iter(struct table_cache *c, const struct table_meta *meta,
    unsigned flags, struct iter **out)
{
	struct table *t;
	int rc;

	*out = NULL;
	if ((rc = table_cache_get(c, meta, &t)) != LSM_OK)
		return rc;
	if ((rc = table_iter_new(t, flags, out)) != LSM_OK) {
		table_cache_release(c, t);
		return rc;
	}
	table_iter_on_free(*out, iter_done, c);
	return LSM_OK;
}

size_t
table_cache_open(struct table_cache *c)
{
	size_t n;

	mutex_lock(&c->mu);
	n = c->count;
	mutex_unlock(&c->mu);
	return n;
}
