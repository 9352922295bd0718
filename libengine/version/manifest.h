/*
 * manifest.h - the log of version edits, and CURRENT that names it.
 *
 * One writer. An edit is durable before it counts. The manifest starts anew
 * when it has grown to several times its first size, or when its end was torn.
 */
#ifndef VERSION_MANIFEST_H
#define VERSION_MANIFEST_H

#include "env/env.h"
#include "version/version.h"

struct current {
	uint8_t database[ID_SIZE], branch[ID_SIZE];
	uint64_t manifest;	/* its number */
	uint64_t edit;		/* its first edit */
};

/* CURRENT. LSM_NOTFOUND: there is none; LSM_CORRUPT, LSM_UNSUPPORTED. */
int current_read(struct env_dir *, struct current *);
int current_decode(struct bytes text, struct current *);
int current_encode(const struct current *, struct buffer *);

/* The state that a manifest adds up to. */
struct state {
	struct current current;
	uint8_t branch[ID_SIZE];	/* for new files */
	uint64_t edit;			/* last one */
	uint64_t reserved;
	uint64_t flushed;
	uint64_t ingested;		/* sequence of the last ingestion */
	uint64_t log;
	uint64_t next_run;
	struct log_end *ends;		/* of logs >= log */
	size_t ends_count;
	struct edit_option *options;
	size_t options_count;
	char *created;
	struct version *version;
	uint64_t manifest_size;		/* bytes that were read */
	uint64_t manifest_first;	/* of them, header and snapshot */
	uint64_t manifest_sum;		/* of the last record: the chain */
	bool torn;			/* the last record was not whole */
};

void state_release(struct state *);
const char *state_option(const struct state *, const char *name); /* or NULL */

/*
 * Read CURRENT and its manifest. LSM_NO_DATABASE when there is no CURRENT and
 * no manifest, table or log either; LSM_CORRUPT, LSM_UNSUPPORTED. The end of
 * the manifest is proven by the other files (witness.h); a last record that
 * is not whole is left out, and `torn` then says so. `gone` is for the tables
 * of the state: those that old edits dropped are not told. Beside a writer an
 * answer may be stale, and LSM_CORRUPT a race: look again.
 */
int manifest_read(struct env_dir *,
    void (*gone)(void *, struct version_table *), void *arg, struct state *);

/*
 * The same beside a writer, for who pinned a version before: no file of the
 * state, the manifest included, can go, and the record that is being appended
 * meanwhile is left out in silence. *current was read; it may be older than
 * the pin when it names the manifest that holds edit `pinned`. LSM_CORRUPT
 * when that ends before this edit. `torn`: the manifest does not end with the
 * last record.
 */
int manifest_read_pinned(struct env_dir *, const struct current *current,
    uint64_t pinned, void (*gone)(void *, struct version_table *), void *arg,
    struct state *);

/*
 * The same for who read this manifest before, to *before, which stays as it
 * is: only the records behind it are read, and tables that stay are shared by
 * both versions. Any failure: read it anew.
 */
int manifest_read_on(struct env_dir *, const struct state *before,
    uint64_t pinned, void (*gone)(void *, struct version_table *), void *arg,
    struct state *);

struct manifest;

/*
 * Start a new manifest, numbered `number`, that holds the state as one
 * snapshot, durable; then CURRENT names it. The snapshot is an edit of its
 * own: state->edit grows by one, and state->current, reserved (above
 * `number`) and the manifest fields are updated. The old file stays for the
 * caller to unlink. After a failure the state is as it was; when it was
 * *fatal, which manifest CURRENT names, the old or the new one, is known only
 * after the next read.
 */
int manifest_create(struct env_dir *, struct state *, uint64_t number,
    bool *fatal, struct manifest **);
/* Go on in the manifest that was read; not when it was torn. LSM_CORRUPT when
 * it is not as long as it was. */
int manifest_continue(struct env_dir *, const struct state *,
    struct manifest **);
/* What was read may be in the page cache only: make it durable. */
int manifest_sync(struct manifest *);
void manifest_free(struct manifest *);

/*
 * Append the edit, sync, and apply it to the state: state->version is then
 * the new version. edit->number is set here, and next_run raised above the
 * runs of the adds. What breaks a law (LSM_CORRUPT), LSM_NO_MEMORY, and
 * LSM_NO_SPACE when the file has not grown by a byte: nothing happened. Any
 * other failure: *fatal is true, nothing more may be appended.
 */
int manifest_append(struct manifest *, struct state *, struct edit *,
    void (*gone)(void *, struct version_table *), void *arg, bool *fatal);
bool manifest_wants_restart(const struct manifest *);
/* Has edits in number, one of them from here: worth a new one, later. */
bool manifest_is_long(const struct manifest *);
uint64_t manifest_bytes(const struct manifest *);	/* appended, counted */

#endif
