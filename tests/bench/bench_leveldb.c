/*
 * bench_leveldb.c - LevelDB through leveldb/c.h.
 */
#include "bench/engine.h"

#ifdef HAVE_LEVELDB
#include <leveldb/c.h>
#include <stdlib.h>
#include <string.h>

struct level {
	leveldb_t *db;
	leveldb_options_t *options;
	leveldb_cache_t *cache;
	leveldb_filterpolicy_t *filter;
	leveldb_writeoptions_t *write, *write_sync;
	leveldb_readoptions_t *read;
};

/* Each call leaves its error, if any, in memory of its own. */
static int
told(const char *what, char *error)
{
	int rc = error ? engine_failed("leveldb", what, error) : 0;

	leveldb_free(error);
	return rc;
}

static void
level_free(struct level *l)
{
	if (l->db)
		leveldb_close(l->db);
	leveldb_options_destroy(l->options);
	leveldb_cache_destroy(l->cache);
	leveldb_filterpolicy_destroy(l->filter);
	leveldb_writeoptions_destroy(l->write);
	leveldb_writeoptions_destroy(l->write_sync);
	leveldb_readoptions_destroy(l->read);
	free(l);
}

static int
engine_open(const struct place *place, void **db)
{
	struct level *l = calloc(1, sizeof *l);
	char *error = NULL;

	*db = NULL;
	if (l == NULL)
		return engine_failed("leveldb", "open", "no memory");
	l->options = leveldb_options_create();
	l->cache = leveldb_cache_create_lru(PEER_CACHE);
	l->filter = leveldb_filterpolicy_create_bloom(PEER_FILTER_BITS);
	l->write = leveldb_writeoptions_create();
	l->write_sync = leveldb_writeoptions_create();
	l->read = leveldb_readoptions_create();
	leveldb_writeoptions_set_sync(l->write_sync, 1);
	leveldb_options_set_create_if_missing(l->options, 1);
	leveldb_options_set_write_buffer_size(l->options, PEER_WRITE_BUFFER);
	leveldb_options_set_cache(l->options, l->cache);
	leveldb_options_set_filter_policy(l->options, l->filter);
	leveldb_options_set_compression(l->options, place->compress ?
	    leveldb_snappy_compression : leveldb_no_compression);
	l->db = leveldb_open(l->options, place->path, &error);
	if (error)
		level_free(l);
	else
		*db = l;
	return told("open", error);
}

static int
engine_close(void *db)
{
	level_free(db);
	return 0;
}

static int
engine_put(void *db, const struct record *r, bool sync)
{
	struct level *l = db;
	char *error = NULL;

	leveldb_put(l->db, sync ? l->write_sync : l->write, r->key.p, r->key.n,
	    r->value.p, r->value.n, &error);
	return told("put", error);
}

static int
engine_remove(void *db, struct span key)
{
	struct level *l = db;
	char *error = NULL;

	leveldb_delete(l->db, l->write, key.p, key.n, &error);
	return told("delete", error);
}

static int
engine_batch(void *db, const struct record *r, size_t count)
{
	static _Thread_local leveldb_writebatch_t *batch;
	struct level *l = db;
	char *error = NULL;

	if (batch == NULL)
		batch = leveldb_writebatch_create();
	else
		leveldb_writebatch_clear(batch);
	for (size_t i = 0; i < count; i++)
		leveldb_writebatch_put(batch, r[i].key.p, r[i].key.n,
		    r[i].value.p, r[i].value.n);
	leveldb_write(l->db, l->write, batch, &error);
	return told("batch", error);
}

/* The interface hands out a copy of its own making. */
static int
engine_get(void *db, struct span key, struct span *value)
{
	static _Thread_local char *copy;
	struct level *l = db;
	char *error = NULL;

	leveldb_free(copy);
	copy = leveldb_get(l->db, l->read, key.p, key.n, &value->n, &error);
	value->p = copy;
	return told("get", error);
}

static int
engine_compact(void *db)
{
	leveldb_compact_range(((struct level *)db)->db, NULL, 0, NULL, 0);
	return 0;
}

static int
cursor_open(void *db, void **cursor)
{
	struct level *l = db;

	*cursor = leveldb_create_iterator(l->db, l->read);
	return 0;
}

static void
cursor_close(void *cursor)
{
	leveldb_iter_destroy(cursor);
}

/* Errors of a movement show only where it ends. */
static int
moved(void *cursor)
{
	char *error = NULL;

	if (leveldb_iter_valid(cursor))
		return 0;
	leveldb_iter_get_error(cursor, &error);
	return told("iterator", error);
}

static int
first(void *cursor)
{
	leveldb_iter_seek_to_first(cursor);
	return moved(cursor);
}

static int
last(void *cursor)
{
	leveldb_iter_seek_to_last(cursor);
	return moved(cursor);
}

static int
seek(void *cursor, struct span key)
{
	leveldb_iter_seek(cursor, key.p, key.n);
	return moved(cursor);
}

static int
next(void *cursor)
{
	leveldb_iter_next(cursor);
	return moved(cursor);
}

static int
prev(void *cursor)
{
	leveldb_iter_prev(cursor);
	return moved(cursor);
}

static bool
current(void *cursor, struct record *r)
{
	if (!leveldb_iter_valid(cursor))
		return false;
	r->key.p = leveldb_iter_key(cursor, &r->key.n);
	r->value.p = leveldb_iter_value(cursor, &r->value.n);
	return true;
}

const struct engine engine_leveldb = {
	"leveldb", "write buffer 64 MiB, cache 256 MiB, bloom 10 bits, "
	"snappy unless -none", engine_open, engine_close, engine_put,
	engine_remove, engine_batch, engine_get, NULL, engine_compact,
	cursor_open, cursor_close, first, last, seek, next, prev, current
};
#else
const struct engine engine_leveldb = { .name = "leveldb" };
#endif
