/*
 * reader.h - one reading of what is on the disk, beside a writer.
 */
#ifndef DB_READER_H
#define DB_READER_H

#include "db/db.h"
#include "db/load.h"
#include "log/record.h"

enum { READING_TRIES = 40 };

struct reading {
	struct current current;	/* read before the pin, or after it */
	struct pin *pin;
	struct env_words words;
	struct state state;
	struct load load;
	struct log_replay_out out;
};

/* Pin, unless it is to be done without (`plain`), and read the manifest. For
 * handles that only read. To be released after a failure, too. */
int reading_begin(struct lsm_db *, struct reading *, bool plain);
void reading_release(struct reading *);

/* Is the manifest still where it was when this reading began? Without a pin
 * only then what was read is right, and what failed is damage. */
bool reading_stands(struct lsm_db *, const struct reading *);

/* still.c, for where LOCK announces nothing; write_mu held. What stands behind
 * the log's last record, *ahead; false: not known, all is to be read anew. */
bool reader_ahead(struct lsm_db *, uint8_t ahead[RECORD_HEADER]);
/* Nothing new: that is what it was, and the manifest is the same. */
bool reader_still(struct lsm_db *, const uint8_t ahead[RECORD_HEADER]);

#endif
