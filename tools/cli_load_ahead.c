/*
 * cli_load_ahead.c - a thread that writes full batches while the next ones are
 * read.
 */
#include "cli_load_ahead.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

void
kept_key_copy(struct kept_key *to, const struct kept_key *from)
{
	memcpy(to->bytes, from->bytes, from->size);
	to->size = from->size;
}

static struct load_turn *
turn_at(struct load_ahead *a, uint64_t n)
{
	return &a->turns[n % LOAD_AHEAD_BATCHES];
}

/* The batch of turn `done` was written, or not. */
static void
turn_end(struct load_ahead *a, int code)
{
	struct load_turn *t = turn_at(a, a->done);

	if (code == LSM_OK) {
		a->records += lsm_batch_count(t->batch);
		kept_key_copy(&a->last, &t->last);
	} else {
		a->code = code;
		snprintf(a->story, sizeof a->story, "%s", lsm_message());
	}
	lsm_batch_clear(t->batch);
	a->done++;
	pthread_cond_signal(&a->changed);
}

static void *
write_turns(void *arg)
{
	struct load_ahead *a = arg;
	int code;

	pthread_mutex_lock(&a->lock);
	while (a->code == LSM_OK) {
		while (a->done == a->given && !a->ending)
			pthread_cond_wait(&a->changed, &a->lock);
		if (a->done == a->given)
			break;
		pthread_mutex_unlock(&a->lock);
		code = a->write(a->arg, turn_at(a, a->done)->batch);
		pthread_mutex_lock(&a->lock);
		turn_end(a, code);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Signals are for the thread that reads: one that waits is to wake. */
static bool
thread_start(struct load_ahead *a)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&a->thread, NULL, write_turns, a) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static void
batches_free(struct load_ahead *a)
{
	for (size_t i = 0; i < LOAD_AHEAD_BATCHES; i++) {
		lsm_batch_free(a->turns[i].batch);
		a->turns[i].batch = NULL;
	}
}

bool
load_ahead_start(struct load_ahead *a, load_write *write, void *arg)
{
	bool all = true;

	a->write = write;
	a->arg = arg;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	for (size_t i = 0; i < LOAD_AHEAD_BATCHES; i++)
		all &= lsm_batch_new(&a->turns[i].batch) == LSM_OK;
	a->running = all && thread_start(a);
	if (!a->running)
		batches_free(a);
	return a->running;
}

/* The story of the failure, once. */
static int
status_tell(struct load_ahead *a)
{
	if (a->code == LSM_OK)
		return 0;
	if (a->told)
		return cli_status(a->code);
	a->told = true;
	return cli_fail(cli_status(a->code), "%s", a->story[0] != '\0' ?
	    a->story : lsm_strerror(a->code));
}

int
load_ahead_give(struct load_ahead *a, lsm_batch **batch,
    const struct kept_key *last)
{
	struct load_turn *t;
	lsm_batch *empty;

	pthread_mutex_lock(&a->lock);
	while (a->given - a->done == LOAD_AHEAD_BATCHES && a->code == LSM_OK)
		pthread_cond_wait(&a->changed, &a->lock);
	if (a->code == LSM_OK) {
		t = turn_at(a, a->given++);
		empty = t->batch;
		t->batch = *batch;
		*batch = empty;
		kept_key_copy(&t->last, last);
		pthread_cond_signal(&a->changed);
	}
	pthread_mutex_unlock(&a->lock);
	return status_tell(a);
}

uint64_t
load_ahead_written(struct load_ahead *a, struct kept_key *last)
{
	bool running = a->running;
	uint64_t records;

	if (running)
		pthread_mutex_lock(&a->lock);
	if ((records = a->records) > 0)
		kept_key_copy(last, &a->last);
	a->records = 0;
	if (running)
		pthread_mutex_unlock(&a->lock);
	return records;
}

int
load_ahead_end(struct load_ahead *a)
{
	if (!a->running)
		return 0;
	pthread_mutex_lock(&a->lock);
	a->ending = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	a->running = false;
	batches_free(a);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	return status_tell(a);
}
