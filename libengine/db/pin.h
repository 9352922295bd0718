/*
 * pin.h - versions that a reader holds against a writer in another process.
 *
 * A pin is a shared kernel lock on one byte of LOCK (lsm-format(5)), so it
 * vanishes with its process. It holds every file that its version, or any
 * later one, names. A handle may pin several versions: the one it shows, and
 * those that its iterators and snapshots still need; pins of one edit are
 * counted and share the byte.
 *
 * Calls may come from any thread.
 */
#ifndef DB_PIN_H
#define DB_PIN_H

#include "env/env.h"

#define PIN_FIRST ((uint64_t)1 << 32)	/* the byte of edit 0 */
#define PIN_EDIT_MAX ((uint64_t)1 << 47)

struct pins;

struct pin {
	struct pins *owner;
	struct pin *next;
	uint64_t edit;
	uint32_t refs;		/* guarded by owner->mu */
};

struct pins {
	struct env_lock *lock;	/* NULL: nothing can be pinned */
	uint8_t id[16];
	struct mutex mu;
	struct pin *list;	/* guarded by mu */
};

void pins_init(struct pins *);
void pins_release(struct pins *);

/*
 * Pin the newest version that is announced, or, when none is, `edit`: the
 * first one of the manifest that CURRENT names. What is read of CURRENT and
 * the manifest after this call stays, with all files named there. *words are
 * those that the pin goes by. *out is NULL where there are no locks; another
 * failure is LSM_BUSY: the writer was always faster.
 */
int pin_take(struct pins *, uint64_t edit, struct pin **out,
    struct env_words *words);
void pin_ref(struct pin *);		/* takes NULL */
void pin_drop(struct pin *);		/* takes NULL */

/* Did a writer end the pin (max_pin_age)? */
bool pin_ended(struct pin *);

/* For the writer: the lowest edit pinned by anybody below `edit`, or `edit`.
 * The oldest version kept is announced before. */
int pin_lowest(struct env_lock *, struct env_log *, uint64_t edit,
    uint64_t *lowest);

#ifdef LSM_SCHED
/* Ways to do it that lose files: each must be caught by the tests. */
enum pin_bug {
	PIN_BUG_NONE,
	PIN_BUG_ONE_LOOK,	/* `oldest` is not looked at after the lock */
	PIN_BUG_QUESTION_FIRST,	/* pins are asked for before the announcement */
	PIN_BUG_NO_LOCK
};
extern enum pin_bug pin_bug;
#endif

#endif
