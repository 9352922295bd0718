/*
 * cli_session.h - one directory, its handle, and the way lsm-cli opens it.
 *
 * The handle is opened by the first command that needs it: to read, until the
 * first command that writes; from then on everything goes through a writer. A
 * reader that a snapshot or an iterator is of stays open beside it. A reader is
 * moved forward by each command, which so sees all that others committed
 * before it; but not while a snapshot is held.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdbool.h>

#include "lsm.h"

#include "cli_settings.h"

struct session {
	const char *directory;
	const struct settings *opening;	/* those of the command line */
	lsm_db *db;
	bool writes;		/* db is open for writing */
	lsm_db *held;		/* the reader of before, or NULL */
	bool script;		/* stdin holds the commands */
	bool timing;		/* say how long each command took */
	bool leave;		/* exit was said */
	lsm_snapshot *snapshot;	/* that reads are of, or NULL, */
	lsm_db *snapshot_db;	/* and its handle */
	lsm_iter *iter;		/* that is stepped by hand, or NULL, */
	lsm_db *iter_db;	/* and its handle */
	lsm_batch *batch;	/* that waits for its .commit, or NULL */
};

/* The session's handle, open at least to read, or to write. It stays the
 * session's. Functions return an exit status. */
int session_reader(struct session *, lsm_db **);
int session_writer(struct session *, bool workers, lsm_db **);
int session_close(struct session *);

/* Let go of what was held between two commands. */
int session_snapshot_end(struct session *);
int session_iter_end(struct session *);

/* Drop the open batch, and say so. */
void session_batch_drop(struct session *);

/* How the records of a database are printed. */
struct record_style session_style(const struct settings *, lsm_db *);

/* The flags of a write outside load. */
int session_write_flags(const struct settings *, unsigned *flags);

/* A key that was typed. */
struct key {
	lsm_slice bytes;	/* in the operand's place, or in `room` */
	char room[KEY_NUMBER_MAX];
};

/* Read a key operand, as --key-format says. */
int session_key(const struct settings *, struct word *operand, struct key *);

/* The same for a value and --value-format. */
int session_value(const struct settings *, struct word *operand, struct key *);

#endif
