/*
 * disk.c - the space that a directory takes while others change it.
 */
#define _XOPEN_SOURCE 700
#include "bench/disk.h"

#include <ftw.h>
#include <stdbool.h>
#include <time.h>

enum { LOOK_NS = 20 * 1000 * 1000, OPEN_MAX_DIRS = 16 };

static uint64_t disk_sum;

static int
disk_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F)
		disk_sum += (uint64_t)st->st_blocks * 512;
	return 0;
}

static void
look(struct disk_watch *w)
{
	disk_sum = 0;
	nftw(w->path, disk_one, OPEN_MAX_DIRS, FTW_PHYS);
	w->last = disk_sum;
	w->sum += disk_sum;
	w->count++;
	if (disk_sum > w->peak)
		w->peak = disk_sum;
}

static void *
watch_main(void *arg)
{
	struct timespec pause = { .tv_nsec = LOOK_NS };
	struct disk_watch *w = arg;

	while (!atomic_load(&w->ending)) {
		look(w);
		nanosleep(&pause, NULL);
	}
	look(w);
	return NULL;
}

int
disk_watch_begin(struct disk_watch *w, const char *path)
{
	w->path = path;
	atomic_store(&w->ending, false);
	w->last = w->peak = w->sum = w->count = 0;
	return pthread_create(&w->thread, NULL, watch_main, w) == 0 ? 0 : -1;
}

void
disk_watch_end(struct disk_watch *w)
{
	atomic_store(&w->ending, true);
	pthread_join(w->thread, NULL);
}

uint64_t
disk_watch_mean(const struct disk_watch *w)
{
	return w->count == 0 ? 0 : w->sum / w->count;
}
