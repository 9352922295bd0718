/*
 * ingest.h - the record of an ingestion, for who recovers one; its places.
 */
#ifndef DB_INGEST_H
#define DB_INGEST_H

#include "compact/bulk.h"
#include "db/db.h"

/* Append the record of the ingestion that `edit` has and that takes the log's
 * next sequence. write_mu is held, or nobody else is there yet. */
int ingest_log(struct lsm_db *, uint64_t edit);

/* The sequence that logs and tables reach together, `sequence` being that of
 * the logs: the last ingestion may stand one above them when its record was
 * not written any more, but not behind a close mark. Anything else is damage:
 * the log was durable up to it. */
int ingest_reached(const struct state *, const struct log_replay_out *,
    uint64_t *sequence);

/* ingest_place.c: which keys are best in one table, as the tree is now. */
struct ingest_cuts {
	uint64_t least;			/* bytes that are worth a table */
	size_t tables;			/* finished */
	int level;			/* for keys up to the edge */
	int table_level;		/* for the table begun */
	size_t edge_n;
	uint8_t edge[BOUND_MAX];
};

void ingest_cuts_init(struct ingest_cuts *, uint64_t table_size);

/* Is a table to begin with `key`? `last` was added before it. */
bool ingest_cuts_at(struct lsm_db *, struct ingest_cuts *,
    const struct bulk *, struct bytes last, struct bytes key);

/* Where the tables go: a list to be ended with mem_free. Nothing else goes
 * there until job_remove. */
int ingest_places_take(struct lsm_db *, const struct bulk *, struct job *,
    struct bulk_place **);

#endif
