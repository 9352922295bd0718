/*
 * engine.h - what the benchmark asks of an engine: one table of functions.
 *
 * Each adapter goes through its engine's C interface. All give an answer of 0
 * for success. The benchmark ends at the first failure, so that no rate can
 * come from work that was not done. put, remove, batch and get may be called
 * by several threads at once; a cursor belongs to one.
 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p;
	size_t n;
};

struct record {
	struct span key, value;
};

struct place {
	const char *path;
	bool compress;		/* the engine's own default codec, or none */
	int workers;		/* 0: the engine's own default */
};

struct engine {
	const char *name;
	const char *settings;	/* other than the engine's defaults */
	int (*open)(const struct place *, void **db);
	int (*close)(void *db);
	int (*put)(void *db, const struct record *, bool sync);
	int (*remove)(void *db, struct span key);
	int (*batch)(void *db, const struct record *, size_t count);
	/* A copy of the value, kept until this thread's next get; p is NULL
	 * when the key is not there. */
	int (*get)(void *db, struct span key, struct span *value);
	/* Copies of many values, kept likewise; NULL where there is no such
	 * call. */
	int (*multi_get)(void *db, const struct span *keys, size_t count,
	    struct span *values);
	/* Merge everything; NULL where the engine cannot. */
	int (*compact)(void *db);

	/* A cursor over the database as it is now. A movement leaves it on a
	 * record or past an end; current says which, true: on *r. */
	int (*cursor_open)(void *db, void **cursor);
	void (*cursor_close)(void *cursor);
	int (*first)(void *cursor);
	int (*last)(void *cursor);
	int (*seek)(void *cursor, struct span key);
	int (*next)(void *cursor);
	int (*prev)(void *cursor);
	bool (*current)(void *cursor, struct record *r);
};

extern const struct engine engine_lsm, engine_leveldb, engine_rocksdb,
    engine_lmdb;

/* The settings that are comparable are the same everywhere. */
enum {
	PEER_WRITE_BUFFER = 64 << 20,
	PEER_CACHE = 256 << 20,
	PEER_FILTER_BITS = 10
};

enum { VALUE_SIZE_MAX = 64 << 10, MULTI_MAX = 100 };

/* Print "engine: what failed: why" and return 1. */
int engine_failed(const char *engine, const char *what, const char *why);

#endif
