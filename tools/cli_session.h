/*
 * cli_session.h - one directory, its handle, and the way lsm-cli opens it.
 *
 * The handle is opened by the first command that needs it: to read, until the
 * first command that writes; from then on everything goes through a writer.
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
	bool script;		/* stdin holds the commands */
	bool leave;		/* exit was said */
};

/* The session's handle, open at least to read, or to write. It stays the
 * session's. Functions return an exit status. */
int session_reader(struct session *, lsm_db **);
int session_writer(struct session *, bool workers, lsm_db **);
int session_close(struct session *);

/* The flags of a write outside load. */
int session_write_flags(const struct settings *, unsigned *flags);

/* Read a key operand. */
int session_key(const struct settings *, struct word *operand, lsm_slice *key);

#endif
