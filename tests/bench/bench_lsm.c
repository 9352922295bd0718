/*
 * bench_lsm.c - this engine, with its defaults, through lsm.h.
 */
#include "bench/engine.h"

#include <lsm.h>
#include <stdio.h>
#include <stdlib.h>

static int
told(const char *what, int rc)
{
	return rc == LSM_OK ? 0 : engine_failed("lsm", what, lsm_message());
}

static lsm_slice
slice(struct span s)
{
	return lsm_bytes(s.p, s.n);
}

static int
engine_open(const struct place *place, void **db)
{
	lsm_options o;
	lsm_db *opened = NULL;
	int rc;

	lsm_options_init(&o);
	o.create = 1;
	o.no_sync = 1;
	o.cache_size = PEER_CACHE;
	if (!place->compress)
		o.codec = LSM_CODEC_NONE;
	if (place->workers > 0)
		o.workers = place->workers;
	rc = lsm_open(place->path, &o, &opened);
	*db = opened;
	return told("open", rc);
}

static int
engine_close(void *db)
{
	return told("close", lsm_close(db));
}

static int
engine_put(void *db, const struct record *r, bool sync)
{
	return told("put", lsm_put(db, slice(r->key), slice(r->value),
	    sync ? LSM_SYNC : 0));
}

static int
engine_remove(void *db, struct span key)
{
	return told("delete", lsm_delete(db, slice(key), 0));
}

static int
engine_batch(void *db, const struct record *r, size_t count)
{
	static _Thread_local lsm_batch *batch;
	int rc = LSM_OK;

	if (batch == NULL)
		rc = lsm_batch_new(&batch);
	else
		lsm_batch_clear(batch);
	for (size_t i = 0; i < count && rc == LSM_OK; i++)
		rc = lsm_batch_put(batch, slice(r[i].key), slice(r[i].value));
	if (rc == LSM_OK)
		rc = lsm_write(db, batch, 0);
	return told("batch", rc);
}

static int
engine_get(void *db, struct span key, struct span *value)
{
	static _Thread_local lsm_buffer room;
	int rc = lsm_get(db, NULL, slice(key), &room);

	*value = (struct span){ NULL, 0 };
	if (rc == LSM_OK)
		*value = (struct span){ room.data, room.size };
	return told("get", rc == LSM_NOTFOUND ? LSM_OK : rc);
}

static int
engine_multi_get(void *db, const struct span *keys, size_t count,
    struct span *values)
{
	static _Thread_local lsm_buffer rooms[MULTI_MAX];
	lsm_slice slices[MULTI_MAX] = { { NULL, 0 } };
	int codes[MULTI_MAX], rc;

	for (size_t i = 0; i < count; i++)
		slices[i] = slice(keys[i]);
	rc = lsm_multi_get(db, NULL, count, slices, rooms, codes);
	for (size_t i = 0; i < count && rc == LSM_OK; i++)
		values[i] = codes[i] != LSM_OK ? (struct span){ NULL, 0 } :
		    (struct span){ rooms[i].data, rooms[i].size };
	return told("multi get", rc);
}

static int
engine_compact(void *db)
{
	return told("compact", lsm_compact(db, NULL, NULL));
}

static int
cursor_open(void *db, void **cursor)
{
	lsm_iter *it = NULL;
	int rc = lsm_iter_new(db, NULL, NULL, &it);

	*cursor = it;
	return told("iterator", rc);
}

static void
cursor_close(void *cursor)
{
	lsm_iter_free(cursor);
}

static int
first(void *cursor)
{
	return told("first", lsm_iter_first(cursor));
}

static int
last(void *cursor)
{
	return told("last", lsm_iter_last(cursor));
}

static int
seek(void *cursor, struct span key)
{
	return told("seek", lsm_iter_seek(cursor, slice(key)));
}

static int
next(void *cursor)
{
	return told("next", lsm_iter_next(cursor));
}

static int
prev(void *cursor)
{
	return told("prev", lsm_iter_prev(cursor));
}

static bool
current(void *cursor, struct record *r)
{
	lsm_slice key, value;

	if (!lsm_iter_valid(cursor))
		return false;
	key = lsm_iter_key(cursor);
	value = lsm_iter_value(cursor);
	r->key = (struct span){ key.data, key.size };
	r->value = (struct span){ value.data, value.size };
	return true;
}

const struct engine engine_lsm = {
	"lsm", "cache 256 MiB, otherwise defaults", engine_open, engine_close,
	engine_put, engine_remove, engine_batch, engine_get, engine_multi_get,
	engine_compact, cursor_open, cursor_close, first, last, seek, next,
	prev, current
};
