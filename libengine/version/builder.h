/*
 * builder.h - many edits, one version: what reading a manifest needs.
 *
 * Between its first edit and its last nobody looks, so no version is made of
 * those between. For this floor only.
 */
#ifndef VERSION_BUILDER_H
#define VERSION_BUILDER_H

#include "version/tables.h"

/* Begin with {0} and what new tables are to tell when they go. */
struct builder {
	void (*gone)(void *, struct version_table *);
	void *gone_arg;
	struct version_table **list;	/* by number; a reference each */
	size_t count, room;
};

/* Begin with a version's tables, which both share from then on. */
int builder_begin(struct builder *, const struct version *);
/* The tables after an edit, whose keys change hands. The laws of
 * version_apply, except that runs are looked at in the end. After a failure
 * the builder is good for nothing but builder_release. */
int builder_apply(struct builder *, struct edit *);
/* The version that they add up to; the builder is empty then. */
int builder_finish(struct builder *, uint64_t edit, struct version **);
void builder_release(struct builder *);

#endif
