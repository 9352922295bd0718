/*
 * crash.c - every state that a crash can leave, opened and compared.
 *
 *	crash [--long] [--seed S] [--seeds N] [--script NAME]
 *
 * Each script runs once on the simulated disk. Then, for every prefix of what
 * the disk saw: the disk of a killed process, for one who comes of its boot or
 * of another, with the ring or without it; and disks of a power loss with all,
 * nothing, or some of what was not durable. Each must open and hold the first
 * N commits, N not below what was acknowledged; take one more write, and hold
 * that after it was opened again, without a file that nobody needs.
 * Of some all is merged then, and nothing that was deleted may come back. Each
 * crashes once more somewhere in that recovery and its first write.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "base/random.h"
#include "env/files.h"
#include "support/script_test.h"
#include "support/story.h"
#include "support/wrong.h"

enum { RANDOM_IMAGES = 10, RANDOM_IMAGES_LONG = 40, SEEDS_LONG = 50,
	MERGED_ONE_IN = 12 };
#if defined(__SANITIZE_ADDRESS__)
enum { SEEDS = 1 };
#else
enum { SEEDS = 5 };
#endif

/* One disk. Before a second crash there was perhaps one write more. */
struct trial {
	struct story *story;
	struct bounds bounds;
	uint64_t before;		/* hash of that write */
	bool before_must, before_may;
	uint64_t seed;
	uint64_t more;			/* hash of the write it does itself */
	size_t found;			/* the prefix that the first open had */
	size_t opened_at, wrote_at;	/* operations by then */
};

static uint64_t *seen;			/* hashes of images, open addressing */
static size_t seen_size, seen_count;
static uint64_t states, doubles, depth_two, merged;

/* ---- images seen before ------------------------------------------------ */

static bool
seen_before(uint64_t hash)
{
	size_t i;

	if (4 * seen_count >= 3 * seen_size) {
		size_t old_size = seen_size;
		uint64_t *old = seen;

		seen_size = old_size ? 2 * old_size : 1 << 12;
		seen = need(seen_size * sizeof *seen);
		seen_count = 0;
		for (i = 0; i < old_size; i++)
			if (old[i])
				(void)seen_before(old[i]);
		free(old);
	}
	hash |= hash == 0;
	for (i = hash % seen_size; seen[i] != 0; i = (i + 1) % seen_size)
		if (seen[i] == hash)
			return true;
	seen[i] = hash;
	seen_count++;
	return false;
}

static uint64_t
file_hash(struct env_dir *dir, const char *name)
{
	struct env_file *file;
	uint64_t size = 0, hash = 0;
	uint8_t *p;
	size_t got = 0;

	if (dir->env->ops->file_open(dir, name, ENV_READ, &file) != LSM_OK)
		return 1;
	(void)dir->env->ops->file_size(file, &size);
	p = need(size);
	(void)dir->env->ops->file_read(file, 0, p, size, &got);
	hash = checksum64(p, got, checksum64(name, strlen(name), 0));
	free(p);
	env_file_close(file);
	return hash;
}

/* What recovery may take out of LOCK. */
static uint64_t
ring_hash(struct env_dir *dir)
{
	const struct env_ops *ops = dir->env->ops;
	struct buffer ring = { 0 };
	struct env_lock *lock;
	uint64_t hash = 0;

	if (ops->lock_open(dir, false, &lock) != LSM_OK)
		return 0;
	if (ops->log_ring(lock, 0, &ring) == LSM_OK)
		hash = checksum64(ring.p, ring.n, 0);
	buffer_free(&ring);
	ops->lock_close(lock);
	return hash;
}

/* Names and content of the database's directory. */
static uint64_t
image_hash(struct sim *sim)
{
	lsm_env *env = sim_env(sim);
	struct env_names names = { 0 };
	struct env_dir *dir;
	const char *name = NULL;
	uint64_t hash = 0;
	bool created;

	if (env->ops->dir_open(env, "/db", false, &dir, &created) != LSM_OK)
		return 2;
	if (env->ops->dir_list(dir, &names) == LSM_OK) {
		while ((name = env_names_next(&names, name)) != NULL)
			hash += file_hash(dir, name);
		env_names_free(&names);
	}
	hash += ring_hash(dir);
	env->ops->dir_close(dir);
	return hash;
}

/* ---- one image --------------------------------------------------------- */

static bool
bounds_match(struct trial *t, uint64_t hash)
{
	const struct oracle *o = t->story->session.oracle;
	const struct bounds *b = &t->bounds;

	t->found = SIZE_MAX;
	if (!t->before_must)
		t->found = oracle_find(o, hash, b->low, b->high);
	if (t->found == SIZE_MAX && t->before_may)
		t->found = oracle_find(o, hash - t->before, b->low, b->high);
	return t->found != SIZE_MAX || wrong("no prefix of %zu to %zu "
	    "commits%s", b->low, b->high, t->before_must ? " and one more" :
	    "");
}

static bool
open_and_scan(struct trial *t, struct sim *image, lsm_db **db, uint64_t *hash)
{
	int rc;

	*db = NULL;
	if (!story_open(t->story, image, db, hash, &rc))
		return false;
	return rc == LSM_OK || wrong("open: %s: %s", lsm_strerror(rc),
	    lsm_message());
}

static bool
closes(lsm_db *db, bool ok)
{
	int rc = lsm_close(db);

	return ok && (rc == LSM_OK || wrong("close: %s", lsm_message()));
}

static void
leak_see(void *arg, const lsm_file_info *f)
{
	static const char *const kinds[] = { "table", "log", "manifest",
		"temporary", "unfinished" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (f->present && !f->live && strcmp(f->kind, kinds[i]) == 0)
			snprintf(arg, FILE_NAME_MAX, "%s", f->name);
}

/* After an open behind a close in order. */
static bool
nothing_leaked(lsm_db *db)
{
	char name[FILE_NAME_MAX] = "";
	int rc = lsm_files(db, leak_see, name);

	if (rc != LSM_OK)
		return wrong("files: %s", lsm_message());
	return name[0] == '\0' || wrong("%s was left behind", name);
}

/* Deletes go where nothing is below them: what they hid would be seen. */
static bool
merges_to_same(struct trial *t, lsm_db *db, uint64_t hash)
{
	uint64_t again;
	size_t count;
	int rc;

	if ((t->seed + t->opened_at) % MERGED_ONE_IN != 0)
		return true;
	merged++;
	if (lsm_compact(db, NULL, NULL) != LSM_OK)
		return wrong("merge: %s", lsm_message());
	if (!scan_hash(db, NULL, &again, &count, &rc))
		return false;
	return (rc == LSM_OK && again == hash) ||
	    wrong("merged it is not the same");
}

static bool
image_check(struct trial *t, struct sim *image)
{
	uint64_t hash, again;
	lsm_db *db;
	bool ok;

	states++;
	if (!open_and_scan(t, image, &db, &hash))
		return closes(db, false);
	t->opened_at = sim_operations(image);
	ok = bounds_match(t, hash) &&
	    (story_write(db, t->seed, &t->more) == LSM_OK ||
	    wrong("one more write: %s", lsm_message()));
	t->wrote_at = sim_operations(image);
	if (!closes(db, ok))
		return false;
	ok = open_and_scan(t, image, &db, &again) && (again == hash + t->more ||
	    wrong("opened again it is not the same")) && nothing_leaked(db) &&
	    merges_to_same(t, db, again);
	return closes(db, ok);
}

/* ---- a crash while the first recovery or its first write was at work ---- */

static void
bounds_again(struct trial *t, const struct trial *first, size_t upto,
    bool power)
{
	t->bounds = first->bounds;
	if (power)
		t->bounds.low = t->bounds.synced;
	t->before = first->more;
	t->before_may = upto >= first->opened_at;
	t->before_must = upto >= first->wrote_at;
	if (t->before_must)
		t->bounds.low = t->bounds.high = first->found;
}

/* Who comes after a kill: of the same boot or of another one, and sometimes
 * he cannot have the ring. */
static struct sim *
killed(struct sim *sim, size_t upto, uint64_t seed)
{
	struct sim *image = sim_kill(sim, upto);

	sim_alone(image, seed % 4 == 0);
	if (seed / 4 % 4 == 0)
		sim_other_boot(image);
	return image;
}

static bool
crash_again(struct trial *first, struct sim *image, size_t from,
    struct random *r)
{
	size_t end = sim_operations(image), upto;
	struct trial t = { .story = first->story, .seed = random_next(r) };
	struct sim *after;
	bool kill = random_below(r, 3) == 0, ok;

	if (end <= from)
		return true;
	upto = from + random_below(r, end - from + 1);
	bounds_again(&t, first, upto, !kill);
	after = kill ? killed(image, upto, t.seed) :
	    sim_crash(image, upto, SIM_RANDOM, t.seed);
	depth_two++;
	ok = image_check(&t, after);
	if (!ok)
		fprintf(stderr, "  second crash: %s after %zu of %zu to %zu, "
		    "seed %" PRIu64 "\n", kill ? "kill" : "power", upto, from,
		    end, t.seed);
	sim_free(after);
	return ok;
}

static bool
image_try(struct story *st, struct sim *image, struct bounds b, uint64_t seed)
{
	struct trial t = { .story = st, .bounds = b, .seed = seed };
	size_t from = sim_operations(image);
	struct random r = { seed };
	bool ok = image_check(&t, image);

	if (ok)
		ok = crash_again(&t, image, from, &r);
	return ok;
}

/* ---- all images of a script --------------------------------------------- */

static bool
told(struct story *st, size_t upto, const char *how, uint64_t seed, bool ok)
{
	char text[SIM_TEXT_MAX] = "nothing";

	if (ok)
		return true;
	if (upto > 0)
		sim_describe(st->sim, upto - 1, text);
	fprintf(stderr, "script \"%s\": %s after operation %zu (%s), seed "
	    "%" PRIu64 ": %s\n", st->script->name, how, upto, text, seed,
	    wrong_words());
	return false;
}

static bool
kill_try(struct story *st, size_t upto, uint64_t seed)
{
	struct sim *image = killed(st->sim, upto, seed);
	bool ok = image_try(st, image, story_bounds(st, upto, false), seed);

	sim_free(image);
	return told(st, upto, "kill", seed, ok);
}

static bool
power_try(struct story *st, size_t upto, enum sim_loss how, uint64_t seed)
{
	struct sim *image = sim_crash(st->sim, upto, how, seed);
	struct bounds b = story_bounds(st, upto, true);
	bool ok = true;

	if (seen_before(image_hash(image) ^ b.low << 48 ^ b.high << 32))
		doubles++;
	else
		ok = image_try(st, image, b, seed);
	sim_free(image);
	return told(st, upto, how == SIM_DROP ? "power, all lost" :
	    how == SIM_KEEP ? "power, all kept" : how == SIM_CHOOSE ?
	    "power, some kept" : "power, torn", seed, ok);
}

/* All subsets when few operations are undecided, else each one missing and
 * each one alone. */
static bool
power_subsets(struct story *st, size_t upto)
{
	size_t n = sim_undecided(st->sim, upto);
	bool ok = true;

	for (uint64_t s = 0; n <= 8 && s < UINT64_C(1) << n && ok; s++)
		ok = power_try(st, upto, SIM_CHOOSE, s);
	for (size_t i = 0; n > 8 && i < n && i < 64 && ok; i++)
		ok = power_try(st, upto, SIM_CHOOSE, UINT64_C(1) << i) &&
		    power_try(st, upto, SIM_CHOOSE, ~(UINT64_C(1) << i));
	return ok;
}

static bool
power_all(struct story *st, size_t upto, struct random *r, bool thorough)
{
	size_t n = sim_undecided(st->sim, upto);
	bool ok = power_try(st, upto, SIM_DROP, 0);

	if (n == 0)
		return ok;
	ok = ok && power_try(st, upto, SIM_KEEP, 0) &&
	    power_try(st, upto, SIM_CHOOSE, ~(UINT64_C(1) <<
	    random_below(r, n < 64 ? n : 64)));
	for (int i = 0; ok && i < (thorough ? RANDOM_IMAGES_LONG :
	    RANDOM_IMAGES); i++)
		ok = power_try(st, upto, SIM_RANDOM, random_next(r));
	return ok && (!thorough || power_subsets(st, upto));
}

static uint64_t
logs_again(struct sim *sim)
{
	char text[SIM_TEXT_MAX];
	uint64_t n = 0;

	for (size_t i = 0; i < sim_operations(sim); i++) {
		sim_describe(sim, i, text);
		n += strncmp(text, "rename ", 7) == 0 &&
		    strstr(text, ".log") != NULL;
	}
	return n;
}

/* False: it did not go well, or not where it should. */
static bool
script_tell(struct story *st, const struct script *script, uint64_t seed)
{
	struct reached *reached = &st->session.reached;
	bool ok = story_tell(st, script, seed);

	reached->logs_again = logs_again(st->sim);
	ok = ok && script_reached(script, reached);
	if (!ok)
		fprintf(stderr, "script \"%s\" itself: %s\n", script->name,
		    wrong_words());
	return ok;
}

static bool
script_crash(const struct script *script, uint64_t seed, bool thorough)
{
	struct story st;
	uint64_t live = mem_live(), before = states;
	struct random r = { seed };
	bool ok = script_tell(&st, script, seed);
	struct reached did = st.session.reached;
	size_t n = sim_operations(st.sim);

	for (size_t i = 0; i <= n && ok; i++) {
		ok = kill_try(&st, i, random_next(&r));
		if (ok && (i == 0 || sim_on_disk(st.sim, i - 1)))
			ok = power_all(&st, i, &r, thorough);
	}
	story_release(&st);
	if (ok && mem_live() != live)
		ok = wrong("%" PRIu64 " allocations left behind",
		    mem_live() - live);
	printf("%s, seed %" PRIu64 ": %zu operations, %" PRIu64 " states, %"
	    PRIu64 " merges, %" PRIu64 " partial, %" PRIu64 " cut, %" PRIu64
	    " moves, %" PRIu64 " dropped, %" PRIu64 " flushed deep, %" PRIu64
	    " and %" PRIu64 " ingested, %" PRIu64 " logs again\n",
	    script->name, seed, n, states - before, did.merges, did.partial,
	    did.cut_deep, did.tables_moved, did.tables_dropped,
	    did.flushed_deep, did.ingested_deep, did.ingested_high,
	    did.logs_again);
	return ok;
}

static void
sum(void)
{
	printf("%" PRIu64 " states, %" PRIu64 " of them second crashes, %"
	    PRIu64 " merged whole; %" PRIu64 " images seen before\n", states,
	    depth_two, merged, doubles);
	free(seen);
}

int
main(int argc, char **argv)
{
	static const struct script_test test = { .run = script_crash,
		.sum = sum,
		.seeds = SEEDS,
		.seeds_long = SEEDS_LONG };

	return script_test_main(argc, argv, &test);
}
