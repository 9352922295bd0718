/*
 * kill.c - real processes on the real file system, killed.
 *
 *	kill [--long] [--kills N] [--seed S]
 *
 * A child with several threads writes, flushes and merges, and tells every
 * acknowledged commit through a pipe. It is killed after some of them, or
 * while it opens the database. Each thread has keys of its own and does what
 * is a function of its number and the commit's, so the parent knows each of
 * its states; after the kill the thread's part must be the state after all
 * that was told, or one commit more. Now and then the parent reads beside the
 * writer: it must see what it was told before it looked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "support/need.h"
#include "support/oracle.h"
#include "support/tmp.h"
#include "support/wrong.h"

enum {
	KILLS = 120, KILLS_LONG = 5000,
	THREADS = 8,
	KEYS = 60,
	ACKS_MAX = 700,			/* told before the kill */
	AHEAD_MAX = 100000,		/* of a reader beside a writer */
	OPENED = 255			/* told when the database is open */
};

struct part {				/* of one thread */
	unsigned number;
	struct oracle *oracle;
	size_t told;
};

struct world {
	const char *path;
	uint64_t seed;
	struct part parts[THREADS];
	lsm_options options;
	unsigned threads;		/* of the next child */
	uint64_t commits, in_recovery, readers;
};

/* ---- what thread `t` does as its i-th commit ----------------------------- */

struct step {
	char key[32];
	char to[32];			/* of a range that is deleted */
	struct value value;
	bool delete, range;
};

static size_t
key_name(char key[32], unsigned t, unsigned k)
{
	return (size_t)snprintf(key, 32, "t%u/%03u", t, k);
}

/* The first step writes the mark: key 0 holds the value of tag i. */
static size_t
commit_steps(unsigned t, size_t i, struct step steps[THREADS])
{
	struct random r = { (uint64_t)t << 32 | i };
	size_t n = 1 + (t % 2 ? random_below(&r, THREADS) : 0);

	for (size_t s = 0; s < n; s++) {
		unsigned k = s ? 1 + (unsigned)random_below(&r, KEYS) : 0;

		key_name(steps[s].key, t, k);
		key_name(steps[s].to, t, k + 1 + (unsigned)random_below(&r, 4));
		steps[s].range = k != 0 && random_below(&r, 16) == 0;
		steps[s].delete = k != 0 && random_below(&r, 4) == 0;
		steps[s].value = k == 0 ? (struct value){ i, 20 } :
		    (struct value){ random_next(&r), random_below(&r, 700) };
	}
	return n;
}

static lsm_range
step_range(const struct step *s)
{
	return (lsm_range){ lsm_str(s->key), lsm_str(s->to) };
}

static void
commit_expect(struct part *p)
{
	size_t i = oracle_commits(p->oracle) + 1;
	struct step steps[THREADS];
	size_t n = commit_steps(p->number, i, steps);

	for (size_t s = 0; s < n; s++) {
		struct bytes key = bytes(steps[s].key, strlen(steps[s].key));

		if (steps[s].range)
			oracle_delete_range(p->oracle, step_range(&steps[s]));
		else if (steps[s].delete)
			oracle_delete(p->oracle, key);
		else
			oracle_put(p->oracle, key, steps[s].value);
	}
	oracle_commit(p->oracle);
}

/* ---- the child --------------------------------------------------------- */

struct writer {
	lsm_db *db;
	unsigned number;
	size_t next;
	int pipe;
};

static void
must(int rc, const char *call)
{
	if (rc == LSM_OK)
		return;
	fprintf(stderr, "child: %s: %s\n", call, lsm_message());
	_exit(1);
}

static void
told(int pipe, uint8_t what)
{
	while (write(pipe, &what, 1) != 1)
		if (errno != EINTR)
			_exit(1);
}

static int
commit_write(struct writer *w, lsm_batch *b, uint8_t *room)
{
	unsigned flags = w->next % 128 == 0 ? LSM_SYNC : LSM_NO_SYNC;
	struct step steps[THREADS];
	size_t n = commit_steps(w->number, w->next, steps);

	lsm_batch_clear(b);
	for (size_t s = 0; s < n; s++) {
		lsm_slice key = lsm_str(steps[s].key);
		lsm_range range = step_range(&steps[s]);

		value_fill(steps[s].value, room);
		if (n == 1)
			return lsm_put(w->db, key, lsm_bytes(room,
			    steps[s].value.size), flags);
		if (steps[s].range)
			must(lsm_batch_delete_range(b, range.from, range.to),
			    "batch");
		else if (steps[s].delete)
			must(lsm_batch_delete(b, key), "batch");
		else
			must(lsm_batch_put(b, key, lsm_bytes(room,
			    steps[s].value.size)), "batch");
	}
	return lsm_write(w->db, b, flags);
}

static void *
writer_run(void *arg)
{
	struct writer *w = arg;
	uint8_t room[1024];
	lsm_batch *b;

	must(lsm_batch_new(&b), "batch");
	for (;; w->next++) {
		must(commit_write(w, b, room), "write");
		told(w->pipe, (uint8_t)w->number);
		if (w->number == 0 && w->next % 500 == 0)
			must(lsm_flush(w->db), "flush");
		if (w->number == 1 && w->next % 900 == 0)
			must(lsm_compact(w->db, NULL, NULL), "compact");
	}
	return NULL;
}

static _Noreturn void
child(struct world *w, int pipe)
{
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	lsm_db *db;

	must(lsm_open(w->path, &w->options, &db), "open");
	told(pipe, OPENED);
	for (unsigned t = 0; t < w->threads; t++) {
		writers[t] = (struct writer){ db, t,
			oracle_commits(w->parts[t].oracle) + 1, pipe };
		if (pthread_create(&threads[t], NULL, writer_run,
		    &writers[t]) != 0)
			_exit(1);
	}
	for (;;)
		pause();
}

/* ---- the parent -------------------------------------------------------- */

/* The hash of the thread's keys, and its mark: how far it came. */
static bool
part_read(struct part *p, lsm_db *db, uint64_t *hash, lsm_buffer *mark)
{
	lsm_buffer room = { 0 };
	char prefix[32];
	lsm_range range;
	lsm_iter *it;
	int rc;

	*hash = 0;
	snprintf(prefix, sizeof prefix, "t%u/", p->number);
	rc = lsm_range_prefix(lsm_str(prefix), &room, &range);
	if (rc != LSM_OK || (rc = lsm_iter_new(db, NULL, &range, &it)) !=
	    LSM_OK) {
		lsm_buffer_free(&room);
		return wrong("iterator: %s", lsm_message());
	}
	for (rc = lsm_iter_first(it); rc == LSM_OK && lsm_iter_valid(it);
	    rc = lsm_iter_next(it)) {
		struct bytes value = bytes_of(lsm_iter_value(it));

		if (*hash == 0 && buffer_add((struct buffer *)mark, value.p,
		    value.n) != LSM_OK)
			rc = LSM_NO_MEMORY;
		*hash += entry_hash(bytes_of(lsm_iter_key(it)), value);
	}
	lsm_iter_free(it);
	lsm_buffer_free(&room);
	return rc == LSM_OK || wrong("scan: %s", lsm_message());
}

/* From the number told on, or what was seen of it before, up to the mark. */
static bool
part_check(struct part *p, lsm_db *db, size_t ahead)
{
	size_t n = oracle_commits(p->oracle), end = p->told + ahead;
	lsm_buffer mark = { 0 };
	struct bytes m;
	uint64_t hash;

	if (n < p->told)
		n = p->told;
	if (!part_read(p, db, &hash, &mark))
		return false;
	m = bytes(mark.data, mark.size);
	while (n <= end && !(n == 0 ? m.n == 0 :
	    value_equals((struct value){ n, 20 }, m)))
		n++;
	lsm_buffer_free(&mark);
	if (n > end)
		return wrong("thread %u: neither commit %zu nor one of the %zu "
		    "after it", p->number, p->told, ahead);
	while (oracle_commits(p->oracle) < n)
		commit_expect(p);
	p->told = n;
	return oracle_hash(p->oracle, n) == hash || wrong("thread %u: not the "
	    "state after %zu commits", p->number, n);
}

/* All parts in one handle: nothing told may be missing. */
static bool
world_check(struct world *w, bool read_only, size_t ahead)
{
	lsm_options o = w->options;
	lsm_db *db;
	bool ok = true;
	int rc;

	o.read_only = read_only;
	o.create = !read_only;
	o.workers = 0;
	rc = lsm_open(w->path, &o, &db);
	if (rc == LSM_NO_DATABASE && read_only) {
		for (unsigned t = 0; t < THREADS; t++)
			ok = ok && w->parts[t].told == 0;
		return ok || wrong("the database is gone");
	}
	if (rc != LSM_OK)
		return wrong("open: %s", lsm_message());
	for (unsigned t = 0; t < THREADS && ok; t++)
		ok = part_check(&w->parts[t], db, ahead);
	rc = lsm_close(db);
	return ok && (rc == LSM_OK || wrong("close: %s", lsm_message()));
}

/* Read what is told, at most `acks` bytes; false at the end of the pipe. */
static bool
listen(struct world *w, int pipe, size_t acks)
{
	uint8_t told_now[256];
	ssize_t n;

	while (acks > 0) {
		n = read(pipe, told_now, acks < sizeof told_now ? acks :
		    sizeof told_now);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (told_now[i] != OPENED) {
				w->parts[told_now[i]].told++;
				w->commits++;
			}
		acks -= (size_t)n;
	}
	return true;
}

/* A reader beside the writer: at least what was told, perhaps far more. What
 * it found is no news for the count of what was told. */
static bool
read_beside(struct world *w)
{
	size_t before[THREADS];
	bool ok;

	for (unsigned t = 0; t < THREADS; t++)
		before[t] = w->parts[t].told;
	ok = world_check(w, true, AHEAD_MAX);
	for (unsigned t = 0; t < THREADS; t++)
		w->parts[t].told = before[t];
	w->readers++;
	return ok;
}

static bool
reaped(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return wrong("waitpid");
	return WIFSIGNALED(status) || wrong("the child failed");
}

/* Let it live for a while, then kill it, then hear the rest of its words. */
static bool
live_and_kill(struct world *w, pid_t pid, int pipe, struct random *r)
{
	bool ok = true;

	if (random_below(r, 4) == 0) {
		for (uint64_t i = random_below(r, 3000); i > 0; i--)
			sched_yield();
		w->in_recovery++;
	} else {
		listen(w, pipe, 1 + random_below(r, ACKS_MAX));
		if (random_below(r, 4) == 0)
			ok = read_beside(w);
		listen(w, pipe, random_below(r, ACKS_MAX));
	}
	ok = reaped(pid) && ok;
	while (listen(w, pipe, SIZE_MAX))
		;
	return ok;
}

static void
options_choose(struct world *w, struct random *r)
{
	static const size_t sizes[] = { 16384, 65536, 1 << 20 };

	lsm_options_init(&w->options);
	w->options.create = 1;
	w->options.memtable_size = sizes[random_below(r, 3)];
	w->options.workers = (int)random_below(r, 4);
	w->options.table_size = 64 << 10;
	w->options.l0_trigger = 4;
	w->threads = 1 + (unsigned)random_below(r, THREADS);
}

static bool
one_kill(struct world *w, struct random *r)
{
	int ends[2];
	pid_t pid;
	bool ok;

	options_choose(w, r);
	if (pipe(ends) != 0 || (pid = fork()) < 0)
		return wrong("fork");
	if (pid == 0) {
		close(ends[0]);
		child(w, ends[1]);
	}
	close(ends[1]);
	ok = live_and_kill(w, pid, ends[0], r);
	close(ends[0]);
	/* Sometimes only looked at, so that the next child recovers. */
	return ok && world_check(w, random_below(r, 2) == 0, 1);
}

int
main(int argc, char **argv)
{
	uint64_t kills = getenv("LSM_TEST_LONG") ? KILLS_LONG : KILLS, seed = 1;
	struct tally tally = { 0 };
	struct world w = { 0 };
	struct random r;
	char *path;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--long") == 0)
			kills = KILLS_LONG;
		else if (strcmp(argv[i], "--kills") == 0 && i + 1 < argc)
			kills = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else
			return 64;
	}
	w.path = path = tmp_new();
	r = (struct random){ seed };
	for (unsigned t = 0; t < THREADS; t++)
		w.parts[t] = (struct part){ t, oracle_new(), 0 };
	for (uint64_t i = 0; i < kills && tally.failed == 0; i++)
		tally_case(&tally, one_kill(&w, &r), "seed %" PRIu64 ", kill %"
		    PRIu64, seed, i + 1);
	for (unsigned t = 0; t < THREADS; t++)
		oracle_free(w.parts[t].oracle);
	tmp_remove(path);
	printf("%" PRIu64 " commits told, %" PRIu64 " kills while opening, %"
	    PRIu64 " readers beside a writer\n", w.commits, w.in_recovery,
	    w.readers);
	return tally_end(&tally);
}
