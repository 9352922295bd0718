/*
 * The log goes from one process to the next, many times: left in order, left
 * by a kill, left by a power failure with any part of LOCK on the disk; to
 * writers that cannot have the ring and back, and to those who believe no
 * word of LOCK. What a writer was told stays, and what is there is a prefix.
 */
#include <stdio.h>

#include "base/random.h"
#include "support/dbkit.h"
#include "support/scale.h"

enum { TURNS = 60, PUTS_MAX = 40, SEEDS = 6 };

struct chain {
	struct sim *sim;
	lsm_options o;
	struct random r;
	unsigned acked, synced;		/* keys 0 .. n - 1 */
	bool strangers;			/* some without ring, some of other
					 * boots */
};

static const char *
key_of(unsigned i, char room[16])
{
	snprintf(room, 16, "k%06u", i);
	return room;
}

/* How many there are; they must be the first ones, and nothing else. */
static unsigned
count(lsm_db *db)
{
	char room[16];
	lsm_iter *it;
	unsigned n = 0;

	CHECK_OK(lsm_iter_new(db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); n++) {
		lsm_slice key = lsm_iter_key(it);

		CHECK_BYTES(bytes(key.data, key.size), key_of(n, room));
		CHECK_OK(lsm_iter_next(it));
	}
	lsm_iter_free(it);
	return n;
}

/* A reader before the next writer comes sees what that one will see. */
static void
take_over(struct chain *c, unsigned low)
{
	lsm_options r = c->o;
	unsigned seen, n;
	lsm_db *db;

	r.create = 0;
	r.read_only = 1;
	db = dbkit_open("db", &r);
	seen = count(db);
	dbkit_close(db);
	CHECK(seen >= low && seen <= c->acked);
	c->o.create = 0;
	db = dbkit_open("db", &c->o);
	n = count(db);
	CHECK_EQ(n, seen);
	c->acked = c->synced = n;	/* what an open shows, stays */
	dbkit_close(db);
}

static void
write_some(struct chain *c, lsm_db *db)
{
	uint64_t puts = random_below(&c->r, PUTS_MAX);
	static const char value[2000];
	char room[16];
	int more;

	for (uint64_t i = 0; i < puts; i++) {
		unsigned sync = random_below(&c->r, 8) == 0 ? LSM_SYNC : 0;
		size_t size = (size_t)random_below(&c->r, sizeof value);

		CHECK_OK(lsm_put(db, lsm_str(key_of(c->acked, room)),
		    lsm_bytes(value, size), sync));
		c->acked++;
		if (sync)
			c->synced = c->acked;
		if (random_below(&c->r, 10) == 0)
			CHECK_OK(lsm_step(db, &more));
	}
}

static void
move(struct chain *c, struct sim *to)
{
	sim_free(c->sim);
	c->sim = to;
	c->o.env = sim_env(to);
}

/* Who comes next, on the same disk? */
static void
stranger(struct chain *c)
{
	if (!c->strangers)
		return;
	sim_alone(c->sim, random_below(&c->r, 2) == 0);
	if (random_below(&c->r, 4) == 0)
		sim_other_boot(c->sim);
}

/* Open, write, and leave somehow. The handle of a dead process is let go of
 * on the disk that it died on. */
static void
turn(struct chain *c)
{
	uint64_t how = random_below(&c->r, 4);
	struct sim *after = NULL;
	unsigned low;
	size_t end;
	lsm_db *db;

	stranger(c);
	db = dbkit_open("db", &c->o);
	write_some(c, db);
	end = sim_operations(c->sim);
	if (how == 1)
		after = sim_kill(c->sim, end);
	if (how == 2)
		after = sim_crash(c->sim, end, SIM_RANDOM, random_next(&c->r));
	low = how >= 2 ? c->synced : c->acked;
	dbkit_close(db);
	if (after != NULL)
		move(c, after);
	if (how == 3)	/* in order, and then the power fails */
		move(c, sim_crash(c->sim, sim_operations(c->sim), SIM_DROP,
		    random_next(&c->r)));
	stranger(c);
	/* After a loss it must be known what there is, before more comes. */
	if (low < c->acked || random_below(&c->r, 2) == 0)
		take_over(c, low);
}

static void
check_chain(uint64_t seed, bool ring, bool strangers)
{
	struct chain c = { .sim = sim_new(seed), .r = { seed },
		.strangers = strangers };

	sim_capabilities(c.sim, ring, true);
	c.o = dbkit_options(c.sim);
	c.o.memtable_size = 16384;
	dbkit_close(dbkit_open("db", &c.o));
	for (int i = 0; i < TURNS; i++)
		turn(&c);
	take_over(&c, c.acked);
	CHECK(c.acked > 0);
	sim_free(c.sim);
}

TEST_SOLO("a log goes from hand to hand through the ring")
{
	for (uint64_t i = 0; i < SEEDS; i += SCALE_STEP)
		check_chain(test_seed() * 1000 + i, true, false);
}

TEST_SOLO("a log goes from hand to hand where there is no ring")
{
	for (uint64_t i = 0; i < SEEDS; i += SCALE_STEP)
		check_chain(test_seed() * 1000 + i, false, false);
}

TEST_SOLO("a log goes from hand to hand among strangers")
{
	for (uint64_t i = 0; i < 2 * SEEDS; i += SCALE_STEP)
		check_chain(test_seed() * 1000 + i, true, true);
}
