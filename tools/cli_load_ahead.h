/*
 * cli_load_ahead.h - a thread that writes full batches while the next ones are
 * read.
 *
 * Batches are written one after the other, in their order, and some wait. The
 * first that fails is the last: what waits behind it is not written, and every
 * later call tells its status. Whoever gives the batches uses neither their
 * memory nor the database's ingestion before load_ahead_end.
 */
#ifndef CLI_LOAD_AHEAD_H
#define CLI_LOAD_AHEAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lsm.h"

enum { LOAD_AHEAD_BATCHES = 4, LOAD_STORY_MAX = 1024 };

struct kept_key {
	size_t size;
	char bytes[LSM_KEY_MAX];
};

void kept_key_copy(struct kept_key *, const struct kept_key *);

/* How a batch is written: an lsm_code. */
typedef int load_write(void *arg, const lsm_batch *);

struct load_turn {
	lsm_batch *batch;
	struct kept_key last;	/* of its records */
};

struct load_ahead {
	load_write *write;
	void *arg;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;	/* of what follows */
	pthread_cond_t changed;
	struct load_turn turns[LOAD_AHEAD_BATCHES];
	uint64_t given, done;	/* batches; those between wait */
	uint64_t records;	/* written, and not told yet: how many, */
	struct kept_key last;	/* and the last key of them */
	bool ending, told;
	int code;		/* of the first failure, */
	char story[LOAD_STORY_MAX];	/* and its message */
};

/* Zeroed, it can be ended. False: there is no thread, or no memory, to be had,
 * and the caller writes by itself. */
bool load_ahead_start(struct load_ahead *, load_write *, void *arg);

/* The batch, whose last key is `last`, is to be written: *batch is an empty
 * one then. May wait. Returns an exit status. */
int load_ahead_give(struct load_ahead *, lsm_batch **batch,
    const struct kept_key *last);

/* How many records were written since the last call; of some, *last is the
 * last key. */
uint64_t load_ahead_written(struct load_ahead *, struct kept_key *last);

/* Wait until all is written; then the thread is gone. Returns an exit
 * status. */
int load_ahead_end(struct load_ahead *);

#endif
