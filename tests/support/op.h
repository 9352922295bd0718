/*
 * op.h - what a user does to a database, as a word and numbers.
 *
 *	put 12 300 1 77		key 12, 300 bytes, LSM_SYNC, value of tag 77
 *	batch 12 30 0 78	operations around key 12, as tag 78 wants
 *	if 12 30 0 79		the same under conditions, most of which hold
 *	flush
 *	range 12 30		merge what lies in keys [12, 42); 0: to the end
 *	beside 2		a reader of its own, in slot 2, stays open
 *	peek 2			it reads, in a way that the tag chooses
 *	pass 0 300		300 microseconds
 *
 * WORD [KEY [SIZE [FLAGS [TAG]]]]: what is missing is 0, a missing tag is the
 * operation's place in its script. Each operation stands for itself, so any
 * part of a list is a list: that is what makes failing ones shrink.
 */
#ifndef SUPPORT_OP_H
#define SUPPORT_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum op_kind {
	OP_PUT, OP_DELETE, OP_DELRANGE, OP_BATCH, OP_IF, OP_INGEST, OP_SYNC,
	OP_GET, OP_GETS, OP_SCAN, OP_WALK,
	OP_SNAPSHOT, OP_LOOK, OP_RELEASE,	/* slot: key */
	OP_HOLD, OP_MOVE, OP_DROP,		/* held iterators, likewise */
	OP_FLUSH, OP_COMPACT, OP_RANGE, OP_STEP,
	OP_REOPEN, OP_TURN, OP_READER, OP_SECOND,
	OP_BESIDE, OP_REFRESH, OP_PEEK, OP_LEAVE,	/* readers, likewise */
	OP_PASS,
	OP_KINDS
};

struct op {
	enum op_kind kind;
	uint32_t key, size, flags;
	uint64_t tag;
};

struct op_list {
	struct op *ops;
	size_t count, room;
};

void op_list_add(struct op_list *, struct op);
void op_list_free(struct op_list *);

/* Operations apart by ';' or newlines; '#' begins a remark. False with a
 * story in wrong.h when a word is not known. */
bool op_list_parse(struct op_list *, const char *text);

void op_print(const struct op *, FILE *);
const char *op_word(enum op_kind);

/*
 * Drop from the list whatever is not needed to make `fails` true: chunks
 * first, then single operations. Ends after `tries` calls at the latest.
 */
void op_list_shrink(struct op_list *, bool (*fails)(void *,
    const struct op_list *), void *arg, int tries);

#endif
