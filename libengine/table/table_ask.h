/*
 * table_ask.h - table_get in steps, for who asks for many keys in turns.
 *
 * A get waits for memory several times: for a line of the filter, for a leaf.
 * Each step here ends where the next one would wait, with those bytes on their
 * way, so that other keys can be helped meanwhile.
 */
#ifndef TABLE_TABLE_ASK_H
#define TABLE_TABLE_ASK_H

#include "table/page_source.h"

struct table_ask {
	struct table *table;
	struct bytes key;
	uint64_t hash;			/* hash64(key) */
	struct page_where where;	/* of the next page */
	struct page_hold leaf;		/* when it is at hand */
	bool looked;			/* into it */
};

/* A key in a table. */
void table_ask_begin(struct table_ask *, struct table *, struct bytes key,
    uint64_t hash);

/* Until *done: then as table_get. */
int table_ask_step(struct table_ask *, bool *done, enum kind *,
    uint64_t *sequence, struct buffer *value);

/* Give back what is held; nothing is after the last step. */
void table_ask_end(struct table_ask *);

#endif
