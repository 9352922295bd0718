/*
 * key_marks.h - keys that were seen, in a few bits each.
 *
 * A key that was marked is always found; one that was not seldom is, while
 * there are few: asked of a batch that is not committed yet.
 */
#ifndef KEY_MARKS_H
#define KEY_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "lsm.h"

enum { KEY_MARKS_LOG2 = 20 };	/* bits, and there is one for a key */

struct key_marks {
	bool any;
	uint8_t bits[1 << (KEY_MARKS_LOG2 - 3)];
};

void key_marks_clear(struct key_marks *);

/* Mark the key. True when it perhaps was marked already. */
bool key_marks_add(struct key_marks *, lsm_slice key);

#endif
