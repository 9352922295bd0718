/*
 * recovery.c - recovery is hindered: calls of the door fail, memory is out.
 *
 *	recovery [--long] [--seed S] [--seeds N] [--script NAME]
 *
 * Disks that a killed process or a power loss left are opened, and in each
 * attempt another call of the door, or another allocation, fails. The attempt
 * says so or works. The next one, unhindered, must open and hold what the
 * crash had to leave, take a write, and hold both when the power fails.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/random.h"
#include "support/scale.h"
#include "support/script_test.h"
#include "support/story.h"
#include "support/wrong.h"

enum { IMAGES = 4, IMAGES_LONG = 40, KINDS = 12 };

static uint64_t attempts, refused;

/* A disk that can be had again and again. */
struct left {
	struct story *story;
	struct bounds bounds;
	size_t upto;
	bool power;
	uint64_t seed;
};

/* What is in the way: a door's call, or an allocation. */
struct hindrance {
	bool memory;
	uint64_t at;			/* 0: nothing */
	unsigned kind;
};

static struct left
left_random(struct story *st, struct random *r)
{
	struct left l = { .story = st };

	l.upto = random_below(r, sim_operations(st->sim) + 1);
	l.power = random_below(r, 2) == 0;
	l.seed = random_next(r);
	l.bounds = story_bounds(st, l.upto, l.power);
	return l;
}

static struct sim *
left_image(const struct left *l)
{
	struct sim *sim = l->story->sim;

	return l->power ? sim_crash(sim, l->upto, SIM_RANDOM, l->seed) :
	    sim_kill(sim, l->upto);
}

static void
hinder(const struct hindrance *h, struct sim *sim)
{
	static const int codes[] = { LSM_IO, LSM_NO_SPACE, LSM_SYSTEM };

	if (h->memory)
		mem_fail_at(h->at, h->kind % 2);
	else
		sim_fail_at(sim, h->at, codes[h->kind % 3], h->kind / 3 % 2,
		    h->kind / 6);
}

static void
unhinder(struct sim *sim)
{
	mem_fail_at(0, false);
	sim_fail_at(sim, 0, 0, false, false);
}

static bool
prefix_of(const struct left *l, size_t low, uint64_t hash, size_t *found)
{
	*found = oracle_find(l->story->session.oracle, hash, low,
	    l->bounds.high);
	return *found != SIZE_MAX || wrong("no prefix of %zu to %zu commits",
	    low, l->bounds.high);
}

/* What it shows must be right, and is there for good. */
static bool
attempt(const struct left *l, const struct hindrance *h, struct sim *sim,
    uint64_t *calls, size_t *low)
{
	uint64_t hash, before = h->memory ? mem_calls() : sim_calls(sim);
	lsm_db *db;
	bool ok;
	int rc;

	hinder(h, sim);
	ok = story_open(l->story, sim, &db, &hash, &rc);
	*calls = (h->memory ? mem_calls() : sim_calls(sim)) - before;
	if (ok && rc == LSM_OK)
		ok = prefix_of(l, l->bounds.low, hash, low);
	if (ok && (rc == LSM_CORRUPT || rc == LSM_BUG || rc == LSM_NOTFOUND))
		ok = wrong("hindered open: %s", lsm_message());
	lsm_close(db);
	unhinder(sim);
	attempts++;
	refused += rc != LSM_OK;
	return ok;
}

static bool
opens(const struct left *l, struct sim *sim, lsm_db **db, uint64_t *hash)
{
	int rc;

	if (!story_open(l->story, sim, db, hash, &rc))
		return false;
	return rc == LSM_OK || wrong("open: %s: %s", lsm_strerror(rc),
	    lsm_message());
}

static bool
write_and_lose_power(const struct left *l, struct sim *sim, lsm_db *db,
    uint64_t hash)
{
	uint64_t more, again = 0;
	struct sim *after;
	lsm_db *other;
	bool ok;

	if (story_write(db, l->seed, &more) != LSM_OK)
		return wrong("one more write: %s", lsm_message());
	after = sim_crash(sim, sim_operations(sim), SIM_DROP, l->seed);
	ok = opens(l, after, &other, &again);
	lsm_close(other);
	if (ok && again != hash + more)
		ok = wrong("after a power loss it is not the same");
	if (!ok)
		wrong("(after a power loss)");
	sim_free(after);
	return ok;
}

static bool
hindered_once(const struct left *l, const struct hindrance *h, uint64_t *calls)
{
	struct sim *sim = left_image(l);
	uint64_t live = mem_live(), hash;
	size_t found, low = l->bounds.low;
	lsm_db *db = NULL;
	bool ok = attempt(l, h, sim, calls, &low);

	ok = ok && opens(l, sim, &db, &hash) &&
	    prefix_of(l, low, hash, &found);
	/* Without the shared page nobody could tell that a sync had failed. */
	if (ok && (l->story->script->ring || h->at == 0))
		ok = write_and_lose_power(l, sim, db, hash);
	lsm_close(db);
	sim_free(sim);
	return ok && (mem_live() == live || wrong("%" PRIu64 " allocations "
	    "left behind", mem_live() - live));
}

static bool
told(const struct left *l, const struct hindrance *h, bool ok)
{
	if (!ok)
		fprintf(stderr, "script \"%s\": %s after operation %zu, seed %"
		    PRIu64 ": %s %" PRIu64 ", kind %u: %s\n",
		    l->story->script->name, l->power ? "power" : "kill",
		    l->upto, l->seed, h->memory ? "allocation" : "call",
		    h->at, h->kind, wrong_words());
	return ok;
}

static bool
hindered(const struct left *l, bool memory, bool thorough)
{
	struct hindrance h = { .memory = memory };
	struct random r = { l->seed };
	uint64_t calls = 0, unused;
	bool ok = told(l, &h, hindered_once(l, &h, &calls));

	for (h.at = 1; h.at <= calls && ok; h.at += thorough ? 1 : SCALE_STEP)
		for (unsigned k = 0; k < (thorough ? KINDS : 2) && ok; k++) {
			h.kind = thorough ? k : k ? 0 :
			    (unsigned)random_below(&r, KINDS);
			ok = told(l, &h, hindered_once(l, &h, &unused));
		}
	return ok;
}

static bool
script_recovery(const struct script *script, uint64_t seed, bool thorough)
{
	uint64_t before = attempts;
	struct random r = { seed };
	struct story st;
	bool ok = story_tell(&st, script, seed);

	for (int i = 0; i < (thorough ? IMAGES_LONG : IMAGES) && ok; i++) {
		struct left l = left_random(&st, &r);

		ok = hindered(&l, false, thorough) &&
		    hindered(&l, true, thorough);
	}
	story_release(&st);
	printf("%s: %" PRIu64 " attempts\n", script->name, attempts - before);
	return ok;
}

static void
sum(void)
{
	printf("%" PRIu64 " attempts, %" PRIu64 " refused\n", attempts,
	    refused);
}

int
main(int argc, char **argv)
{
	static const struct script_test test = { .run = script_recovery,
		.sum = sum,
		.seeds = 1,
		.seeds_long = 1 };

	return script_test_main(argc, argv, &test);
}
