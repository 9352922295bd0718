/*
 * The protocol of pins under the seeded scheduler: a writer whose every edit
 * kills the one file of the version before, and readers that look for the
 * file of the version they pinned. As it is no file is ever missing; each way
 * that is known to be wrong is found out.
 */
#ifdef LSM_SCHED
#include "base/sched.h"
#include "db/pin.h"
#include "env/env_sim.h"
#include "support/test.h"

enum {
	EDITS = 40,
	LOOKS = 12,
	READERS = 3,
	SEEDS_GOOD = 400,
	SEEDS_BAD = 4000,	/* so many show any wrong way */
	CHANCE = 4
};

static const uint8_t id[16] = "pins";

static struct scene {
	struct env_lock *lock;
	struct env_log *log;
	struct pins readers[READERS];
	_Atomic bool there[EDITS + 2];	/* the file of each version */
	_Atomic uint64_t missing;
} scene;

static void
delete_below(uint64_t lowest)
{
	for (uint64_t e = 1; e < lowest; e++)
		store_release(&scene.there[e], false);
}

static void
writer(void *arg)
{
	const struct env_ops *ops = scene.log->env->ops;
	uint64_t lowest;

	(void)arg;
	for (uint64_t edit = 2; edit <= EDITS; edit++) {
		store_release(&scene.there[edit], true);
		ops->log_head(scene.log, env_head(edit, 1));
		if (pin_lowest(scene.lock, scene.log, edit, &lowest) ==
		    LSM_OK)
			delete_below(lowest);
	}
}

static void
reader(void *arg)
{
	struct env_words words;
	struct pin *pin;

	for (int i = 0; i < LOOKS; i++) {
		if (pin_take(arg, 0, &pin, &words) != LSM_OK || pin == NULL)
			continue;
		for (int look = 0; look < 6; look++)
			if (!load_acquire(&scene.there[pin->edit]))
				atomic_fetch_add(&scene.missing, 1);
		pin_drop(pin);
	}
}

static void
scene_begin(struct env_dir *dir)
{
	const struct env_ops *ops = dir->env->ops;
	struct env_tail tail;

	memset(&scene, 0, sizeof scene);
	CHECK_OK(ops->lock_open(dir, true, &scene.lock));
	CHECK_OK(ops->lock_hold(scene.lock, 0, 1, ENV_EXCLUSIVE));
	CHECK_OK(ops->log_open(dir, scene.lock, id, &scene.log, &tail));
	CHECK_OK(ops->log_prepare(dir, "000001.log", NULL, 0,
	    bytes("header", 6)));
	CHECK_OK(ops->log_switch(scene.log, "000001.log", 1, 6,
	    bytes("start", 5)));
	for (int i = 0; i < READERS; i++) {
		pins_init(&scene.readers[i]);
		memcpy(scene.readers[i].id, id, sizeof id);
		CHECK_OK(ops->lock_open(dir, false, &scene.readers[i].lock));
	}
	store_release(&scene.there[1], true);
	ops->log_oldest(scene.log, 1);
	ops->log_head(scene.log, env_head(1, 1));
}

static void
scene_end(struct env_dir *dir)
{
	for (int i = 0; i < READERS; i++) {
		dir->env->ops->lock_close(scene.readers[i].lock);
		pins_release(&scene.readers[i]);
	}
	dir->env->ops->log_close(scene.log);
	dir->env->ops->lock_close(scene.lock);
}

static uint64_t
missing_in(uint64_t seed)
{
	struct sched_thread threads[READERS + 1] = { { writer, NULL } };
	struct sim *sim = sim_new(seed);
	struct env_dir *dir;
	bool created;

	CHECK_OK(sim_env(sim)->ops->dir_open(sim_env(sim), "db", true, &dir,
	    &created));
	scene_begin(dir);
	for (int i = 0; i < READERS; i++)
		threads[i + 1] = (struct sched_thread){ reader,
			&scene.readers[i] };
	CHECK_EQ(sched_run(seed, CHANCE, threads, READERS + 1), SCHED_DONE);
	scene_end(dir);
	dir->env->ops->dir_close(dir);
	sim_free(sim);
	return scene.missing;
}

TEST("no file of a pinned version goes, whatever the order of steps")
{
	for (uint64_t i = 0; i < SEEDS_GOOD; i++)
		CHECK_EQ(missing_in(test_seed() + i), 0);
}

static void
found_out(enum pin_bug bug)
{
	uint64_t missing = 0;

	pin_bug = bug;
	for (uint64_t i = 0; i < SEEDS_BAD && missing == 0; i++)
		missing = missing_in(test_seed() + i);
	pin_bug = PIN_BUG_NONE;
	CHECK(missing > 0);
}

TEST("a pin that does not look at the oldest version again is found out")
{
	found_out(PIN_BUG_ONE_LOOK);
}

TEST("a writer that asks for pins before it announces is found out")
{
	found_out(PIN_BUG_QUESTION_FIRST);
}

TEST("a pin without a lock is found out")
{
	found_out(PIN_BUG_NO_LOCK);
}
#else
typedef int pins_sched_needs_the_scheduler;
#endif
