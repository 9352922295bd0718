/*
 * crash.c - every state that a crash can leave, opened and compared.
 *
 *	crash [--long] [--seed S] [--seeds N] [--script NAME]
 *
 * Each script runs once on the simulated disk. Then, for every prefix of what
 * the disk saw: the disk of a killed process, and disks of a power loss with
 * all, nothing, or some of what was not durable. Each must open and hold the
 * first N commits, N not below what was acknowledged; take one more write,
 * and hold that after it was opened again. Each crashes once more somewhere in
 * that recovery and its first write.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "base/random.h"
#include "env/env_sim.h"
#include "support/scripts.h"
#include "support/wrong.h"

enum { RANDOM_IMAGES = 10, RANDOM_IMAGES_LONG = 40, SEEDS_LONG = 50 };
#if defined(__SANITIZE_ADDRESS__)
enum { SEEDS = 1 };
#else
enum { SEEDS = 5 };
#endif

/* What is known of the time in which the disk saw [begin, end). */
struct mark {
	size_t begin, end;
	size_t commits;			/* at the end, failed ones too */
	size_t acked, acked_sync;
};

struct story {
	const struct script *script;
	struct sim *sim;
	struct session session;
	struct op_list ops;
	struct mark *marks;
	size_t marks_count, marks_room;
};

/* The state of a disk: one of these prefixes; perhaps with one write more. */
struct bounds {
	size_t low, high;
	size_t synced;			/* low, if power fails from here on */
	uint64_t more;			/* hash of that entry */
	bool more_must, more_may;
};

struct trial {
	struct story *story;
	struct bounds bounds;
	uint64_t seed;
	uint64_t more;			/* hash of the write it does itself */
	size_t found;			/* the prefix that the first open had */
	size_t opened_at, wrote_at;	/* operations by then */
};

static uint64_t *seen;			/* hashes of images, open addressing */
static size_t seen_size, seen_count;
static uint64_t states, doubles, depth_two;

/* ---- the script, once -------------------------------------------------- */

static void
mark_end(struct story *st, size_t begin)
{
	const struct session *s = &st->session;
	struct mark m = { begin, sim_operations(st->sim),
		oracle_commits(s->oracle), s->acked, s->acked_sync };

	NEED_ROOM(st->marks, st->marks_count, st->marks_room);
	st->marks[st->marks_count++] = m;
}

/* A step of the script, and what it meant for the disk. */
static bool
story_step(struct story *st, const struct op *op)
{
	size_t begin = sim_operations(st->sim);
	bool ok = op ? session_run(&st->session, op) :
	    session_open(&st->session);

	mark_end(st, begin);
	return ok;
}

static bool
story_tell(struct story *st)
{
	size_t begin;
	bool ok;

	if (!script_start(st->script, st->sim, &st->session, &st->ops))
		return false;
	ok = story_step(st, NULL);
	for (size_t i = 0; i < st->ops.count && ok; i++)
		ok = story_step(st, &st->ops.ops[i]);
	begin = sim_operations(st->sim);
	ok = ok && session_close(&st->session);
	mark_end(st, begin);
	return ok;
}

static void
story_release(struct story *st)
{
	session_release(&st->session);
	op_list_free(&st->ops);
	free(st->marks);
	sim_free(st->sim);
}

/* What must and what may be there after the first `upto` operations. */
static struct bounds
story_bounds(const struct story *st, size_t upto, bool power)
{
	struct bounds b = { 0 };

	for (size_t i = 0; i < st->marks_count; i++) {
		const struct mark *m = &st->marks[i];

		if (m->begin <= upto)
			b.high = m->commits;
		if (m->end <= upto) {
			b.low = power ? m->acked_sync : m->acked;
			b.synced = m->acked_sync;
		}
	}
	return b;
}

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

/* Names and content of the database's directory. */
static uint64_t
image_hash(struct sim *sim)
{
	lsm_env *env = sim_env(sim);
	struct env_names names = { 0 };
	struct env_dir *dir;
	const char *name;
	uint64_t hash = 0;
	bool created;

	if (env->ops->dir_open(env, "/db", false, &dir, &created) != LSM_OK)
		return 2;
	if (env->ops->dir_list(dir, &names) == LSM_OK) {
		name = (const char *)names.text.p;
		for (size_t i = 0; i < names.count; i++) {
			hash += file_hash(dir, name);
			name += strlen(name) + 1;
		}
		env_names_free(&names);
	}
	env->ops->dir_close(dir);
	return hash;
}

/* ---- one image --------------------------------------------------------- */

static bool
bounds_match(struct trial *t, uint64_t hash, bool *has_more)
{
	const struct oracle *o = t->story->session.oracle;
	const struct bounds *b = &t->bounds;

	*has_more = false;
	t->found = SIZE_MAX;
	if (!b->more_must)
		t->found = oracle_find(o, hash, b->low, b->high);
	if (t->found == SIZE_MAX && (b->more_must || b->more_may)) {
		t->found = oracle_find(o, hash - b->more, b->low, b->high);
		*has_more = t->found != SIZE_MAX;
	}
	return t->found != SIZE_MAX;
}

static bool
open_and_scan(struct trial *t, struct sim *image, lsm_db **db, uint64_t *hash)
{
	lsm_options o = t->story->session.options;
	size_t count;
	int rc;

	o.env = sim_env(image);
	*db = NULL;
	if ((rc = lsm_open("/db", &o, db)) != LSM_OK)
		return wrong("open: %s: %s", lsm_strerror(rc), lsm_message());
	if (!scan_hash(*db, NULL, hash, &count, &rc))
		return false;
	return rc == LSM_OK || wrong("scan: %s", lsm_message());
}

static bool
write_one_more(struct trial *t, lsm_db *db)
{
	char key[32], value[32];
	int rc;

	snprintf(key, sizeof key, "\xfe more %" PRIu64, t->seed);
	snprintf(value, sizeof value, "%zu", t->found);
	t->more = entry_hash(bytes(key, strlen(key)), bytes(value,
	    strlen(value)));
	rc = lsm_put(db, lsm_str(key), lsm_str(value), LSM_SYNC);
	return rc == LSM_OK || wrong("one more write: %s", lsm_message());
}

static bool
closes(lsm_db *db, bool ok)
{
	int rc = lsm_close(db);

	return ok && (rc == LSM_OK || wrong("close: %s", lsm_message()));
}

static bool
image_check(struct trial *t, struct sim *image)
{
	uint64_t hash, again;
	bool more, ok;
	lsm_db *db;

	states++;
	if (!open_and_scan(t, image, &db, &hash))
		return closes(db, false);
	t->opened_at = sim_operations(image);
	ok = bounds_match(t, hash, &more) || wrong("no prefix of %zu to %zu "
	    "commits%s", t->bounds.low, t->bounds.high,
	    t->bounds.more_must ? " and one more" : "");
	ok = ok && write_one_more(t, db);
	t->wrote_at = sim_operations(image);
	if (!closes(db, ok))
		return false;
	ok = open_and_scan(t, image, &db, &again) && (again == hash + t->more ||
	    wrong("opened again it is not the same"));
	return closes(db, ok);
}

/* ---- a crash while the first recovery or its first write was at work ---- */

static struct bounds
bounds_again(const struct trial *t, size_t upto, bool power)
{
	struct bounds b = t->bounds;

	if (power)
		b.low = b.synced;
	if (upto < t->opened_at)
		return b;
	b.more = t->more + (t->bounds.more_must ? t->bounds.more : 0);
	b.more_may = true;
	if (upto >= t->wrote_at) {
		b.low = b.high = t->found;
		b.more_must = true;
	}
	return b;
}

static bool
crash_again(struct trial *first, struct sim *image, size_t from,
    struct random *r)
{
	size_t end = sim_operations(image), upto;
	struct trial t = { .story = first->story, .seed = random_next(r) };
	struct sim *after;
	bool kill = random_below(r, 3) == 0, ok;

	if (end <= from || first->bounds.more_may)
		return true;
	upto = from + random_below(r, end - from + 1);
	t.bounds = bounds_again(first, upto, !kill);
	after = kill ? sim_kill(image, upto) :
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
	struct sim *image = sim_kill(st->sim, upto);
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

static bool
script_crash(const struct script *script, uint64_t seed, bool thorough)
{
	struct story st = { .script = script, .sim = sim_new(seed) };
	uint64_t live = mem_live(), before = states;
	struct random r = { seed };
	bool ok = story_tell(&st);
	size_t n = sim_operations(st.sim);

	if (!ok)
		fprintf(stderr, "script \"%s\" itself: %s\n", script->name,
		    wrong_words());
	for (size_t i = 0; i <= n && ok; i++) {
		ok = kill_try(&st, i, random_next(&r));
		if (ok && (i == 0 || sim_on_disk(st.sim, i - 1)))
			ok = power_all(&st, i, &r, thorough);
	}
	story_release(&st);
	if (ok && mem_live() != live)
		ok = wrong("%" PRIu64 " allocations left behind",
		    mem_live() - live);
	printf("%s, seed %" PRIu64 ": %zu operations, %" PRIu64 " states\n",
	    script->name, seed, n, states - before);
	return ok;
}

struct arguments {
	bool thorough;
	uint64_t seed, seeds;
	const char *script;
};

static bool
arguments_read(int argc, char **argv, struct arguments *a)
{
	a->thorough = getenv("LSM_TEST_LONG") != NULL;
	a->seed = 1;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--long") == 0)
			a->thorough = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--seed") == 0)
			a->seed = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--seeds") == 0)
			a->seeds = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--script") == 0)
			a->script = argv[++i];
		else
			return false;
	if (a->seeds == 0)
		a->seeds = a->thorough ? SEEDS_LONG : SEEDS;
	return true;
}

int
main(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct tally tally = { 0 };

	if (!arguments_read(argc, argv, &a))
		return 64;
	for (size_t i = 0; i < scripts_count; i++)
		for (uint64_t s = a.seed; s < a.seed + a.seeds; s++)
			if (a.script == NULL ||
			    strcmp(a.script, scripts[i].name) == 0)
				tally_case(&tally, script_crash(&scripts[i],
				    s, a.thorough), "%s, seed %" PRIu64,
				    scripts[i].name, s);
	printf("%" PRIu64 " states, %" PRIu64 " of them second crashes; %"
	    PRIu64 " images seen before\n", states, depth_two, doubles);
	free(seen);
	return tally_end(&tally);
}
