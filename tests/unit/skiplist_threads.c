/*
 * skiplist_threads.c - a writer and readers at once, every answer checked.
 *
 * What each put writes is drawn beforehand, so a reader who acquired sequence
 * s knows exactly what it must see at s: the same play runs on real threads,
 * for ThreadSanitizer, and, move by move, under the seeded scheduler.
 */
#include "mem/skiplist.h"

#include "base/alloc.h"
#include "support/keyset.h"
#include "support/test.h"

enum { READERS = 2 };

struct play {
	struct skiplist list;
	struct keyset keys;
	uint32_t puts;
	uint32_t *key_of;	/* by sequence, from 1 */
	uint32_t *before;	/* the put of the same key before this one */
	uint32_t *last_of;	/* by key */
	uint64_t seed;
	uint32_t window;	/* keys of one walk */
	_Atomic uint32_t published;
	const char *_Atomic wrong;
	struct reader {
		struct play *play;
		struct random random;
	} readers[READERS];
};

static void
play_init(struct play *p, enum keyset_kind kind, size_t keys, uint32_t puts,
    uint32_t slots, uint64_t seed)
{
	struct random r = { seed };
	bool ascending = seed % 4 == 0;

	memset(p, 0, sizeof *p);
	keyset_init(&p->keys, kind, keys, random_next(&r));
	CHECK_OK(skiplist_init(&p->list, (size_t)puts * 512 + 65536, slots));
	p->puts = puts;
	p->seed = seed;
	p->window = 100;
	p->key_of = mem_zalloc((puts + 1) * sizeof *p->key_of);
	p->before = mem_zalloc((puts + 1) * sizeof *p->before);
	p->last_of = mem_zalloc(keys * sizeof *p->last_of);
	CHECK(p->key_of != NULL && p->before != NULL && p->last_of != NULL);
	for (uint32_t s = 1; s <= puts; s++) {
		uint32_t k = (uint32_t)(ascending ? s % p->keys.count :
		    random_below(&r, p->keys.count));

		p->key_of[s] = k;
		p->before[s] = p->last_of[k];
		p->last_of[k] = s;
	}
	for (int i = 0; i < READERS; i++)
		p->readers[i] = (struct reader){ p, { random_next(&r) } };
}

static void
play_release(struct play *p)
{
	skiplist_release(&p->list);
	keyset_release(&p->keys);
	mem_free(p->key_of);
	mem_free(p->before);
	mem_free(p->last_of);
}

/* The put that a reader at s sees of key k; 0: it sees none. */
static uint32_t
seen_of(const struct play *p, uint32_t k, uint32_t s)
{
	uint32_t put = p->last_of[k];

	while (put > s)
		put = p->before[put];
	return put;
}

static void
expect(struct play *p, bool right, const char *what)
{
	if (!right && load_relaxed(&p->wrong) == NULL)
		store_relaxed(&p->wrong, what);
}

static void
writer_run(void *arg)
{
	struct play *p = arg;

	for (uint32_t s = 1; s <= p->puts; s++) {
		struct bytes key = p->keys.keys[p->key_of[s]];

		skiplist_put(&p->list, 0, key, key, s);
		store_release(&p->published, s);
	}
}

static void
check_get(struct reader *r, uint32_t s)
{
	struct play *p = r->play;
	uint32_t put = (uint32_t)random_below(&r->random, s) + 1;
	uint32_t k = p->key_of[random_below(&r->random, 2) ? s : put];
	const struct skip_entry *e = skip_entry_at(&p->list,
	    skiplist_get(&p->list, p->keys.keys[k]), s);

	expect(p, e != NULL, "get: lost");
	expect(p, e == NULL || e->sequence == seen_of(p, k, s),
	    "get: another version");
}

/* Walk from where the cursor stands, beside the keys that are seen at s. */
static void
check_walk(struct reader *r, struct skip_cursor *c, long k, int way,
    uint32_t s)
{
	struct play *p = r->play;
	long n = (long)p->keys.count;
	uint32_t left = p->window, moves = 0;

	for (; load_relaxed(&p->wrong) == NULL && left > 0; left--) {
		const struct skip_entry *e = NULL;

		while (c->entry != NULL && (e = skip_entry_at(&p->list,
		    c->entry, s)) == NULL) {
			expect(p, moves++ < 2 * p->puts, "walk: no end");
			if (load_relaxed(&p->wrong) != NULL)
				return;
			(way > 0 ? skip_cursor_next : skip_cursor_prev)(c);
		}
		while (k >= 0 && k < n && seen_of(p, (uint32_t)k, s) == 0)
			k += way;
		if (k < 0 || k >= n) {
			expect(p, e == NULL, "walk: too many");
			return;
		}
		expect(p, e != NULL, "walk: too few");
		expect(p, e == NULL || bytes_equal(skip_entry_key(e),
		    p->keys.keys[k]), "walk: another key");
		expect(p, e == NULL || e->sequence ==
		    seen_of(p, (uint32_t)k, s), "walk: another version");
		if (e == NULL)
			return;
		if (random_below(&r->random, 8) == 0)
			way = -way;
		(way > 0 ? skip_cursor_next : skip_cursor_prev)(c);
		k += way;
	}
}

static void
reader_turn(struct reader *r)
{
	struct play *p = r->play;
	uint32_t s = load_acquire(&p->published);
	long n = (long)p->keys.count, k = (long)random_below(&r->random,
	    p->keys.count);
	struct skip_cursor c;

	if (s == 0)
		return;
	check_get(r, s);
	skip_cursor_init(&c, &p->list);
	switch (random_below(&r->random, 4)) {
	case 0:
		skip_cursor_first(&c);
		check_walk(r, &c, 0, 1, s);
		break;
	case 1:
		skip_cursor_last(&c);
		check_walk(r, &c, n - 1, -1, s);
		break;
	case 2:
		skip_cursor_seek(&c, p->keys.keys[k]);
		check_walk(r, &c, k, 1, s);
		break;
	default:
		skip_cursor_seek_before(&c, p->keys.keys[k]);
		check_walk(r, &c, k - 1, -1, s);
		break;
	}
}

static void
reader_run(void *arg)
{
	struct reader *r = arg;
	struct play *p = r->play;

	while (load_relaxed(&p->wrong) == NULL) {
		bool over = load_acquire(&p->published) == p->puts;

		reader_turn(r);
		if (over)
			break;
		thread_yield();
	}
}

#ifndef LSM_SCHED
static void
play_on_threads(enum keyset_kind kind, uint32_t slots, uint64_t seed)
{
	struct thread writer, readers[READERS];
	struct play p;

	play_init(&p, kind, 600, 3000, slots, seed);
	for (int i = 0; i < READERS; i++)
		CHECK_OK(thread_start(&readers[i], reader_run,
		    &p.readers[i]));
	CHECK_OK(thread_start(&writer, writer_run, &p));
	thread_join(&writer);
	for (int i = 0; i < READERS; i++)
		thread_join(&readers[i]);
	if (p.wrong != NULL)
		test_fail(__FILE__, __LINE__, "%s: keys %d, %u slots, seed "
		    "%llu", p.wrong, (int)kind, slots,
		    (unsigned long long)seed);
	play_release(&p);
}

TEST("a writer and two readers on real threads")
{
	for (uint64_t round = 0; round < 8; round++)
		for (int kind = 0; kind < KEYSETS; kind++)
			play_on_threads((enum keyset_kind)kind, round % 2 ?
			    5 : SKIPLIST_SLOTS, test_seed() + round);
}
#else
/* One seed, one run. NULL: nothing was wrong. */
static const char *
play_scheduled(uint64_t seed)
{
	enum keyset_kind kind = (enum keyset_kind)(seed % KEYSETS);
	struct sched_thread threads[1 + READERS];
	const char *wrong;
	enum sched_end end;
	struct play p;

	play_init(&p, kind, 10 + seed % 50, 120, 4 + seed / 5 % 2, seed);
	threads[0] = (struct sched_thread){ writer_run, &p };
	for (int i = 0; i < READERS; i++)
		threads[1 + i] = (struct sched_thread){ reader_run,
		    &p.readers[i] };
	end = sched_run(seed, 2 + (uint32_t)(seed / 7 % 20), threads,
	    1 + READERS);
	wrong = end == SCHED_DONE ? load_relaxed(&p.wrong) : "stuck";
	play_release(&p);
	return wrong;
}

TEST("a writer and two readers in many interleavings")
{
	for (uint64_t i = 0; i < 4000; i++) {
		uint64_t seed = test_seed() * 1000003 + i;
		const char *wrong = play_scheduled(seed);

		if (wrong != NULL)
			test_fail(__FILE__, __LINE__, "%s: schedule %llu",
			    wrong, (unsigned long long)seed);
	}
}

/* The defect must show itself within so many schedules. */
static void
must_be_caught(enum skip_defect defect, uint64_t schedules)
{
	const char *wrong = NULL;
	uint64_t i = 0;

	skip_defect = defect;
	while (i < schedules && wrong == NULL)
		wrong = play_scheduled(test_seed() * 1000003 + i++);
	skip_defect = SKIP_SOUND;
	if (wrong == NULL)
		test_fail(__FILE__, __LINE__, "not caught in %llu schedules",
		    (unsigned long long)schedules);
}

TEST("trap: a node cut before the new one is linked loses keys")
{
	must_be_caught(SKIP_CUT_BEFORE_LINK, 4000);
}

TEST("trap: slots shifted from left to right lose keys")
{
	must_be_caught(SKIP_SHIFT_LEFT_TO_RIGHT, 4000);
}

TEST("trap: the link has to be looked at again behind the slots")
{
	must_be_caught(SKIP_NO_SECOND_LOOK, 4000);
}

TEST("trap: next has to read its own slot again")
{
	must_be_caught(SKIP_NEXT_BLIND, 4000);
}

TEST("trap: prev has to read its own slot again")
{
	must_be_caught(SKIP_PREV_BLIND, 4000);
}
#endif
