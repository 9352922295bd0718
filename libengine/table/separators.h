/*
 * separators.h - the keys that divide the nodes of one level of a tree.
 *
 * One for each node, in order, with its position; kept until the level above
 * can be written. Front-coded, so a list is about as large as that level.
 *
 *   text := (position / 8 u32, varint shared, bytes rest)*
 */
#ifndef TABLE_SEPARATORS_H
#define TABLE_SEPARATORS_H

#include "base/bytes.h"

struct separators {
	struct buffer text;
	uint64_t count;
	size_t last_n;
	uint8_t last[LSM_KEY_MAX];
};

void separators_release(struct separators *);
void separators_clear(struct separators *);
int separators_add(struct separators *, struct bytes key, uint64_t position);

/* Walk: begin with the text and an empty key; false at the end. */
struct separators_walk {
	struct bytes rest;
	uint64_t position;
	size_t n;
	uint8_t key[LSM_KEY_MAX];
};

void separators_begin(const struct separators *, struct separators_walk *);
bool separators_next(struct separators_walk *);

/* The shortest key above `below` and not above `key`: a part of `key`. */
struct bytes separator(struct bytes below, struct bytes key);

#endif
