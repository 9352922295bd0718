/*
 * ingest.c - ingestion: sorted entries become tables, past log and memtable.
 *
 * The tables are written by their owner, without any lock. The commit makes
 * them part of the database, all at one sequence, under write_mu:
 *
 *   memtables with keys in their spans are flushed: memory is read first;
 *   the log is made durable: no crash may keep the edit and lose a write that
 *   was before it;
 *   one edit adds the tables, each in a place where nothing newer is below
 *   and nothing older above (ingest_place.c); it is durable, and the view
 *   shows it;
 *   the log gets a record that takes the sequence and names the edit, before
 *   any later write.
 *
 * A crash before the edit leaves orphans, a crash after it leaves all. When
 * only the record is missing, the manifest's sequence is one above the log's
 * last, and recovery goes on from there.
 */
#include "db/ingest.h"

#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "kv/batch.h"

struct lsm_ingest {
	struct lsm_db *db;
	struct bulk *bulk;		/* NULL: committed, or failed */
	int code;			/* why it failed */
	uint64_t count;
	struct ingest_cuts cuts;
	size_t last_n;
	uint8_t last[LSM_KEY_MAX];
};

/* Sizes of tables where they go if nothing of their keys is there, as the tree
 * is now, and at most. */
static void
table_sizes(struct lsm_db *db, uint64_t *first, uint64_t *most)
{
	struct shape s;
	uint64_t at;
	struct view *v = view_now(db, &at);

	shape_of(v->version, &db->shape, &s);
	view_unref(v);
	*first = shape_table_size(&s, LEVEL_LAST);
	*most = shape_table_size(&s, 0);
}

int
lsm_ingest_new(lsm_db *db, lsm_ingest **out)
{
	struct compact_options o;
	uint64_t most;
	lsm_ingest *g;
	int rc;

	*out = NULL;
	if ((rc = db_writable(db)) != LSM_OK ||
	    (rc = db_readable(db)) != LSM_OK)
		return rc;
	if ((g = mem_zalloc(sizeof *g)) == NULL)
		return mem_exhausted(sizeof *g);
	o = job_options(db, LEVEL_LAST, 0);
	table_sizes(db, &o.table_size, &most);
	if ((rc = bulk_new(&o, most, &g->bulk)) != LSM_OK) {
		mem_free(g);
		return rc;
	}
	ingest_cuts_init(&g->cuts, o.table_size);
	g->db = db;
	atomic_fetch_add(&db->open_handles, 1);
	*out = g;
	return LSM_OK;
}

void
lsm_ingest_free(lsm_ingest *g)
{
	if (g == NULL || !process_is(g->db->process))
		return;
	bulk_free(g->bulk);
	atomic_fetch_sub(&g->db->open_handles, 1);
	mem_free(g);
}

/* Its files go at once: perhaps they are what the disk is full of. */
static int
ingest_end(lsm_ingest *g, int code)
{
	bulk_free(g->bulk);
	g->bulk = NULL;
	return g->code = code;
}

static int
ingest_usable(const lsm_ingest *g)
{
	int rc = db_usable(g->db);

	if (rc != LSM_OK || g->bulk != NULL)
		return rc;
	if (g->code == LSM_OK)
		return status_set(LSM_INVALID, "ingestion: committed already");
	return status_set(g->code, "ingestion: it has failed before");
}

static int
ingest_check(const lsm_ingest *g, struct bytes key, struct bytes value)
{
	int rc = batch_check_entry(key, value);

	if (rc != LSM_OK)
		return rc;
	if (g->count > 0 && bytes_compare(bytes(g->last, g->last_n), key) >= 0)
		return status_set(LSM_INVALID, "ingestion: record %" PRIu64
		    ": its key is not above the one before", g->count + 1);
	return LSM_OK;
}

static int
ingest_entry(lsm_ingest *g, struct bytes key, struct bytes value)
{
	struct bytes last = bytes(g->last, g->last_n);
	int rc;

	if (ingest_cuts_at(g->db, &g->cuts, g->bulk, last, key) &&
	    (rc = bulk_cut(g->bulk)) != LSM_OK)
		return rc;
	return bulk_add(g->bulk, key, value);
}

int
lsm_ingest_add(lsm_ingest *g, lsm_slice k, lsm_slice v)
{
	struct bytes key = bytes_of(k), value = bytes_of(v);
	int rc;

	if ((rc = ingest_usable(g)) != LSM_OK ||
	    (rc = ingest_check(g, key, value)) != LSM_OK)
		return rc;
	if ((rc = ingest_entry(g, key, value)) != LSM_OK)
		return ingest_end(g, rc);
	if (key.n)
		memcpy(g->last, key.p, key.n);
	g->last_n = key.n;
	g->count++;
	return LSM_OK;
}

int
lsm_ingest_batch(lsm_ingest *g, const lsm_batch *b)
{
	struct bytes rest = buffer_bytes(&b->ops);
	struct entry e;
	int rc = LSM_OK;

	if (b->conditions.n > 0)
		return status_set(LSM_INVALID, "ingestion: a batch with "
		    "conditions");
	while (rc == LSM_OK && batch_take(&rest, &e)) {
		if (e.kind != KIND_PUT)
			return status_set(LSM_INVALID, "ingestion: record %"
			    PRIu64 ": not a put", g->count + 1);
		rc = lsm_ingest_add(g, lsm_bytes(e.key.p, e.key.n),
		    lsm_bytes(e.value.p, e.value.n));
	}
	return rc;
}

uint64_t
lsm_ingest_count(const lsm_ingest *g)
{
	return g->count;
}

static bool
table_overlaps(const struct bulk *bulk, struct memtable *mem)
{
	for (size_t i = 0; i < bulk_count(bulk); i++) {
		const struct table_meta *m = bulk_table(bulk, i);

		if (memtable_overlaps(mem, m->smallest, m->largest))
			return true;
	}
	return false;
}

/* Does anything in memory stand in the way? */
static bool
memory_overlaps(const lsm_ingest *g)
{
	bool any = false;
	uint64_t at;
	struct view *v = view_now(g->db, &at);

	for (size_t i = 0; i < v->count && !any; i++)
		any = table_overlaps(g->bulk, v->generations[i].mem);
	view_unref(v);
	return any;
}

int
ingest_log(struct lsm_db *db, uint64_t edit)
{
	uint64_t position;
	uint8_t *p;
	int rc = log_begin(db->log, RECORD_INGESTION, varint_size(edit), &p);

	if (rc != LSM_OK)
		return rc;
	varint_put(p, edit);
	return log_append(db->log, log_where(db->log).sequence + 1, &position);
}

int
ingest_reached(const struct state *s, const struct log_replay_out *out,
    uint64_t *sequence)
{
	if (s->ingested <= *sequence)
		return LSM_OK;
	if (s->ingested > *sequence + 1 || out->closed)
		return status_set(LSM_CORRUPT, "log %" PRIu64 ": offset %"
		    PRIu64 ": ends at sequence %" PRIu64 ", and tables hold %"
		    PRIu64, out->last.number, out->last.size, *sequence,
		    s->ingested);
	*sequence = s->ingested;
	return LSM_OK;
}

static int
install(lsm_ingest *g, uint64_t sequence, uint64_t *edit)
{
	struct lsm_db *db = g->db;
	struct edit e = { .ingested = sequence };
	struct bulk_place *places;
	struct job job;
	int rc;

	if ((rc = ingest_places_take(db, g->bulk, &job, &places)) != LSM_OK)
		return rc;
	if ((rc = bulk_result(g->bulk, places, sequence, &e)) == LSM_OK)
		rc = job_edit(db, &e);
	job_remove(db, &job);
	for (size_t i = 0; rc == LSM_OK && i < bulk_count(g->bulk); i++)
		COUNT(db, ingest_deep, places[i].level > 0);
	mem_free(places);
	*edit = e.number;
	edit_release(&e);
	return rc;
}

static int
commit_locked(lsm_ingest *g)
{
	struct lsm_db *db = g->db;
	struct log_end at = log_where(db->log);
	uint64_t edit;
	int rc;

	mutex_assert_held(&db->write_mu);
	assert(!memory_overlaps(g));
	if ((rc = db_writable(db)) != LSM_OK)
		return rc;
	if ((rc = log_sync(db->log, log_position(at.number, at.size))) !=
	    LSM_OK)
		return db_fence(db, rc);
	durable_raise(db, db->sequence);
	if ((rc = install(g, db->sequence + 1, &edit)) != LSM_OK)
		return rc;
	durable_raise(db, ++db->sequence);
	if ((rc = ingest_log(db, edit)) != LSM_OK)
		return db_fence(db, rc);
	COUNT(db, ingests, 1);
	COUNT(db, ingest_bytes, bulk_bytes(g->bulk));
	COUNT(db, ingest_tables, bulk_count(g->bulk));
	return LSM_OK;
}

/* The first flush goes without the lock, so that writers wait for the second
 * only, of what they wrote meanwhile. */
static int
commit(lsm_ingest *g)
{
	struct lsm_db *db = g->db;
	int rc;

	if ((rc = bulk_finish(g->bulk)) != LSM_OK)
		return rc;
	if (memory_overlaps(g) && (rc = lsm_flush(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->write_mu);
	if (memory_overlaps(g))
		rc = db_flush_locked(db);
	if (rc == LSM_OK)
		rc = commit_locked(g);
	mutex_unlock(&db->write_mu);
	return rc;
}

int
lsm_ingest_commit(lsm_ingest *g)
{
	int rc;

	if ((rc = ingest_usable(g)) != LSM_OK ||
	    (rc = db_writable(g->db)) != LSM_OK)
		return rc;
	if (g->count > 0)
		rc = commit(g);
	(void)ingest_end(g, rc);
	return rc;
}
