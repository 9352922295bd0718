/*
 * cli_scan.h - a walk over the records of a range, and what becomes of them.
 */
#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include "lsm.h"

#include "cli_command.h"
#include "record.h"

struct tally {
	uint64_t records, key_bytes, value_bytes;
};

/* A report takes the records one by one. Functions return an exit status. */
struct report {
	int (*each)(struct report *, lsm_slice key, lsm_slice value);
	int (*end)(struct report *);	/* after nothing failed */
	void (*release)(struct report *);
	const struct settings *settings;
	struct record_style style;
	struct record_writer writer;
	struct tally all;
	struct tally group;	/* --group-by */
	lsm_buffer group_name;
	struct histogram *histogram;	/* --histogram */
	struct top *top;		/* --top */
};

/* The report that the settings ask for; to be released after any outcome. */
int report_start(struct report *, const struct settings *, lsm_db *);
void report_release(struct report *);

/* Those of cli_report.c. */
int report_group(struct report *);
int report_histogram(struct report *);
int report_top(struct report *);

/* Print a key, or what begins one, as --redact allows. */
void report_key(const struct report *, enum key_format, lsm_slice key);

void tally_add(struct tally *, lsm_slice key, lsm_slice value);

/* Pass the records of a range to a report, as the settings narrow them. A
 * snapshot of NULL is now. */
int scan_range(const struct settings *, lsm_db *, const lsm_snapshot *,
    const lsm_range *, struct report *);

#endif
