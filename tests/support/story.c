/*
 * story.c - a script told once on the simulated disk, and what each moment of
 * it promises.
 */
#include "support/story.h"

#include <inttypes.h>
#include <stdlib.h>

static void
mark_end(struct story *st, size_t begin)
{
	const struct session *s = &st->session;
	struct mark m = { begin, sim_operations(st->sim),
		oracle_commits(s->oracle), s->acked, s->acked_sync };

	NEED_ROOM(st->marks, st->marks_count, st->marks_room);
	st->marks[st->marks_count++] = m;
}

/* A step of the script, and what it meant for the disk. NULL: open. */
static bool
step(struct story *st, const struct op *op)
{
	size_t begin = sim_operations(st->sim);
	bool ok = op ? session_run(&st->session, op) :
	    session_open(&st->session);

	mark_end(st, begin);
	return ok;
}

bool
story_tell(struct story *st, const struct script *script, uint64_t seed)
{
	size_t begin;
	bool ok;

	*st = (struct story){ .script = script, .sim = sim_new(seed) };
	if (!script_start(script, st->sim, &st->session, &st->ops))
		return false;
	ok = step(st, NULL);
	for (size_t i = 0; i < st->ops.count && ok; i++)
		ok = step(st, &st->ops.ops[i]);
	begin = sim_operations(st->sim);
	ok = ok && session_close(&st->session);
	mark_end(st, begin);
	return ok;
}

void
story_release(struct story *st)
{
	session_release(&st->session);
	op_list_free(&st->ops);
	free(st->marks);
	sim_free(st->sim);
}

struct bounds
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

bool
story_open(const struct story *st, struct sim *sim, lsm_db **db,
    uint64_t *hash, int *rc)
{
	lsm_options o = st->session.options;
	size_t count;

	o.env = sim_env(sim);
	*hash = 0;
	if ((*rc = lsm_open(st->session.path, &o, db)) != LSM_OK)
		return true;
	return scan_hash(*db, NULL, hash, &count, rc);
}

int
story_write(lsm_db *db, uint64_t seed, uint64_t *hash)
{
	char key[32], value[32];

	snprintf(key, sizeof key, "\xfe more %" PRIu64, seed);
	snprintf(value, sizeof value, "%" PRIu64, ~seed);
	*hash = entry_hash(bytes(key, strlen(key)), bytes(value,
	    strlen(value)));
	return lsm_put(db, lsm_str(key), lsm_str(value), LSM_SYNC);
}
