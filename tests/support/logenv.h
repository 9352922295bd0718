/*
 * logenv.h - a door with a log object and files in memory, for tests of the
 * log: every byte can be seen and changed.
 *
 * With `ring` the last bytes of a segment are not in its file until they are
 * flushed, and stay in the door when the log object is closed, as they stay
 * in LOCK when a process dies.
 */
#ifndef SUPPORT_LOGENV_H
#define SUPPORT_LOGENV_H

#include "env/env.h"

enum { LOGENV_FILES = 32, LOGENV_SEGMENT_MAX = 48 << 20 };

struct logfile {
	char name[32];			/* "": not used */
	uint8_t *p;
	size_t n, capacity;
};

struct logenv {
	lsm_env env;
	struct env_dir dir;
	struct env_lock lock;
	struct mutex mu;
	struct logfile files[LOGENV_FILES];
	bool ring;
	/* What the page of LOCK holds. */
	bool trusted, syncing;
	uint64_t written, committed;
	struct buffer tail;		/* [written, committed) */
	/* Failures: a code to give, once or for ever. */
	int fail_sync, fail_reserve, fail_commit, fail_switch, fail_read;
	bool for_ever;
	uint64_t syncs;			/* log_sync calls that got here */
};

struct logenv *logenv_new(void);
void logenv_free(struct logenv *);
struct logfile *logenv_file(struct logenv *, const char *name); /* or NULL */
struct logfile *logenv_add(struct logenv *, const char *name);
void logenv_resize(struct logfile *, size_t n);		/* with zeros */
struct env_log *logenv_open_log(struct logenv *);
/* The page is not to be believed any more, and the tail is gone. */
void logenv_reboot(struct logenv *);
/* Likewise, but the tail is still there. */
void logenv_distrust(struct logenv *);

#endif
