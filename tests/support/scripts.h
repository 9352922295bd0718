/*
 * scripts.h - short stories of a database, each for one way to go wrong.
 */
#ifndef SUPPORT_SCRIPTS_H
#define SUPPORT_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "support/session.h"

struct sim;

struct script {
	const char *name;
	const char *ops;		/* in the words of op.h */
	size_t memtable_size;
	uint64_t table_size;		/* 0: the default */
	enum key_set keys;
	int codec;
	bool no_sync, ring, maps;
	bool large;			/* few seeds; not a run a call */
	uint64_t tier_from;		/* of a hybrid tree; 0: the default */
	uint64_t part_least;		/* of a flush; likewise */
	const char *set;		/* "NAME=VALUE ...", or NULL */
	struct reached least;		/* what it must lead to */
};

extern const struct script scripts[];
extern const size_t scripts_count;

/* A session for it on a disk; its operations. False: it does not parse. */
bool script_start(const struct script *, struct sim *, struct session *,
    struct op_list *);

/* After it went undisturbed: did it lead where it should? */
bool script_reached(const struct script *, const struct reached *);

#endif
