/*
 * setup.h - one of many ways to use the engine, chosen by a seed.
 */
#ifndef SUPPORT_SETUP_H
#define SUPPORT_SETUP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "support/keys.h"
#include "support/op.h"

struct setup {
	lsm_options options;		/* without env */
	uint64_t tier_from;		/* of a hybrid tree, bytes */
	uint64_t part_least;		/* of a flush, bytes */
	bool simulated;			/* disk: simulated, or the machine's */
	bool ring, maps;		/* what a simulated one can do */
	enum key_set keys;
	uint32_t key_count;
	uint32_t value_max;		/* of most values */
};

void setup_random(struct setup *, uint64_t seed);
/* What the options cannot say, before a database is opened. */
void setup_apply(const struct setup *);
void setup_print(const struct setup *, FILE *);

/* `count` operations that suit it. */
void setup_ops(const struct setup *, uint64_t seed, size_t count,
    struct op_list *);

#endif
