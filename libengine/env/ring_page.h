/*
 * ring_page.h - the control page of LOCK: is it valid, and whose is it?
 *
 * Private to the ring. The magic is stored last when a page is made and
 * cleared first when it is made anew.
 */
#ifndef ENV_RING_PAGE_H
#define ENV_RING_PAGE_H

#include "env/ring.h"

#ifdef LSM_SCHED
#define RING_BUG(name) (ring_bug == RING_BUG_##name)
#else
#define RING_BUG(name) false
#endif

/* gcc's ThreadSanitizer does not know fences. It need not: what they order
 * are bytes that readers see through a mapping of their own. */
#ifdef __SANITIZE_THREAD__
#define ring_fence_release() ((void)0)
#define ring_fence_acquire() ((void)0)
#define ring_fence_full() ((void)0)
#else
#define ring_fence_release() atomic_thread_fence(memory_order_release)
#define ring_fence_acquire() atomic_thread_fence(memory_order_acquire)
#define ring_fence_full() atomic_thread_fence(memory_order_seq_cst)
#endif

static inline uint32_t
position_offset(uint64_t position)
{
	return (uint32_t)position;
}

static inline uint32_t
position_log(uint64_t position)
{
	return (uint32_t)(position >> 32);
}

/* "LSMLOCK1" in native order: nobody of another byte order shares a boot. */
uint64_t page_magic(void);

/* Made by some writer of this format, of whatever boot. */
bool page_whole(struct ring_control *);
bool page_trusted(struct ring_control *, const struct ring_identity *);

/* No longer valid; then its identity, and no `syncing`, which said something
 * about another time. The caller stores the words, and last the magic. */
void page_begin(struct ring_control *, const struct ring_identity *);

#endif
