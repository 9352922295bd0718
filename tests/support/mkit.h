/*
 * mkit.h - a database of names only, for tests of the manifest: a simulated
 * disk, a state, its manifest; tables and logs that are headers.
 */
#ifndef SUPPORT_MKIT_H
#define SUPPORT_MKIT_H

#include "env/env_sim.h"
#include "log/record.h"
#include "version/manifest.h"

enum { MKIT_LOG = 1, MKIT_MANIFEST = 2 };
#define MKIT_DIR "db"

struct mkit {
	struct sim *sim;
	struct env_dir *dir;
	struct state state;
	struct manifest *manifest;
	uint64_t buried[16];
	size_t buried_count;
};

/* A database with a log, a manifest and CURRENT. */
void mkit_init(struct mkit *);
void mkit_release(struct mkit *);

/* A table or log of `size` bytes, made after `edit`, durable. */
void mkit_file(struct mkit *, enum file_kind, uint64_t number, uint64_t edit,
    uint64_t size);
void mkit_unlink(struct mkit *, enum file_kind, uint64_t number);

/* Append; the edit is released. */
int mkit_append(struct mkit *, struct edit *, bool *fatal);

/* Three edits: tables 10 to 13 are flushed and 10 and 11 merged into 14, with
 * options, a log's end and a new log. Files come and go as they should. */
void mkit_history(struct mkit *);

extern const char mkit_history_words[];	/* the state after it */

/* Append a record of this content whatever it is; the state stays. */
void mkit_raw(struct mkit *, uint8_t kind, uint64_t sequence,
    struct bytes payload);

/* Read the manifest of a disk: a code, and what the state is in words. */
int mkit_read(struct sim *, struct buffer *words, bool *torn);
void mkit_words(const struct state *, struct buffer *);
int mkit_read_code(struct sim *);
void mkit_check_words(const struct state *, const char *want);
void mkit_check_read(struct sim *, const char *want, bool want_torn);

/* The bytes of a file. */
void mkit_content(struct mkit *, const char *name, struct buffer *);
const char *mkit_manifest_name(const struct mkit *);	/* static */

void mkit_gone(void *, struct version_table *);		/* arg: the kit */

#endif
