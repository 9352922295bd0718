/*
 * bench_rocksdb.c - RocksDB through rocksdb/c.h.
 */
#include "bench/engine.h"

#ifdef HAVE_ROCKSDB
#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

struct rocks {
	rocksdb_t *db;
	rocksdb_column_family_handle_t *family;	/* multi-get asks for it */
	rocksdb_options_t *options;
	rocksdb_writeoptions_t *write, *write_sync;
	rocksdb_readoptions_t *read;
};

static int
told(const char *what, char *error)
{
	int rc = error ? engine_failed("rocksdb", what, error) : 0;

	free(error);
	return rc;
}

static void
rocks_free(struct rocks *r)
{
	if (r->family)
		rocksdb_column_family_handle_destroy(r->family);
	if (r->db)
		rocksdb_close(r->db);
	rocksdb_options_destroy(r->options);
	rocksdb_writeoptions_destroy(r->write);
	rocksdb_writeoptions_destroy(r->write_sync);
	rocksdb_readoptions_destroy(r->read);
	free(r);
}

static rocksdb_options_t *
options_new(const struct place *place)
{
	rocksdb_options_t *o = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table =
	    rocksdb_block_based_options_create();
	rocksdb_cache_t *cache = rocksdb_cache_create_lru(PEER_CACHE);

	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_block_based_options_set_filter_policy(table,
	    rocksdb_filterpolicy_create_bloom_full(PEER_FILTER_BITS));
	rocksdb_options_set_block_based_table_factory(o, table);
	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_write_buffer_size(o, PEER_WRITE_BUFFER);
	rocksdb_options_set_max_background_jobs(o, 2);
	rocksdb_options_set_compression(o, place->compress ?
	    rocksdb_snappy_compression : rocksdb_no_compression);
	rocksdb_cache_destroy(cache);	/* the table options hold it */
	rocksdb_block_based_options_destroy(table);
	return o;
}

static int
engine_open(const struct place *place, void **db)
{
	struct rocks *r = calloc(1, sizeof *r);
	char *error = NULL;

	*db = NULL;
	if (r == NULL)
		return engine_failed("rocksdb", "open", "no memory");
	r->options = options_new(place);
	r->write = rocksdb_writeoptions_create();
	r->write_sync = rocksdb_writeoptions_create();
	r->read = rocksdb_readoptions_create();
	rocksdb_writeoptions_set_sync(r->write_sync, 1);
	r->db = rocksdb_open_column_families(r->options, place->path, 1,
	    (const char *const[]){ "default" },
	    (const rocksdb_options_t *const[]){ r->options }, &r->family,
	    &error);
	if (error)
		rocks_free(r);
	else
		*db = r;
	return told("open", error);
}

static int
engine_close(void *db)
{
	rocks_free(db);
	return 0;
}

static int
engine_put(void *db, const struct record *rec, bool sync)
{
	struct rocks *r = db;
	char *error = NULL;

	rocksdb_put(r->db, sync ? r->write_sync : r->write, rec->key.p,
	    rec->key.n, rec->value.p, rec->value.n, &error);
	return told("put", error);
}

static int
engine_remove(void *db, struct span key)
{
	struct rocks *r = db;
	char *error = NULL;

	rocksdb_delete(r->db, r->write, key.p, key.n, &error);
	return told("delete", error);
}

static int
engine_batch(void *db, const struct record *rec, size_t count)
{
	static _Thread_local rocksdb_writebatch_t *batch;
	struct rocks *r = db;
	char *error = NULL;

	if (batch == NULL)
		batch = rocksdb_writebatch_create();
	else
		rocksdb_writebatch_clear(batch);
	for (size_t i = 0; i < count; i++)
		rocksdb_writebatch_put(batch, rec[i].key.p, rec[i].key.n,
		    rec[i].value.p, rec[i].value.n);
	rocksdb_write(r->db, r->write, batch, &error);
	return told("batch", error);
}

/* Pinned, then copied: cheaper than the copy the interface would make. */
static int
engine_get(void *db, struct span key, struct span *value)
{
	static _Thread_local char room[VALUE_SIZE_MAX];
	struct rocks *r = db;
	rocksdb_pinnableslice_t *pinned;
	const char *found;
	char *error = NULL;

	*value = (struct span){ NULL, 0 };
	pinned = rocksdb_get_pinned(r->db, r->read, key.p, key.n, &error);
	if (pinned == NULL)
		return told("get", error);
	found = rocksdb_pinnableslice_value(pinned, &value->n);
	value->p = memcpy(room, found, value->n);
	rocksdb_pinnableslice_destroy(pinned);
	return told("get", error);
}

/* Pinned until this thread's next call: no copy, which is its best way. */
static int
engine_multi_get(void *db, const struct span *keys, size_t count,
    struct span *values)
{
	static _Thread_local rocksdb_pinnableslice_t *pinned[MULTI_MAX];
	const char *texts[MULTI_MAX] = { NULL };
	char *errors[MULTI_MAX];
	size_t sizes[MULTI_MAX] = { 0 };
	struct rocks *r = db;
	int rc = 0;

	for (size_t i = 0; i < count; i++) {
		rocksdb_pinnableslice_destroy(pinned[i]);
		texts[i] = keys[i].p;
		sizes[i] = keys[i].n;
	}
	rocksdb_batched_multi_get_cf(r->db, r->read, r->family, count, texts,
	    sizes, pinned, errors, false);
	for (size_t i = 0; i < count; i++) {
		values[i] = (struct span){ NULL, 0 };
		if (pinned[i] != NULL)
			values[i].p = rocksdb_pinnableslice_value(pinned[i],
			    &values[i].n);
		rc |= told("multi get", errors[i]);
	}
	return rc;
}

static int
engine_compact(void *db)
{
	rocksdb_compact_range(((struct rocks *)db)->db, NULL, 0, NULL, 0);
	return 0;
}

static int
cursor_open(void *db, void **cursor)
{
	struct rocks *r = db;

	*cursor = rocksdb_create_iterator(r->db, r->read);
	return 0;
}

static void
cursor_close(void *cursor)
{
	rocksdb_iter_destroy(cursor);
}

/* Errors of a movement show only where it ends. */
static int
moved(void *cursor)
{
	char *error = NULL;

	if (rocksdb_iter_valid(cursor))
		return 0;
	rocksdb_iter_get_error(cursor, &error);
	return told("iterator", error);
}

static int
first(void *cursor)
{
	rocksdb_iter_seek_to_first(cursor);
	return moved(cursor);
}

static int
last(void *cursor)
{
	rocksdb_iter_seek_to_last(cursor);
	return moved(cursor);
}

static int
seek(void *cursor, struct span key)
{
	rocksdb_iter_seek(cursor, key.p, key.n);
	return moved(cursor);
}

static int
next(void *cursor)
{
	rocksdb_iter_next(cursor);
	return moved(cursor);
}

static int
prev(void *cursor)
{
	rocksdb_iter_prev(cursor);
	return moved(cursor);
}

static bool
current(void *cursor, struct record *r)
{
	if (!rocksdb_iter_valid(cursor))
		return false;
	r->key.p = rocksdb_iter_key(cursor, &r->key.n);
	r->value.p = rocksdb_iter_value(cursor, &r->value.n);
	return true;
}

const struct engine engine_rocksdb = {
	"rocksdb", "write buffer 64 MiB, cache 256 MiB, full bloom 10 bits, "
	"2 background jobs, snappy unless -none", engine_open, engine_close,
	engine_put, engine_remove, engine_batch, engine_get,
	engine_multi_get, engine_compact, cursor_open, cursor_close, first,
	last, seek, next, prev, current
};
#else
const struct engine engine_rocksdb = { .name = "rocksdb" };
#endif
