/*
 * Iterators through lsm.h: both ways, at every end, in ranges of every kind,
 * longer lived than what they read, over all places where entries may lie.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/kit.h"

/* b, d and f, in three tables and the memtable, deletes between them. */
static void
kit_spread(struct kit *k)
{
	kit_open(k);
	dbkit_put(k->db, "a", "gone");
	dbkit_put(k->db, "b", "old");
	dbkit_put(k->db, "g", "gone");
	CHECK_OK(lsm_flush(k->db));
	dbkit_delete(k->db, "a");
	dbkit_put(k->db, "d", "4");
	dbkit_put(k->db, "e", "gone");
	CHECK_OK(lsm_flush(k->db));
	dbkit_delete(k->db, "c");
	dbkit_put(k->db, "b", "2");
	dbkit_delete(k->db, "g");
	CHECK_OK(lsm_flush(k->db));
	dbkit_delete(k->db, "e");
	dbkit_put(k->db, "f", "6");
}

static lsm_iter *
iter_on(struct kit *k, const lsm_range *range)
{
	lsm_iter *it;

	CHECK_OK(lsm_iter_new(k->db, NULL, range, &it));
	CHECK(!lsm_iter_valid(it));
	return it;
}

/* "" : stands nowhere. */
static void
stands(lsm_iter *it, const char *key)
{
	lsm_slice k;

	CHECK_EQ(lsm_iter_valid(it) != 0, key[0] != '\0');
	if (!lsm_iter_valid(it))
		return;
	k = lsm_iter_key(it);
	CHECK_BYTES(bytes(k.data, k.size), key);
}

static void
seek_to(lsm_iter *it, const char *key, const char *up, const char *down)
{
	CHECK_OK(lsm_iter_seek(it, lsm_str(key)));
	stands(it, up);
	CHECK_OK(lsm_iter_seek_for_prev(it, lsm_str(key)));
	stands(it, down);
}

TEST("an iterator over nothing stands nowhere, whatever it is asked")
{
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	it = iter_on(&k, NULL);
	CHECK_OK(lsm_iter_first(it));
	stands(it, "");
	CHECK_OK(lsm_iter_last(it));
	stands(it, "");
	seek_to(it, "", "", "");
	seek_to(it, "x", "", "");
	lsm_iter_free(it);
	kit_close(&k);
}

TEST("entries of memory and tables come in order, newest first, both ways")
{
	struct kit k;

	kit_spread(&k);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "b=2 d=4 f=6");
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, true), "f=6 d=4 b=2");
	kit_close(&k);
}

TEST("a seek finds the key itself, or the next to it on the asked side")
{
	struct kit k;
	lsm_iter *it;

	kit_spread(&k);
	it = iter_on(&k, NULL);
	seek_to(it, "", "b", "");
	seek_to(it, "a", "b", "");
	seek_to(it, "b", "b", "b");
	seek_to(it, "ba", "d", "b");
	seek_to(it, "c", "d", "b");
	seek_to(it, "d", "d", "d");
	seek_to(it, "e", "f", "d");
	seek_to(it, "f", "f", "f");
	seek_to(it, "f\x01", "", "f");
	seek_to(it, "g", "", "f");
	seek_to(it, "\xff\xff", "", "f");
	lsm_iter_free(it);
	kit_close(&k);
}

TEST("steps turn at any place, and past an end it stands nowhere")
{
	struct kit k;
	lsm_iter *it;

	kit_spread(&k);
	it = iter_on(&k, NULL);
	CHECK_OK(lsm_iter_seek(it, lsm_str("c")));
	CHECK_OK(lsm_iter_prev(it));
	stands(it, "b");
	CHECK_OK(lsm_iter_next(it));
	stands(it, "d");
	CHECK_OK(lsm_iter_next(it));
	stands(it, "f");
	CHECK_OK(lsm_iter_prev(it));
	stands(it, "d");
	CHECK_OK(lsm_iter_next(it));
	CHECK_OK(lsm_iter_next(it));
	stands(it, "");
	CHECK_OK(lsm_iter_first(it));
	CHECK_OK(lsm_iter_prev(it));
	stands(it, "");
	CHECK_OK(lsm_iter_last(it));
	stands(it, "f");
	lsm_iter_free(it);
	kit_close(&k);
}

/* All that the four seeks may find in a range. */
static void
check_range(struct kit *k, const lsm_range *r, const char *up,
    const char *down)
{
	CHECK_STR(dbkit_scan(k->db, NULL, r, false), up);
	CHECK_STR(dbkit_scan(k->db, NULL, r, true), down);
}

static lsm_range
range_of(const char *from, const char *to)
{
	lsm_range r = { { NULL, 0 }, { NULL, 0 } };

	if (from)
		r.from = lsm_str(from);
	if (to)
		r.to = lsm_str(to);
	return r;
}

TEST("a range begins with its first bound and ends before its second")
{
	static const struct {
		const char *from, *to, *up, *down;
	} cases[] = {
		{ NULL, NULL, "b=2 d=4 f=6", "f=6 d=4 b=2" },
		{ "b", NULL, "b=2 d=4 f=6", "f=6 d=4 b=2" },
		{ "b\x01", NULL, "d=4 f=6", "f=6 d=4" },
		{ NULL, "f", "b=2 d=4", "d=4 b=2" },
		{ NULL, "f\x01", "b=2 d=4 f=6", "f=6 d=4 b=2" },
		{ NULL, "", "", "" },
		{ "", "", "", "" },
		{ "b", "d", "b=2", "b=2" },
		{ "c", "d", "", "" },
		{ "d", "d", "", "" },
		{ "f", "b", "", "" },
		{ "x", "z", "", "" },
		{ "", "a", "", "" },
	};
	struct kit k;
	lsm_range r;

	kit_spread(&k);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		r = range_of(cases[i].from, cases[i].to);
		check_range(&k, &r, cases[i].up, cases[i].down);
	}
	kit_close(&k);
}

TEST("seeks out of the range stay in it")
{
	lsm_range r = range_of("c", "f");
	struct kit k;
	lsm_iter *it;

	kit_spread(&k);
	it = iter_on(&k, &r);
	seek_to(it, "", "d", "");
	seek_to(it, "b", "d", "");
	seek_to(it, "d", "d", "d");
	seek_to(it, "e", "", "d");
	seek_to(it, "f", "", "d");
	seek_to(it, "z", "", "d");
	CHECK_OK(lsm_iter_prev(it));
	stands(it, "");
	CHECK_OK(lsm_iter_seek(it, lsm_str("d")));
	CHECK_OK(lsm_iter_next(it));
	stands(it, "");
	lsm_iter_free(it);
	kit_close(&k);
}

TEST("the bounds are copied: their memory may go")
{
	char from[] = "c", to[] = "g";
	lsm_range r = range_of(from, to);
	struct kit k;
	lsm_iter *it;

	kit_spread(&k);
	it = iter_on(&k, &r);
	from[0] = to[0] = 'z';
	CHECK_OK(lsm_iter_first(it));
	stands(it, "d");
	CHECK_OK(lsm_iter_last(it));
	stands(it, "f");
	lsm_iter_free(it);
	kit_close(&k);
}

TEST("bounds and targets longer than any key stand behind their prefix")
{
	enum { LONG = LSM_KEY_MAX + 100 };
	char *text = malloc(LONG);
	lsm_slice most = lsm_bytes(text, LSM_KEY_MAX);
	lsm_slice beyond = lsm_bytes(text, LONG);
	lsm_range r = { beyond, { NULL, 0 } };
	struct kit k;
	lsm_iter *it;

	CHECK(text != NULL);
	memset(text, 'c', LONG);
	kit_spread(&k);
	CHECK_OK(lsm_put(k.db, most, lsm_str("most"), 0));
	check_range(&k, &r, "d=4 f=6", "f=6 d=4");
	r = (lsm_range){ { NULL, 0 }, beyond };
	it = iter_on(&k, &r);
	CHECK_OK(lsm_iter_last(it));
	CHECK(lsm_iter_valid(it) && lsm_iter_key(it).size == LSM_KEY_MAX);
	lsm_iter_free(it);
	it = iter_on(&k, NULL);
	CHECK_OK(lsm_iter_seek(it, beyond));
	stands(it, "d");
	CHECK_OK(lsm_iter_seek_for_prev(it, beyond));
	CHECK(lsm_iter_valid(it) && lsm_iter_key(it).size == LSM_KEY_MAX);
	CHECK_OK(lsm_iter_seek(it, most));
	CHECK(lsm_iter_valid(it) && lsm_iter_key(it).size == LSM_KEY_MAX);
	lsm_iter_free(it);
	free(text);
	kit_close(&k);
}

static void
check_prefix(lsm_db *db, const char *prefix, const char *wanted)
{
	lsm_buffer room = { 0 };
	lsm_range r;

	CHECK_OK(lsm_range_prefix(lsm_str(prefix), &room, &r));
	CHECK_STR(dbkit_scan(db, NULL, &r, false), wanted);
	lsm_buffer_free(&room);
}

TEST("a prefix holds its keys and no others, also where it ends with 0xff")
{
	static const char *const keys[] = { "", "a", "a\xff", "a\xff\x01",
		"a\xff\xff", "b", "ba", "\xff", "\xff\xff", "\xff\xff\x01" };
	struct kit k;

	kit_open(&k);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		dbkit_put(k.db, keys[i], "");
	check_prefix(k.db, "a", "a= a\xff= a\xff\x01= a\xff\xff=");
	check_prefix(k.db, "a\xff", "a\xff= a\xff\x01= a\xff\xff=");
	check_prefix(k.db, "a\xff\xff", "a\xff\xff=");
	check_prefix(k.db, "b", "b= ba=");
	check_prefix(k.db, "c", "");
	check_prefix(k.db, "\xff", "\xff= \xff\xff= \xff\xff\x01=");
	check_prefix(k.db, "\xff\xff", "\xff\xff= \xff\xff\x01=");
	check_prefix(k.db, "", "= a= a\xff= a\xff\x01= a\xff\xff= b= ba= "
	    "\xff= \xff\xff= \xff\xff\x01=");
	kit_close(&k);
}

TEST("a prefix without an end needs no room")
{
	lsm_buffer room = { 0 };
	lsm_range r;

	CHECK_OK(lsm_range_prefix(lsm_str("\xff\xff"), &room, &r));
	CHECK(r.to.data == NULL && room.data == NULL);
	CHECK_OK(lsm_range_prefix(lsm_str(""), &room, &r));
	CHECK(r.to.data == NULL && r.from.size == 0);
}

TEST("a seek may be given the iterator's own key and value")
{
	struct kit k;
	lsm_iter *it;

	kit_spread(&k);
	dbkit_put(k.db, "ca", "f");
	for (int i = 0; i < 2; i++) {
		it = iter_on(&k, NULL);
		CHECK_OK(lsm_iter_seek(it, lsm_str("ca")));
		CHECK_OK(lsm_iter_seek(it, lsm_iter_key(it)));
		stands(it, "ca");
		CHECK_OK(lsm_iter_seek_for_prev(it, lsm_iter_key(it)));
		stands(it, "ca");
		CHECK_OK(lsm_iter_seek(it, lsm_iter_value(it)));
		stands(it, "f");
		CHECK_OK(lsm_iter_seek(it, lsm_str("ca")));
		CHECK_OK(lsm_iter_seek_for_prev(it, lsm_iter_value(it)));
		stands(it, "f");
		lsm_iter_free(it);
		CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	kit_close(&k);
}

TEST_SOLO("an iterator sees what was there when it was made, for ever")
{
	struct kit k;
	lsm_iter *it;
	unsigned n = 0;

	kit_open(&k);
	dbkit_fill(k.db, 0, 500, "old");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 500, 1000, "old");
	it = iter_on(&k, NULL);
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); n++) {
		char value[32];
		lsm_slice v = lsm_iter_value(it);

		snprintf(value, sizeof value, "v%uold", n);
		CHECK_BYTES(bytes(v.data, v.size), value);
		CHECK_EQ(lsm_iter_sequence(it), n + 1);
		if (n % 100 == 50) {
			dbkit_fill(k.db, 0, 1200, "new");
			dbkit_delete(k.db, "k000999");
			CHECK_OK(lsm_compact(k.db, NULL, NULL));
		}
		CHECK_OK(lsm_iter_next(it));
	}
	CHECK_EQ(n, 1000);
	CHECK_OK(lsm_iter_last(it));
	stands(it, "k000999");
	lsm_iter_free(it);
	CHECK_EQ(dbkit_files(k.db, "table", false), 1);
	kit_close(&k);
}

TEST("an iterator of a snapshot does not see what came before itself only")
{
	lsm_snapshot *s;
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	dbkit_put(k.db, "a", "1");
	CHECK_OK(lsm_iter_new(k.db, s, NULL, &it));
	lsm_snapshot_free(s);
	CHECK_OK(lsm_iter_first(it));
	stands(it, "");
	lsm_iter_free(it);
	kit_close(&k);
}

/* Against the plain way: a table of what is there. */
enum { MODEL_KEYS = 300 };

struct model {
	bool there[MODEL_KEYS];
	unsigned value[MODEL_KEYS];
};

static void
model_write(struct kit *k, struct model *m, struct random *r, unsigned turn)
{
	unsigned i = (unsigned)random_below(r, MODEL_KEYS);
	char key[16], value[16];

	snprintf(key, sizeof key, "%03u", i);
	snprintf(value, sizeof value, "%u", turn);
	m->there[i] = random_below(r, 3) != 0;
	m->value[i] = turn;
	if (m->there[i])
		dbkit_put(k->db, key, value);
	else
		dbkit_delete(k->db, key);
}

static void
model_stands(const struct model *m, lsm_iter *it, int at)
{
	char text[16];
	lsm_slice v;

	if (at < 0 || at >= MODEL_KEYS) {
		stands(it, "");
		return;
	}
	snprintf(text, sizeof text, "%03d", at);
	stands(it, text);
	snprintf(text, sizeof text, "%u", m->value[at]);
	v = lsm_iter_value(it);
	CHECK_BYTES(bytes(v.data, v.size), text);
}

static int
model_from(const struct model *m, int at, int step)
{
	while (at >= 0 && at < MODEL_KEYS && !m->there[at])
		at += step;
	return at;
}

/* A walk of random steps and turns. */
static void
model_walk(const struct model *m, lsm_iter *it, struct random *r)
{
	int at = (int)random_below(r, MODEL_KEYS);
	char key[16];

	snprintf(key, sizeof key, "%03d", at);
	if (random_below(r, 2)) {
		at = model_from(m, at, 1);
		CHECK_OK(lsm_iter_seek(it, lsm_str(key)));
	} else {
		at = model_from(m, at, -1);
		CHECK_OK(lsm_iter_seek_for_prev(it, lsm_str(key)));
	}
	model_stands(m, it, at);
	for (int i = 0; i < 30 && lsm_iter_valid(it); i++) {
		int step = random_below(r, 2) ? 1 : -1;

		CHECK_OK(step > 0 ? lsm_iter_next(it) : lsm_iter_prev(it));
		at = model_from(m, at + step, step);
		model_stands(m, it, at);
	}
}

TEST("random walks over many runs show what a plain table shows")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	for (unsigned turn = 0; turn < 3000; turn++) {
		model_write(&k, &m, &r, turn);
		if (random_below(&r, 300) == 0)
			CHECK_OK(lsm_flush(k.db));
		if (turn % 100 != 99)
			continue;
		it = iter_on(&k, NULL);
		for (int i = 0; i < 10; i++)
			model_walk(&m, it, &r);
		lsm_iter_free(it);
	}
	kit_close(&k);
}

TEST("a failed movement stands nowhere, and the next may work")
{
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	sim_capabilities(k.sim, true, false);
	dbkit_close(k.db);
	k.o.reads = LSM_READS_STRICT;
	k.o.cache_size = 0;
	kit_start(&k);
	dbkit_fill(k.db, 0, 2000, "");
	CHECK_OK(lsm_flush(k.db));
	it = iter_on(&k, NULL);
	CHECK_OK(lsm_iter_first(it));
	sim_fail_at(k.sim, 1, LSM_IO, true, false);
	CHECK_CODE(lsm_iter_last(it), LSM_IO);
	stands(it, "");
	sim_fail_at(k.sim, 0, 0, false, false);
	CHECK_OK(lsm_iter_last(it));
	stands(it, "k001999");
	lsm_iter_free(it);
	kit_close(&k);
}
