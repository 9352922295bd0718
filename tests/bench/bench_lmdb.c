/*
 * bench_lmdb.c - LMDB: a B+tree in a map. It neither compresses nor compacts.
 *
 * One transaction for each operation or batch, without a sync; a synced put
 * adds one.
 */
#include "bench/engine.h"

#ifdef HAVE_LMDB
#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct map {
	MDB_env *env;
	MDB_dbi dbi;
	unsigned opened;	/* its number: an address may come again */
};

struct walk {
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val key, value;
	bool valid;
};

static const size_t map_size = (size_t)64 << 30;

static int
told(const char *what, int rc)
{
	return rc ? engine_failed("lmdb", what, mdb_strerror(rc)) : 0;
}

static MDB_val
val(struct span s)
{
	return (MDB_val){ s.n, (void *)(uintptr_t)s.p };
}

static int
dbi_open(struct map *m)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(m->env, NULL, 0, &txn);

	if (rc)
		return rc;
	if ((rc = mdb_dbi_open(txn, NULL, MDB_CREATE, &m->dbi)) == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return rc;
}

static int
engine_open(const struct place *place, void **db)
{
	static unsigned opened;
	struct map *m = calloc(1, sizeof *m);
	int rc;

	*db = m;
	if (m == NULL)
		return told("open", ENOMEM);
	m->opened = ++opened;
	if (mkdir(place->path, 0700) != 0 && errno != EEXIST)
		return told("open", errno);
	if ((rc = mdb_env_create(&m->env)) != 0 ||
	    (rc = mdb_env_set_mapsize(m->env, map_size)) != 0 ||
	    (rc = mdb_env_open(m->env, place->path,
	    MDB_NOSYNC | MDB_NOTLS, 0600)) != 0)
		return told("open", rc);
	return told("open", dbi_open(m));
}

static int
engine_close(void *db)
{
	struct map *m = db;

	mdb_env_close(m->env);
	free(m);
	return 0;
}

static int
engine_batch(void *db, const struct record *r, size_t count)
{
	struct map *m = db;
	MDB_txn *txn;
	int rc = mdb_txn_begin(m->env, NULL, 0, &txn);

	if (rc)
		return told("begin", rc);
	for (size_t i = 0; i < count && rc == 0; i++) {
		MDB_val key = val(r[i].key), value = val(r[i].value);

		rc = mdb_put(txn, m->dbi, &key, &value, 0);
	}
	if (rc == 0)
		return told("commit", mdb_txn_commit(txn));
	mdb_txn_abort(txn);
	return told("put", rc);
}

static int
engine_put(void *db, const struct record *r, bool sync)
{
	struct map *m = db;
	int rc = engine_batch(db, r, 1);

	if (rc == 0 && sync)
		rc = told("sync", mdb_env_sync(m->env, 1));
	return rc;
}

static int
engine_remove(void *db, struct span k)
{
	struct map *m = db;
	MDB_val key = val(k);
	MDB_txn *txn;
	int rc = mdb_txn_begin(m->env, NULL, 0, &txn);

	if (rc)
		return told("begin", rc);
	rc = mdb_del(txn, m->dbi, &key, NULL);
	if (rc == 0 || rc == MDB_NOTFOUND)
		return told("commit", mdb_txn_commit(txn));
	mdb_txn_abort(txn);
	return told("delete", rc);
}

/* A reading transaction costs less renewed than begun. */
static int
reader(struct map *m, MDB_txn **txn)
{
	static _Thread_local MDB_txn *kept;
	static _Thread_local unsigned of;
	int rc;

	if (of == m->opened) {
		rc = mdb_txn_renew(kept);
	} else {
		rc = mdb_txn_begin(m->env, NULL, MDB_RDONLY, &kept);
		of = m->opened;
	}
	*txn = kept;
	return rc;
}

static int
engine_get(void *db, struct span k, struct span *value)
{
	static _Thread_local char room[VALUE_SIZE_MAX];
	struct map *m = db;
	MDB_val key = val(k), found;
	MDB_txn *txn;
	int rc = reader(m, &txn);

	*value = (struct span){ NULL, 0 };
	if (rc)
		return told("begin", rc);
	rc = mdb_get(txn, m->dbi, &key, &found);
	if (rc == 0) {
		value->p = memcpy(room, found.mv_data, found.mv_size);
		value->n = found.mv_size;
	}
	mdb_txn_reset(txn);
	return told("get", rc == MDB_NOTFOUND ? 0 : rc);
}

static int
cursor_open(void *db, void **cursor)
{
	struct map *m = db;
	struct walk *w = calloc(1, sizeof *w);
	int rc;

	*cursor = w;
	if (w == NULL)
		return told("cursor", ENOMEM);
	if ((rc = mdb_txn_begin(m->env, NULL, MDB_RDONLY, &w->txn)) != 0)
		return told("begin", rc);
	return told("cursor", mdb_cursor_open(w->txn, m->dbi, &w->cursor));
}

static void
cursor_close(void *cursor)
{
	struct walk *w = cursor;

	mdb_cursor_close(w->cursor);
	mdb_txn_abort(w->txn);
	free(w);
}

static int
move(struct walk *w, MDB_cursor_op op)
{
	int rc = mdb_cursor_get(w->cursor, &w->key, &w->value, op);

	w->valid = rc == 0;
	return told("cursor", rc == MDB_NOTFOUND ? 0 : rc);
}

static int
first(void *cursor)
{
	return move(cursor, MDB_FIRST);
}

static int
last(void *cursor)
{
	return move(cursor, MDB_LAST);
}

static int
seek(void *cursor, struct span key)
{
	struct walk *w = cursor;

	w->key = val(key);
	return move(w, MDB_SET_RANGE);
}

static int
next(void *cursor)
{
	return move(cursor, MDB_NEXT);
}

static int
prev(void *cursor)
{
	return move(cursor, MDB_PREV);
}

static bool
current(void *cursor, struct record *r)
{
	struct walk *w = cursor;

	r->key = (struct span){ w->key.mv_data, w->key.mv_size };
	r->value = (struct span){ w->value.mv_data, w->value.mv_size };
	return w->valid;
}

const struct engine engine_lmdb = {
	"lmdb", "MDB_NOSYNC, map 64 GiB, one transaction an operation or batch",
	engine_open, engine_close, engine_put, engine_remove, engine_batch,
	engine_get, NULL, NULL, cursor_open, cursor_close, first, last, seek,
	next, prev, current
};
#else
const struct engine engine_lmdb = { .name = "lmdb" };
#endif
