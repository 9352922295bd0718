/*
 * env_posix.c - the door to this machine: its table, clocks and chance.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "base/status.h"
#include "env/posix.h"

static uint64_t
clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t
posix_now_us(lsm_env *env)
{
	(void)env;
	return clock_us(CLOCK_MONOTONIC);
}

static uint64_t
posix_now_ns(lsm_env *env)
{
	struct timespec t;

	(void)env;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t
posix_date_us(lsm_env *env)
{
	(void)env;
	return clock_us(CLOCK_REALTIME);
}

/* A signal ends it early: who asked looks at the clock. */
static void
posix_pause_us(lsm_env *env, uint64_t us)
{
	const struct timespec t = { .tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000 };

	(void)env;
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static int
posix_random(lsm_env *env, void *to, size_t n)
{
	uint8_t *p = to;

	(void)env;
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return status_system(errno, "random");
		p += got;
		n -= (size_t)got;
	}
	return LSM_OK;
}

static int
posix_work(lsm_env *env, struct thread *thread, void (*run)(void *), void *arg)
{
	(void)env;
	return thread_start(thread, run, arg);
}

static const struct env_ops ops = {
	.dir_open = posix_dir_open,
	.dir_close = posix_dir_close,
	.dir_remove = posix_dir_remove,
	.dir_sync = posix_dir_sync,
	.dir_list = posix_dir_list,
	.dir_unlink = posix_dir_unlink,
	.dir_rename = posix_dir_rename,
	.dir_sub = posix_dir_sub,
	.dir_move = posix_dir_move,
	.dir_link = posix_dir_link,
	.dir_replace = posix_dir_replace,
	.dir_links = posix_dir_links,
	.dir_same = posix_dir_same,
	.file_open = posix_file_open,
	.file_read = posix_file_read,
	.file_append = posix_file_append,
	.file_size = posix_file_size,
	.file_sync = posix_file_sync,
	.file_close = posix_file_close,
	.file_map = posix_file_map,
	.file_unmap = posix_file_unmap,
	.lock_open = posix_lock_open,
	.lock_close = posix_lock_close,
	.lock_hold = posix_lock_hold,
	.lock_test = posix_lock_test,
	.lock_words = posix_lock_words,
	.log_open = posix_log_open,
	.log_close = posix_log_close,
	.log_tail = posix_log_tail,
	.log_ring = posix_log_ring,
	.log_prepare = posix_log_prepare,
	.log_attach = posix_log_attach,
	.log_ready = posix_log_ready,
	.log_switch = posix_log_switch,
	.log_reserve = ring_reserve,
	.log_space = ring_space,
	.log_commit = ring_commit,
	.log_committed = ring_committed,
	.log_flush = ring_flush,
	.log_sync = ring_sync,
	.log_sync_start = ring_sync_start,
	.log_forget = ring_forget,
	.log_head = ring_head,
	.log_oldest = ring_oldest,
	.log_ended = ring_ended,
	.log_scrub = ring_scrub,
	.log_trust = ring_trust,
	.log_give_up = posix_log_give_up,
	.now_us = posix_now_us,
	.now_ns = posix_now_ns,
	.date_us = posix_date_us,
	.pause_us = posix_pause_us,
	.random = posix_random,
	.work = posix_work,
};

static lsm_env env = { &ops };

lsm_env *
env_posix(void)
{
	return &env;
}
