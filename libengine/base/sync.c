/*
 * sync.c - threads, locks and waits, plain or under the seeded scheduler.
 */
#define _GNU_SOURCE	/* syscall(2) for the futex */
#include "base/sync.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"

static _Thread_local char self_mark;

/* Under the scheduler all logical threads share one system thread. */
static uintptr_t
self(void)
{
#ifdef LSM_SCHED
	if (sched_active())
		return sched_self();
#endif
	return (uintptr_t)&self_mark;
}

void
mutex_init(struct mutex *m)
{
	pthread_mutex_init(&m->m, NULL);
	m->owner = 0;
}

void
mutex_release(struct mutex *m)
{
	assert(m->owner == 0);
	pthread_mutex_destroy(&m->m);
}

void
mutex_lock(struct mutex *m)
{
	assert(load_relaxed(&m->owner) != self());
#ifdef LSM_SCHED
	if (sched_active()) {
		sync_point();
		while (m->owner != 0)
			sched_block();
		m->owner = self();
		return;
	}
#endif
	pthread_mutex_lock(&m->m);
	store_relaxed(&m->owner, self());
}

bool
mutex_trylock(struct mutex *m)
{
	sync_point();
#ifdef LSM_SCHED
	if (sched_active()) {
		if (m->owner != 0)
			return false;
		m->owner = self();
		return true;
	}
#endif
	if (pthread_mutex_trylock(&m->m) != 0)
		return false;
	store_relaxed(&m->owner, self());
	return true;
}

void
mutex_unlock(struct mutex *m)
{
	mutex_assert_held(m);
	store_relaxed(&m->owner, 0);
#ifdef LSM_SCHED
	if (sched_active()) {
		sync_point();
		return;
	}
#endif
	pthread_mutex_unlock(&m->m);
}

void
mutex_assert_held(struct mutex *m)
{
	assert(load_relaxed(&m->owner) == self());
	(void)m;
}

void
cond_init(struct cond *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->c, &attr);
	pthread_condattr_destroy(&attr);
	c->turns = 0;
}

void
cond_release(struct cond *c)
{
	pthread_cond_destroy(&c->c);
}

#ifdef LSM_SCHED
static void
cond_wait_scheduled(struct cond *c, struct mutex *m)
{
	uint32_t turn = c->turns;

	mutex_unlock(m);
	while (c->turns == turn)
		sched_block();
	mutex_lock(m);
}
#endif

void
cond_wait(struct cond *c, struct mutex *m)
{
	mutex_assert_held(m);
#ifdef LSM_SCHED
	if (sched_active()) {
		cond_wait_scheduled(c, m);
		return;
	}
#endif
	store_relaxed(&m->owner, 0);
	pthread_cond_wait(&c->c, &m->m);
	store_relaxed(&m->owner, self());
}

bool
cond_wait_for(struct cond *c, struct mutex *m, uint64_t us)
{
	struct timespec until;
	int error;

	mutex_assert_held(m);
#ifdef LSM_SCHED
	if (sched_active()) {	/* no clock there: time is always over */
		mutex_unlock(m);
		sync_point();
		mutex_lock(m);
		return false;
	}
#endif
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(us / 1000000);
	until.tv_nsec += (long)(us % 1000000) * 1000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	store_relaxed(&m->owner, 0);
	error = pthread_cond_timedwait(&c->c, &m->m, &until);
	store_relaxed(&m->owner, self());
	return error != ETIMEDOUT;
}

void
cond_broadcast(struct cond *c)
{
	atomic_fetch_add(&c->turns, 1);
	pthread_cond_broadcast(&c->c);
	sync_point();
}

void
word_wait(_Atomic uint32_t *word, uint32_t expected)
{
#ifdef LSM_SCHED
	if (sched_active()) {
		sync_point();
		while (load_relaxed(word) == expected)
			sched_block();
		return;
	}
#endif
	/* Waking early is allowed, so the result tells nothing. */
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void
word_wake(_Atomic uint32_t *word)
{
	sync_point();
#ifdef LSM_SCHED
	if (sched_active())
		return;
#endif
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void
thread_yield(void)
{
	sync_point();
#ifdef LSM_SCHED
	if (sched_active())
		return;
#endif
	sched_yield();
}

struct start {
	void (*run)(void *);
	void *arg;
};

static void *
thread_main(void *arg)
{
	struct start s = *(struct start *)arg;

	mem_free(arg);
	s.run(s.arg);
	return NULL;
}

int
thread_start(struct thread *t, void (*run)(void *), void *arg)
{
	struct start *s = mem_alloc(sizeof *s);
	sigset_t all, before;
	int error;

	if (s == NULL)
		return mem_exhausted(sizeof *s);
	*s = (struct start){ run, arg };
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&t->id, NULL, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return LSM_OK;
	mem_free(s);
	return status_system(error, "thread");
}

_Atomic uint32_t process_forks;
static pthread_once_t forks_once = PTHREAD_ONCE_INIT;
static struct mutex inherited_mu = { .m = PTHREAD_MUTEX_INITIALIZER };
static struct inherited *inherited;

/* Held across the fork, so that the child's list is whole. */
static void
fork_before(void)
{
	mutex_lock(&inherited_mu);
}

static void
fork_parent(void)
{
	mutex_unlock(&inherited_mu);
}

static void
fork_child(void)
{
	process_forks++;
	for (struct inherited *i = inherited; i != NULL; i = i->next)
		i->give_up(i);
	mutex_unlock(&inherited_mu);
}

static void
forks_watch(void)
{
	pthread_atfork(fork_before, fork_parent, fork_child);
}

uint32_t
process_generation(void)
{
	pthread_once(&forks_once, forks_watch);
	return load_relaxed(&process_forks);
}

void
inherited_add(struct inherited *i)
{
	pthread_once(&forks_once, forks_watch);
	mutex_lock(&inherited_mu);
	i->next = inherited;
	inherited = i;
	mutex_unlock(&inherited_mu);
}

void
inherited_remove(struct inherited *i)
{
	struct inherited **at = &inherited;

	mutex_lock(&inherited_mu);
	while (*at != NULL && *at != i)
		at = &(*at)->next;
	if (*at == i)
		*at = i->next;
	mutex_unlock(&inherited_mu);
}

void
thread_join(struct thread *t)
{
	pthread_join(t->id, NULL);
}
