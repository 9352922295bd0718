/*
 * ring.h - the shared log ring: appends that survive their process without a
 * system call.
 *
 * A record is encoded into the ring, which other processes can see, and then
 * announced by the word `committed`; pieces of the ring go to the segment's
 * file later, announced by the word `written`. Bytes of LOCK and the words:
 * lsm-format(5). The laws:
 *
 *  1. What lies below `written` is in the file.
 *  2. The tail [written, committed) is in the ring when both words name the
 *     same log; otherwise all that is committed is in files. So `written` may
 *     be ahead of `committed`, and never names an older log.
 *  3. A committed byte of a log never changes.
 *  4. Both words are stored with release and loaded with acquire.
 *
 * Where there is no shared memory the same code runs with words of its own
 * and without the ring: then each commit writes its record to the file. LOCK
 * may hold the words of others, and they must not be believed any more: its
 * page becomes ring_page_alone, before the first byte.
 *
 * Threads: one appends (reserve, commit, attach, switch, scrub); any may
 * flush and sync at the same time. Lock order: append, sync_mu, io. A failed
 * write or sync is final: words stay as they are, so the tail stays readable
 * for the next writer, and every later call answers LSM_IO with the first
 * story.
 */
#ifndef ENV_RING_H
#define ENV_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "base/sync.h"
#include "env/env.h"

enum {
	RING_SIZE = 64 << 10,
	RING_MASK = RING_SIZE - 1,
	RING_PIECE = ENV_PIECE,		/* so much goes to the file at once */
	RING_RECORD_MAX = 16 << 10,	/* longer records go there directly */
	RING_FIRST = 64,		/* a start record, of the longest */
	RING_ID = 16,			/* bytes of a boot or database id */
	LOCK_RING = 65536,		/* offset of the ring in LOCK */
	LOCK_SIZE = 135168
};

/* The first page of LOCK. */
struct ring_control {
	_Atomic uint64_t magic;
	uint32_t layout, size;
	uint8_t boot[RING_ID];
	uint8_t database[RING_ID];
	uint64_t device, inode;
	_Atomic uint64_t head, oldest;
	_Atomic uint64_t ended;
	uint8_t gap1[40];
	_Atomic uint64_t written;
	uint8_t gap2[56];
	_Atomic uint64_t committed, durable, syncing, pid, leave;
};

_Static_assert(sizeof(_Atomic uint64_t) == 8, "words of LOCK are 8 bytes");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "processes share no mutex");
_Static_assert(offsetof(struct ring_control, device) == 48, "LOCK");
_Static_assert(offsetof(struct ring_control, head) == 64, "LOCK");
_Static_assert(offsetof(struct ring_control, written) == 128, "LOCK");
_Static_assert(offsetof(struct ring_control, committed) == 192, "LOCK");
_Static_assert(offsetof(struct ring_control, leave) == 224, "LOCK");

/* A mapped LOCK; the ring stands twice in a row. Both NULL: there is none. */
struct ring_memory {
	struct ring_control *control;
	uint8_t *bytes;
};

/* What a page must say to be believed. */
struct ring_identity {
	uint8_t boot[RING_ID];
	uint8_t database[RING_ID];
	uint64_t device, inode;
};

/* One log file as the ring needs it; implementations begin with this. */
struct ring_segment {
	const struct ring_segment_ops *ops;
	struct ring_segment *next;	/* the one that was switched to */
	uint64_t number;
	/* What it was switched to with; of an attached one, or when that is
	 * longer than the room: nothing. */
	uint64_t at;
	uint8_t first[RING_FIRST];
	size_t first_size;
	bool started;			/* that is durable; under sync_mu */
	uint64_t space;			/* bytes that have some; under io */
};

struct ring_segment_ops {
	/* All of the bytes or a failure, which may have written a part. */
	int (*write)(struct ring_segment *, uint64_t at, const void *, size_t);
	int (*sync)(struct ring_segment *);
	void (*close)(struct ring_segment *);
	/* Write, and make durable these bytes; the rest of the file need not
	 * be. NULL: cannot. */
	int (*write_through)(struct ring_segment *, uint64_t at, const void *,
	    size_t);
	/* Space for the first `size` bytes. A failure leaves the file as it
	 * was. Nobody writes meanwhile. NULL: cannot. */
	int (*space)(struct ring_segment *, uint64_t size);
};

struct ring {
	struct env_log base;

	/* Set by ring_init. */
	struct ring_control *control;	/* shared, or `own` */
	uint8_t *bytes;			/* NULL: no ring */
	struct ring_identity identity;
	uint64_t pid;
	struct ring_control own;

	/* The appender's. */
	uint64_t next;			/* offset of the next record */
	size_t reserved;		/* bytes promised to it */
	bool direct;			/* ... in `record`, not in the ring */
	struct buffer record;
	bool entered;			/* the page is ours */
	struct ring_segment *ready;	/* open, for the next switch; or NULL */

	/* Guarded by io: whatever moves `written`. `committed` changes its
	 * log only under io as well. */
	struct mutex io;
	struct ring_segment *oldest;	/* not known to be durable, linked */
	struct ring_segment *current;	/* ... up to this one */
	char story[STATUS_STORY_MAX];	/* final once `failed` is set */

	/* Guarded by sync_mu: one sync at a time, so that the end of one
	 * cannot clear `syncing` while another still runs. */
	struct mutex sync_mu;
	uint64_t durable;		/* position */
	bool suspect;			/* found `syncing` on opening, before
					 * any sync: it stays */

	_Atomic bool failed;		/* released after the story */
};

/* `memory` must outlive the ring. The object does nothing before it is
 * attached or switched to a segment. */
void ring_init(struct ring *, lsm_env *, struct ring_memory,
    const struct ring_identity *, uint64_t pid);

/* An orderly end: what is committed goes to the file, segments are closed.
 * With `forked` the memory belongs to another process: touch nothing. */
void ring_release(struct ring *, bool forked);

/* These take the segment, after a failure as well. See env.h. */
int ring_attach(struct ring *, struct ring_segment *, uint64_t at,
    struct bytes missing);
int ring_switch(struct ring *, struct ring_segment *, uint64_t at,
    struct bytes first);

/* The segment made ready for this switch, now the caller's, or NULL. */
struct ring_segment *ring_take_ready(struct ring *, uint64_t number);

/* Calls of the door's table, for any env_log that begins with a ring. */
int ring_reserve(struct env_log *, size_t n, uint8_t **);
int ring_commit(struct env_log *, size_t n);
int ring_space(struct env_log *, uint64_t position);	/* any thread */
uint64_t ring_committed(struct env_log *);
int ring_flush(struct env_log *);
int ring_sync(struct env_log *, uint64_t *durable);
int ring_sync_start(struct env_log *, uint64_t number);
void ring_forget(struct env_log *, uint64_t number, uint64_t *durable);
int ring_scrub(struct env_log *);
void ring_head(struct env_log *, uint64_t head);
void ring_oldest(struct env_log *, uint64_t edit);
void ring_ended(struct env_log *, uint64_t edit);
void ring_trust(struct env_log *);
void ring_give_up(struct env_log *);	/* any thread */
/* It gave up, a call failed for good, or a sync is not to be believed. */
bool ring_failed(struct ring *);

/*
 * Readers, of any process; the map may be read-only. ring_look: what does the
 * page say? ring_copy: the tail of log `number` as env.h's log_tail wants it;
 * LSM_BUSY when a page that is not believable keeps moving; ring_tail_empty:
 * it would copy nothing. ring_words: what does it say about versions?
 */
void ring_look(struct ring_memory, const struct ring_identity *,
    struct env_tail *);
/*
 * LOCK as it was while it was copied. Where it cannot be mapped the words are
 * believed or not as in a map; where they are not believed, ring_copied_bytes
 * appends the ring in the order of a log from offset `from` on.
 */
struct ring_copied {
	struct ring_control before, after;
	uint8_t bytes[2 * RING_SIZE];	/* as they were in between; in the
					 * first half; room for the second */
};
/* No writer came or went between the two pages. */
bool ring_copied_steady(const struct ring_copied *);
int ring_copied_tail(struct ring_copied *, const struct ring_identity *,
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *);
int ring_copied_bytes(const struct ring_copied *, uint64_t from,
    struct buffer *out);

/* The page of a writer that has no ring: no position, so that files are all
 * there is, and `syncing` until it has left in order. A boot of zeros: not
 * known, perhaps any. */
void ring_page_alone(struct ring_control *, const struct ring_identity *,
    uint64_t pid);

/* The page was made by no writer, or for another file. */
bool ring_foreign(struct ring_memory, const struct ring_identity *);
bool ring_tail_empty(const struct env_tail *, uint64_t number, uint64_t from);
int ring_copy(struct ring_memory, const struct ring_identity *,
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *);
void ring_words(struct ring_memory, const struct ring_identity *,
    struct env_words *);
/* The page is whole, whoever made it: then its own word for who. */
bool ring_identity_of(struct ring_memory, const uint8_t database[RING_ID],
    struct ring_identity *);

#ifdef LSM_SCHED
/* Orders that lose data: each must be caught by the tests. */
enum ring_bug {
	RING_BUG_NONE,
	RING_BUG_COMMITTED_EARLY,	/* before the bytes */
	RING_BUG_WRITTEN_EARLY,		/* before the write */
	RING_BUG_ONE_LOOK,		/* a reader trusts its first look */
	RING_BUG_RECORD_ORDER,		/* direct: committed, then written */
	RING_BUG_SWITCH_ORDER,		/* the same in a switch */
	RING_BUG_NOT_SYNCING		/* a sync does not say so before */
};
extern enum ring_bug ring_bug;
#endif

#endif
