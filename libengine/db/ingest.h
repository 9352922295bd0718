/*
 * ingest.h - the record of an ingestion, for who recovers one.
 */
#ifndef DB_INGEST_H
#define DB_INGEST_H

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

#endif
