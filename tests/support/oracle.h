/*
 * oracle.h - what a database should hold: every commit, remembered.
 *
 * Commits have numbers from 1 on, in their order; "at n" means after the
 * first n of them, 0 is the empty database. Every past state can be asked,
 * and each has a hash, so that "which prefix is this?" is a comparison of
 * numbers. Values are not kept: they are made again from a tag and a size.
 */
#ifndef SUPPORT_ORACLE_H
#define SUPPORT_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct oracle;

/* Content of a value, a function of the tag; every other one compresses. */
struct value {
	uint64_t tag;
	size_t size;
};
void value_fill(struct value, uint8_t *out);
/* The content, in one of a few buffers that are used in turn. */
struct bytes value_bytes(struct value);
bool value_equals(struct value, struct bytes);

/* The part of one entry in the hash of a state: these are added up. */
uint64_t entry_hash(struct bytes key, struct bytes value);

struct oracle *oracle_new(void);
void oracle_free(struct oracle *);

/* One commit: any operations, then its end. Returns the commit's number. */
void oracle_put(struct oracle *, struct bytes key, struct value);
void oracle_delete(struct oracle *, struct bytes key);
/* A put that shares its sequence with the others of its commit. */
void oracle_join(struct oracle *, struct bytes key, struct value);
/* As lsm_delete_range; never empty. */
void oracle_delete_range(struct oracle *, struct lsm_range);
size_t oracle_commit(struct oracle *);

size_t oracle_commits(const struct oracle *);
/* Forget all commits after the first n, and one that did not end. */
void oracle_cut(struct oracle *, size_t n);

uint64_t oracle_hash(const struct oracle *, size_t n);
uint64_t oracle_sequence(const struct oracle *, size_t n);
size_t oracle_count(const struct oracle *, size_t n);	/* live keys */

/* The highest n in [low, high] whose state has this hash, or SIZE_MAX. */
size_t oracle_find(const struct oracle *, uint64_t hash, size_t low,
    size_t high);

struct oracle_entry {
	struct bytes key;
	struct value value;
	uint64_t sequence;
};

bool oracle_get(const struct oracle *, size_t n, struct bytes key,
    struct oracle_entry *);

/* Walking: the first live entry at or after (at or before) a place. A place
 * is the index of a key ever written; these change when new keys come. */
size_t oracle_place(const struct oracle *, struct bytes key);	/* >= key */
size_t oracle_end(const struct oracle *);	/* behind the last */
bool oracle_up(const struct oracle *, size_t n, size_t *place,
    struct oracle_entry *);
bool oracle_down(const struct oracle *, size_t n, size_t *place,
    struct oracle_entry *);

#endif
