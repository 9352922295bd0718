/*
 * read.c - gets and snapshots.
 *
 * Newest first: the memtables, then the runs. The first entry found decides,
 * a delete too.
 */
#include "base/alloc.h"
#include "base/checksum.h"
#include "db/db.h"
#include "db/snapshot.h"
#include "kv/batch.h"

_Static_assert(sizeof(lsm_buffer) == sizeof(struct buffer) &&
    offsetof(lsm_buffer, data) == offsetof(struct buffer, p) &&
    offsetof(lsm_buffer, size) == offsetof(struct buffer, n) &&
    offsetof(lsm_buffer, capacity) == offsetof(struct buffer, cap),
    "a public buffer is a buffer");

void
lsm_buffer_free(lsm_buffer *b)
{
	mem_free(b->data);
	*b = (lsm_buffer){ NULL, 0, 0 };
}

/* A key that a range delete covers has an entry as well: a delete. */
static bool
memory_get(const struct view *v, struct bytes key, uint64_t hash,
    uint64_t sequence, struct entry *e)
{
	for (size_t i = v->count; i-- > 0;) {
		const struct memtable *m = v->generations[i].mem;
		uint64_t covered = memtable_covered(m, key, sequence);
		bool found = memtable_get(m, key, hash, sequence, e);

		if (covered > 0 && (!found || e->sequence < covered))
			*e = (struct entry){ .sequence = covered,
				.kind = KIND_DELETE };
		if (found || covered > 0)
			return true;
	}
	return false;
}

static int
value_copy(const struct entry *e, struct buffer *value)
{
	if (e->kind != KIND_PUT)
		return LSM_NOTFOUND;
	if (value == NULL)
		return LSM_OK;
	value->n = 0;
	return buffer_add(value, e->value.p, e->value.n);
}

static int
tables_get(struct lsm_db *db, struct view *v, struct bytes key, uint64_t hash,
    struct buffer *value)
{
	uint64_t at, asked = 0;
	enum kind kind;
	int rc;

	rc = version_get(v->version, db->tables, key, hash, &kind, &at, value,
	    &asked);
	tally_add(db->tally, TALLY_ASKED, asked);
	if (rc == LSM_OK)
		return kind == KIND_PUT ? LSM_OK : LSM_NOTFOUND;
	return event_damage(db, view_judge(v, rc));
}

bool
view_get_memory(struct lsm_db *db, const struct view *v, uint64_t sequence,
    struct bytes key, uint64_t hash, struct buffer *value, int *code)
{
	struct tally_line *line = tally_line(db->tally);
	struct entry e;

	tally_line_add(db->tally, line, TALLY_GETS, 1);
	if (!memory_get(v, key, hash, sequence, &e))
		return false;
	tally_line_add(db->tally, line, TALLY_MEMORY, 1);
	*code = value_copy(&e, value);
	return true;
}

int
view_get(struct lsm_db *db, struct view *v, uint64_t sequence,
    struct bytes key, struct buffer *value)
{
	uint64_t hash = hash64(key);
	int rc;

	if (!view_get_memory(db, v, sequence, key, hash, value, &rc))
		rc = tables_get(db, v, key, hash, value);
	if (rc == LSM_OK)
		tally_add(db->tally, TALLY_FOUND, 1);
	return rc;
}

static int
get(struct lsm_db *db, const lsm_snapshot *snapshot, struct bytes key,
    struct buffer *value)
{
	uint64_t sequence;
	struct view *v;
	int rc;

	if (snapshot != NULL)
		return view_get(db, snapshot->view, snapshot->sequence, key,
		    value);
	v = view_now(db, &sequence);
	rc = view_get(db, v, sequence, key, value);
	view_unref(v);
	return rc;
}

/* A name for errors is born below; "not found" has no story but the key's. */
int
lsm_get(lsm_db *db, const lsm_snapshot *snapshot, lsm_slice key,
    lsm_buffer *value)
{
	struct bytes k = bytes_of(key);
	uint64_t begin;
	int rc;

	if (value != NULL)
		value->size = 0;
	if ((rc = db_readable(db)) != LSM_OK ||
	    (rc = batch_check_entry(k, bytes(NULL, 0))) != LSM_OK)
		return rc;
	begin = latency_begin(db->latencies, tally_here(db->tally,
	    TALLY_GETS));
	rc = get(db, snapshot, k, (struct buffer *)value);
	latency_end(db->latencies, LATENCY_GET, begin);
	events_tell(db);
	return rc;
}

int
lsm_snapshot_new(lsm_db *db, lsm_snapshot **out)
{
	lsm_snapshot *s;
	int rc;

	*out = NULL;
	if ((rc = db_readable(db)) != LSM_OK)
		return rc;
	if ((s = mem_alloc(sizeof *s)) == NULL)
		return mem_exhausted(sizeof *s);
	s->db = db;
	s->view = view_now(db, &s->sequence);
	atomic_fetch_add(&db->open_handles, 1);
	*out = s;
	return LSM_OK;
}

void
lsm_snapshot_free(lsm_snapshot *s)
{
	if (s == NULL || !process_is(s->db->process))
		return;
	view_unref(s->view);
	atomic_fetch_sub(&s->db->open_handles, 1);
	mem_free(s);
}

uint64_t
lsm_snapshot_sequence(const lsm_snapshot *s)
{
	return s->sequence;
}
