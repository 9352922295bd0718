/*
 * env_sim.h - a simulated disk behind the door, for tests.
 *
 * Everything lives in memory and is deterministic: one seed and one order of
 * calls are one run. The disk keeps a log of all that was done to it; from
 * any prefix of that log it makes the disks that a killed process or a power
 * loss could leave behind. What such a disk must still hold is for the test
 * to know.
 *
 *   struct sim *sim = sim_new(seed), *after;
 *
 *   o.env = sim_env(sim);
 *   ... work, close ...
 *   for (size_t i = 0; i <= sim_operations(sim); i++) {
 *           after = sim_crash(sim, i, SIM_RANDOM, seed + i);
 *           ... open with sim_env(after), check ...
 *           sim_free(after);
 *   }
 *
 * What is durable: a file sync makes the file's content and size durable, not
 * its name; a write through makes its own bytes durable; a directory sync all
 * earlier changes of names in that directory. Nothing else orders anything. A
 * rename from directory to directory is wholly there or not at all.
 *
 * Calls of the door may come from any thread; those below from one at a time.
 * Memory of the disk itself is taken aside from base/alloc.h, so that heap
 * failures asked for by a test hit the engine and its handles only.
 */
#ifndef ENV_ENV_SIM_H
#define ENV_ENV_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env/env.h"

struct sim;

struct sim *sim_new(uint64_t seed);	/* an empty disk; log ring and maps */
/* All handles of its door must be closed. NULL is allowed. */
void sim_free(struct sim *);
lsm_env *sim_env(struct sim *);

/* What the door can do, before it is used: the shared log ring; file_map;
 * dir_link, which it has otherwise. */
void sim_capabilities(struct sim *, bool ring, bool maps);
void sim_without_links(struct sim *);
/* From now on a writer cannot have the ring of LOCK, though others had it. */
void sim_alone(struct sim *, bool);
/* Processes of another boot come: what LOCK says is void for them. */
void sim_other_boot(struct sim *);

/* Bytes that all files together may have, LSM_NO_SPACE beyond; a write leaves
 * the part that had room. UINT64_MAX: no limit. */
void sim_space(struct sim *, uint64_t bytes);
uint64_t sim_used(struct sim *);

/*
 * Faults. Calls of the door that may fail are counted one by one, the steps
 * inside of composed ones (dir_replace, log_prepare, a sync of a log) each on
 * its own. The n-th from now (1 = the next) fails with `code`, and, with
 * `for_ever`, all after it; n = 0 ends it. With `partial` a write that fails
 * leaves its first half.
 *
 * A sync that fails lies from then on: the data that it should have written
 * counts as clean, and no later sync makes it durable.
 */
void sim_fail_at(struct sim *, uint64_t n, int code, bool for_ever,
    bool partial);
uint64_t sim_calls(struct sim *);	/* so far */
bool sim_failed(struct sim *);		/* since sim_fail_at: did one? */

/*
 * The operation log. Some entries are steps of the ring only: sim_on_disk
 * tells them apart, since a power loss after them is the same as before.
 */
enum { SIM_TEXT_MAX = 256 };
size_t sim_operations(struct sim *);
bool sim_on_disk(struct sim *, size_t operation);
/* "write 000012.log 4096+120"; for messages of tests. */
const char *sim_describe(struct sim *, size_t operation,
    char text[SIM_TEXT_MAX]);
/* How many of the first `operations` are not durable by then. */
size_t sim_undecided(struct sim *, size_t operations);
/* Bytes written that were made durable, in files that have `part` in their
 * names, those that are gone too. */
uint64_t sim_bytes_synced(struct sim *, const char *part);
/* All is durable; the operation log begins anew and empty. */
void sim_settle(struct sim *);

enum sim_loss {
	SIM_DROP,	/* nothing undecided is there */
	SIM_KEEP,	/* all of it is */
	SIM_CHOOSE,	/* the i-th undecided is there if bit i of the seed is
			 * set, beyond 64: bit i mod 64 */
	SIM_RANDOM	/* by the seed: changes of names independently; writes
			 * absent, whole, half, cut at a sector, as zeros or
			 * as garbage */
};

/* A new disk: the power failed after so many operations. Another boot: what
 * the ring holds (zeros, the old, with SIM_RANDOM also some of it or garbage)
 * is void. */
struct sim *sim_crash(struct sim *, size_t operations, enum sim_loss,
    uint64_t seed);

/* A new disk: the process was killed after so many operations. Everything
 * written is there, LOCK's page and ring too, and what was not durable still
 * is not: the operation log goes on. */
struct sim *sim_kill(struct sim *, size_t operations);

/* Damage: overwrite bytes of a file, or set its size. False: no such file, or
 * no such byte. Not in the operation log, and durable. */
bool sim_poke(struct sim *, const char *dir, const char *name, uint64_t at,
    const void *, size_t n);
bool sim_resize(struct sim *, const char *dir, const char *name,
    uint64_t size);

#endif
