/*
 * oracle.c - what a database should hold: every commit, remembered.
 *
 * A sorted array of keys, each with its versions, oldest first. Slow to grow
 * and quick to ask, which is what a model wants.
 */
#include "support/oracle.h"

#include <assert.h>
#include <stdlib.h>

#include "base/checksum.h"
#include "base/random.h"
#include "support/need.h"

struct version_of {
	size_t commit;
	uint64_t sequence, hash;	/* hash: 0 for a delete */
	struct value value;
	bool deleted, joins;
};

struct known {
	uint8_t *key;
	size_t size;
	struct version_of *versions;
	size_t count, room;
};

struct state_of {
	uint64_t hash, sequence;
	size_t count;
};

struct oracle {
	struct known **keys;		/* ascending */
	size_t count, room;
	struct state_of *states;	/* [n] after n commits */
	size_t commits, states_room;
	struct state_of next;		/* of the commit being made */
};

/* Values repeat a short random run, or are random all through. */
void
value_fill(struct value v, uint8_t *out)
{
	struct random r = { v.tag };
	uint64_t word = random_next(&r);
	bool dull = v.tag % 2 == 0;

	for (size_t i = 0; i < v.size; i += sizeof word) {
		size_t n = v.size - i < sizeof word ? v.size - i : sizeof word;

		if (!dull || i % 256 == 0)
			word = random_next(&r);
		memcpy(out + i, &word, n);
	}
}

struct bytes
value_bytes(struct value v)
{
	static struct {
		uint8_t *p;
		size_t room;
	} pool[4];
	static unsigned turn;
	unsigned i = turn++ % 4;

	if (pool[i].room < v.size || pool[i].p == NULL) {
		pool[i].p = need_more(pool[i].p, v.size);
		pool[i].room = v.size;
	}
	value_fill(v, pool[i].p);
	return bytes(pool[i].p, v.size);
}

bool
value_equals(struct value v, struct bytes b)
{
	return v.size == b.n && bytes_equal(value_bytes(v), b);
}

uint64_t
entry_hash(struct bytes key, struct bytes value)
{
	return checksum64(value.p, value.n, hash64(key)) | 1;
}

struct oracle *
oracle_new(void)
{
	struct oracle *o = need(sizeof *o);

	NEED_ROOM(o->states, o->commits, o->states_room);
	o->states[0] = o->next;
	return o;
}

void
oracle_free(struct oracle *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->count; i++) {
		free(o->keys[i]->key);
		free(o->keys[i]->versions);
		free(o->keys[i]);
	}
	free(o->keys);
	free(o->states);
	free(o);
}

size_t
oracle_place(const struct oracle *o, struct bytes key)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct known *k = o->keys[mid];

		if (bytes_compare(bytes(k->key, k->size), key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t
oracle_end(const struct oracle *o)
{
	return o->count;
}

static struct known *
known_of(const struct oracle *o, struct bytes key, size_t *place)
{
	struct known *k;

	*place = oracle_place(o, key);
	if (*place == o->count)
		return NULL;
	k = o->keys[*place];
	return bytes_equal(bytes(k->key, k->size), key) ? k : NULL;
}

static struct known *
known_add(struct oracle *o, struct bytes key)
{
	struct known *k;
	size_t at;

	if ((k = known_of(o, key, &at)) != NULL)
		return k;
	k = need(sizeof *k);
	k->key = need(key.n);
	k->size = key.n;
	if (key.n)
		memcpy(k->key, key.p, key.n);
	NEED_ROOM(o->keys, o->count, o->room);
	memmove(&o->keys[at + 1], &o->keys[at],
	    (o->count - at) * sizeof *o->keys);
	o->keys[at] = k;
	o->count++;
	return k;
}

static void
version_add(struct oracle *o, struct known *k, struct version_of v)
{
	const struct version_of *before =
	    k->count ? &k->versions[k->count - 1] : NULL;

	if (before != NULL && !before->deleted) {
		o->next.hash -= before->hash;
		o->next.count--;
	}
	if (!v.deleted) {
		o->next.hash += v.hash;
		o->next.count++;
	}
	v.commit = o->commits + 1;
	v.sequence = o->next.sequence;
	NEED_ROOM(k->versions, k->count, k->room);
	k->versions[k->count++] = v;
}

void
oracle_put(struct oracle *o, struct bytes key, struct value value)
{
	struct version_of v = { .value = value };

	v.hash = entry_hash(key, value_bytes(value));
	o->next.sequence++;
	version_add(o, known_add(o, key), v);
}

void
oracle_join(struct oracle *o, struct bytes key, struct value value)
{
	struct version_of v = { .value = value, .joins = true };

	v.hash = entry_hash(key, value_bytes(value));
	if (o->next.sequence == o->states[o->commits].sequence)
		o->next.sequence++;
	version_add(o, known_add(o, key), v);
}

void
oracle_delete(struct oracle *o, struct bytes key)
{
	o->next.sequence++;
	version_add(o, known_add(o, key), (struct version_of){
	    .deleted = true });
}

/* One sequence for all of it. */
void
oracle_delete_range(struct oracle *o, struct lsm_range range)
{
	size_t at = oracle_place(o, bytes_of(range.from));
	size_t end = range.to.data == NULL ? o->count :
	    oracle_place(o, bytes_of(range.to));

	o->next.sequence++;
	for (; at < end; at++)
		if (o->keys[at]->count > 0)
			version_add(o, o->keys[at], (struct version_of){
			    .deleted = true });
}

size_t
oracle_commit(struct oracle *o)
{
	o->commits++;
	NEED_ROOM(o->states, o->commits, o->states_room);
	o->states[o->commits] = o->next;
	return o->commits;
}

size_t
oracle_commits(const struct oracle *o)
{
	return o->commits;
}

void
oracle_cut(struct oracle *o, size_t n)
{
	assert(n <= o->commits);
	for (size_t i = 0; i < o->count; i++) {
		struct known *k = o->keys[i];

		while (k->count > 0 && k->versions[k->count - 1].commit > n)
			k->count--;
	}
	o->commits = n;
	o->next = o->states[n];
}

uint64_t
oracle_hash(const struct oracle *o, size_t n)
{
	assert(n <= o->commits);
	return o->states[n].hash;
}

uint64_t
oracle_sequence(const struct oracle *o, size_t n)
{
	assert(n <= o->commits);
	return o->states[n].sequence;
}

size_t
oracle_count(const struct oracle *o, size_t n)
{
	assert(n <= o->commits);
	return o->states[n].count;
}

size_t
oracle_find(const struct oracle *o, uint64_t hash, size_t low, size_t high)
{
	for (size_t n = high + 1; n-- > low;)
		if (o->states[n].hash == hash)
			return n;
	return SIZE_MAX;
}

/* The newest version of a key at or before commit n, if it is a value. */
static bool
known_at(const struct known *k, size_t n, struct oracle_entry *e)
{
	size_t i = 0, high = k->count;

	while (i < high) {		/* i becomes their number */
		size_t mid = i + (high - i) / 2;

		if (k->versions[mid].commit <= n)
			i = mid + 1;
		else
			high = mid;
	}
	if (i == 0 || k->versions[i - 1].deleted)
		return false;
	e->key = bytes(k->key, k->size);
	e->value = k->versions[i - 1].value;
	e->sequence = k->versions[i - 1].sequence;
	return true;
}

bool
oracle_get(const struct oracle *o, size_t n, struct bytes key,
    struct oracle_entry *e)
{
	size_t place;
	struct known *k = known_of(o, key, &place);

	return k != NULL && known_at(k, n, e);
}

bool
oracle_up(const struct oracle *o, size_t n, size_t *place,
    struct oracle_entry *e)
{
	for (; *place < o->count; ++*place)
		if (known_at(o->keys[*place], n, e))
			return true;
	return false;
}

bool
oracle_down(const struct oracle *o, size_t n, size_t *place,
    struct oracle_entry *e)
{
	for (;; --*place) {
		if (*place < o->count && known_at(o->keys[*place], n, e))
			return true;
		if (*place == 0)
			return false;
	}
}
