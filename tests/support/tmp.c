/*
 * tmp.c - temporary directories of test programs.
 */
#define _GNU_SOURCE
#include "support/tmp.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/need.h"

enum { PATH_ROOM = 256, OPEN_MAX_FTW = 16 };

char *
tmp_new(void)
{
	const char *base = getenv("TMPDIR");
	char *path = need(PATH_ROOM);

	snprintf(path, PATH_ROOM, "%s/lsm-proof-XXXXXX", base ? base : "/tmp");
	if (mkdtemp(path) == NULL) {
		perror(path);
		abort();
	}
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
tmp_clear(const char *path)
{
	nftw(path, remove_one, OPEN_MAX_FTW, FTW_DEPTH | FTW_PHYS);
}

void
tmp_remove(char *path)
{
	if (path == NULL)
		return;
	tmp_clear(path);
	free(path);
}
