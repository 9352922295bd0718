/*
 * pin.c - versions that a reader holds against a writer in another process.
 *
 * Lock first, look afterwards. The writer announces which version is the
 * oldest kept, and only then asks who holds a byte below it: so either it
 * finds the lock, or the reader finds the announcement.
 */
#include "db/pin.h"

#include "base/alloc.h"
#include "base/status.h"

enum { TRIES_MAX = 1000 };

#ifdef LSM_SCHED
enum pin_bug pin_bug;
#define PIN_BUG(name) (pin_bug == PIN_BUG_##name)
#else
#define PIN_BUG(name) false
#endif

void
pins_init(struct pins *p)
{
	*p = (struct pins){ 0 };
	mutex_init(&p->mu);
}

void
pins_release(struct pins *p)
{
	mutex_release(&p->mu);
}

static int
byte_hold(struct pins *p, uint64_t edit, enum env_hold how)
{
	if (PIN_BUG(NO_LOCK))
		return LSM_OK;
	return p->lock->env->ops->lock_hold(p->lock, PIN_FIRST + edit, 1, how);
}

static struct pin *
pin_find_locked(struct pins *p, uint64_t edit)
{
	struct pin *pin = p->list;

	mutex_assert_held(&p->mu);
	while (pin != NULL && pin->edit != edit)
		pin = pin->next;
	return pin;
}

static int
pin_new_locked(struct pins *p, uint64_t edit, struct pin **out)
{
	struct pin *pin = mem_alloc(sizeof *pin);
	int rc;

	*out = NULL;
	mutex_assert_held(&p->mu);
	if (pin == NULL)
		return mem_exhausted(sizeof *pin);
	if ((rc = byte_hold(p, edit, ENV_SHARED)) != LSM_OK) {
		mem_free(pin);
		return rc;
	}
	*pin = (struct pin){ p, p->list, edit, 1 };
	p->list = pin;
	*out = pin;
	return LSM_OK;
}

static int
pin_hold(struct pins *p, uint64_t edit, struct pin **out)
{
	int rc = LSM_OK;

	mutex_lock(&p->mu);
	if ((*out = pin_find_locked(p, edit)) != NULL)
		(*out)->refs++;
	else
		rc = pin_new_locked(p, edit, out);
	mutex_unlock(&p->mu);
	return rc;
}

void
pin_ref(struct pin *pin)
{
	if (pin == NULL)
		return;
	mutex_lock(&pin->owner->mu);
	pin->refs++;
	mutex_unlock(&pin->owner->mu);
}

static void
pin_free_locked(struct pin *pin)
{
	struct pin **at = &pin->owner->list;

	mutex_assert_held(&pin->owner->mu);
	while (*at != pin)
		at = &(*at)->next;
	*at = pin->next;
	/* One that stays held keeps files a little longer. */
	(void)byte_hold(pin->owner, pin->edit, ENV_UNLOCK);
	mem_free(pin);
}

void
pin_drop(struct pin *pin)
{
	struct pins *p;

	if (pin == NULL)
		return;
	p = pin->owner;
	mutex_lock(&p->mu);
	if (--pin->refs == 0)
		pin_free_locked(pin);
	mutex_unlock(&p->mu);
}

/* A head that no writer leaves is not believed. */
static void
words_read(struct pins *p, struct env_words *w)
{
	p->lock->env->ops->lock_words(p->lock, p->id, w);
	if (w->head >> ENV_HEAD_SHIFT >= PIN_EDIT_MAX)
		*w = (struct env_words){ 0 };
}

/* Does the lock hold what was announced before it was taken? When nothing was
 * and still nothing is, what is read from now on is younger than the lock. */
static bool
held(const struct env_words *before, const struct env_words *after,
    uint64_t edit)
{
	if (PIN_BUG(ONE_LOOK))
		return true;
	if (before->head == 0)
		return after->head == 0;
	return after->oldest != 0 && after->oldest <= edit;
}

int
pin_take(struct pins *p, uint64_t edit, struct pin **out,
    struct env_words *words)
{
	struct env_words after;
	int rc;

	*out = NULL;
	*words = (struct env_words){ 0 };
	if (p->lock == NULL || edit >= PIN_EDIT_MAX)
		return LSM_OK;
	for (int i = 0; i < TRIES_MAX; i++) {
		words_read(p, words);
		if (words->head != 0)
			edit = words->head >> ENV_HEAD_SHIFT;
		if ((rc = pin_hold(p, edit, out)) != LSM_OK)
			return rc == LSM_NO_MEMORY ? rc : LSM_OK;
		words_read(p, &after);
		if (held(words, &after, edit))
			return LSM_OK;
		pin_drop(*out);
		*out = NULL;
	}
	return status_set(LSM_BUSY,
	    "LOCK: versions go by faster than they can be pinned");
}

bool
pin_ended(struct pin *pin)
{
	struct env_words words;

	if (pin == NULL)
		return false;
	mutex_lock(&pin->owner->mu);
	words_read(pin->owner, &words);
	mutex_unlock(&pin->owner->mu);
	return words.ended > pin->edit;
}

static int
lowest_ask(struct env_lock *lock, uint64_t edit, uint64_t *lowest)
{
	uint64_t byte;
	bool any;
	int rc;

	*lowest = 0;
	if (edit > PIN_EDIT_MAX)
		edit = PIN_EDIT_MAX;
	if (edit == 0)
		return LSM_OK;
	rc = lock->env->ops->lock_test(lock, PIN_FIRST, edit, &any, &byte);
	if (rc == LSM_OK)
		*lowest = any ? byte - PIN_FIRST : edit;
	return rc;
}

int
pin_lowest(struct env_lock *lock, struct env_log *log, uint64_t edit,
    uint64_t *lowest)
{
	int rc;

	if (PIN_BUG(QUESTION_FIRST)) {
		rc = lowest_ask(lock, edit, lowest);
		sync_point();
		log->env->ops->log_oldest(log, edit);
		return rc;
	}
	log->env->ops->log_oldest(log, edit);
	return lowest_ask(lock, edit, lowest);
}
