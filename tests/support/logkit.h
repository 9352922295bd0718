/*
 * logkit.h - logs written and replayed by tests.
 *
 * What an operation is follows from its sequence alone, so a replay checks
 * itself: sequences without gaps, each with its own key and value.
 */
#ifndef SUPPORT_LOGKIT_H
#define SUPPORT_LOGKIT_H

#include "log/log.h"
#include "log/replay.h"
#include "support/logenv.h"
#include "support/test.h"

struct logkit {
	struct logenv *env;	/* NULL: the door is another one */
	struct env_dir *dir;
	struct env_lock *lock;
	struct log *log;
	uint64_t sequence;	/* last one given */
	uint64_t position;	/* end of the last record */
	/* For replays. */
	uint64_t first, flushed, edit;
	struct log_end ends[4];
	size_t ends_count;
	bool boot;		/* give them LOCK */
};

struct replayed {
	struct log_replay_out out;
	uint64_t from, to;	/* sequences delivered; 0: none */
	uint64_t count;
	bool gaps;		/* allowed between logs */
};

/* A door, a log object, no segment yet. */
void logkit_init(struct logkit *);
void logkit_release(struct logkit *);
void logkit_writer(struct logkit *);	/* the log object */
void logkit_writer_on(struct logkit *, struct env_log *);
extern const uint8_t logkit_database[ID_SIZE];
void logkit_die(struct logkit *);	/* it goes, as with its process */

void logkit_start(struct logkit *, uint64_t number, const struct log_end *);
void logkit_rotate(struct logkit *, uint64_t number);
void logkit_put(struct logkit *, size_t value);
void logkit_batch(struct logkit *, size_t count);
void logkit_sync(struct logkit *);
struct logfile *logkit_file(struct logkit *, uint64_t number);

/* Log 1 with three operations; the position behind the second is durable. */
void logkit_small(struct logkit *);

int logkit_replay(struct logkit *, struct replayed *);
void logkit_replayed_release(struct replayed *);

/* Replay, check the code and the last sequence; nothing stays. */
#define CHECK_REPLAY(kit, code, last) \
	do { \
		struct replayed replayed_; \
		CHECK_CODE(logkit_replay((kit), &replayed_), (code)); \
		if ((code) == LSM_OK) \
			CHECK_EQ(replayed_.to, (last)); \
		logkit_replayed_release(&replayed_); \
	} while (0)

#endif
