/*
 * version.h - which tables make up the database: levels as lists of runs.
 *
 * A run is a list of tables in key order that do not overlap: one entry per
 * key. Its range deletes cover all older runs, and those of its entries that
 * have a lower sequence. Runs are totally ordered: level 0 is the newest level,
 * and inside a level runs stand newest first, by number. The order law: per
 * key, sequences fall from newer runs to older. A version never changes; an
 * edit makes the next one.
 */
#ifndef VERSION_VERSION_H
#define VERSION_VERSION_H

#include "kv/cover.h"
#include "log/log.h"
#include "table/table_cache.h"

enum { LEVELS_MAX = 8 };

/* A table in versions; shared by them. */
struct version_table {
	_Atomic uint32_t refs;
	_Atomic bool dead;	/* no later version has it: unlink at the end */
	uint64_t died;		/* edit that dropped it; set before `dead` */
	struct table_meta meta;
	int level;
	uint64_t run;
	uint64_t hides;		/* older entries, about; 0: not known */
	/* Moved here by an edit: what the file was first known as, held. The
	 * file goes when nobody knows it by any of its names. */
	struct version_table *origin;
	/* The last reference to a dead table falls; it is freed after this. */
	void (*gone)(void *, struct version_table *);
	void *gone_arg;
};

struct run {
	uint64_t number;
	size_t count;
	struct version_table **tables;	/* in the order of their bounds */
	size_t covering;		/* of them hold range deletes */
};

struct level {
	size_t count;
	struct run *runs;		/* newest first */
	uint64_t bytes;			/* of all tables */
};

struct version {
	_Atomic uint32_t refs;
	uint64_t edit;			/* that made it */
	struct level levels[LEVELS_MAX];
	size_t tables, runs;		/* in all */
	struct version_table **list;	/* all of them, newest run first; what
					 * the runs point into */
	struct run *run_list;		/* what the levels point into */
};

/* A change. Fields that are 0 or empty change nothing. */
struct edit {
	uint64_t number;
	bool has_identity;
	uint8_t database[ID_SIZE], branch[ID_SIZE];
	uint64_t reserved;		/* file numbers below may be used */
	uint64_t flushed;		/* sequences up to here are in tables */
	uint64_t ingested;		/* sequence of the tables added */
	uint64_t log;			/* logs below are dead */
	uint64_t next_run;
	struct log_end *ends;
	size_t ends_count;
	struct edit_add {
		int level;
		uint64_t run;
		struct table_meta meta;	/* owned */
		uint64_t hides;		/* not on disk */
	} *adds;
	size_t adds_count;
	uint64_t *drops;		/* table numbers */
	size_t drops_count;
	struct edit_option {
		char *name, *value;
	} *options;
	size_t options_count;
	char *created;			/* by which program */
};

void edit_release(struct edit *);
int edit_add_table(struct edit *, int level, uint64_t run,
    const struct table_meta *);		/* copies */
int edit_drop_table(struct edit *, uint64_t number);
int edit_add_end(struct edit *, const struct log_end *);
int edit_set_option(struct edit *, const char *name, const char *value);

/* The fields of lsm-format(5), KINDS IN A MANIFEST. */
int edit_encode(const struct edit *, struct buffer *);
int edit_decode(struct bytes, const char *story, struct edit *);

/* A table's line in lsm-format(5): bounds that make sense by themselves. */
int edit_check_add(const struct edit_add *);

int version_new(struct version **);	/* empty, one reference */
void version_ref(struct version *);
void version_unref(struct version *);

/*
 * The version after an edit. Checks every law that can be checked from bounds
 * (overlap inside a run, drops that name a table, numbers used once):
 * LSM_CORRUPT with a story. A table joins the run of its number in its level,
 * or begins it. An edit that drops a table and adds the same number moves it:
 * the file stays as it is. Nothing dies yet: the edit may still fail to become
 * durable.
 */
int version_apply(const struct version *, const struct edit *,
    void (*gone)(void *, struct version_table *), void *arg,
    struct version **);

/* The edit that made `after` of `before` is durable: the tables that it drops
 * die with their last reference, and `gone` is told. */
void version_retire(const struct version *before,
    const struct version *after);

/*
 * The newest entry of `key` in the tables: as table_get. Asks the runs from
 * the newest on, in each at most one table. Adds the tables consulted to
 * *asked.
 */
int version_get(const struct version *, struct table_cache *,
    struct bytes key, uint64_t hash, enum kind *, uint64_t *sequence,
    struct buffer *value, uint64_t *asked);

/* One key of many; kind, sequence and code are the answer, as version_get's. */
struct lookup {
	struct lookup *next;		/* best the next key above this one */
	struct bytes key;
	uint64_t hash;
	struct buffer *value;		/* or NULL */
	enum kind kind;
	uint64_t sequence;
	int code;
};

/* As version_get for each of a list, several at a time: while one waits for
 * memory the others go on. Ends early with a code that is no answer. */
int version_multi_get(const struct version *, struct table_cache *,
    struct lookup *first, uint64_t *asked);

/* The tables of one run as one iterator, opened as it comes to them. Holds a
 * reference to the version; the run must live as long as the iterator (those
 * of the version do). */
int run_iter_new(struct version *, const struct run *, struct table_cache *,
    unsigned flags, struct iter **);

/* Before the first movement: what lies wholly outside of the range is not
 * looked at, as with table_iter_within; a table there is not opened, so it may
 * be damaged. */
void run_iter_within(struct iter *, const struct range *);

/* The range deletes of a run's tables, asked as they are needed. As for
 * run_iter_new, but that the caller keeps the version. */
int run_cover_new(const struct run *, struct table_cache *, struct cover **);

/* Tables that lie wholly outside of the range are not opened, and cover
 * nothing. The range need not stay. */
void run_cover_within(struct cover *, const struct range *);

/* The table that its last movement came to, also when that failed. */
const struct version_table *run_iter_table(const struct iter *);

/* Does anything in the run overlap [smallest, largest], both inclusive? */
bool run_overlaps(const struct run *, struct bytes smallest,
    struct bytes largest);

/* The tables that reach into the range: from *first to before *end. */
void run_window(const struct run *, const struct range *, size_t *first,
    size_t *end);

/* The table of this number, or NULL. */
struct version_table *version_table_find(const struct version *,
    uint64_t number);

/* Index of the first table whose upper bound is >= key; count when none. */
size_t run_find(const struct run *, struct bytes key);

/* The only table of the run that may hold the key, or NULL. */
struct version_table *run_table(const struct run *, struct bytes key);

#endif
