/*
 * fence.h - the first final failure of a log, remembered with its story.
 *
 * After it nothing is appended and nothing is synced, because what a later
 * success would mean is not known. Any thread may set and ask.
 */
#ifndef LOG_FENCE_H
#define LOG_FENCE_H

#include "base/status.h"
#include "base/sync.h"

struct fence {
	struct mutex mu;			/* for the first to tell */
	_Atomic int code;			/* behind the story */
	char story[STATUS_STORY_MAX];
};

void fence_init(struct fence *);
void fence_release(struct fence *);

/* Keep `code` and this thread's story, if they are the first. Returns the code
 * of the fence. LSM_NO_SPACE and LSM_NO_MEMORY become LSM_IO: those two promise
 * that nothing was written. */
int fence_set(struct fence *, int code);

/* LSM_OK, or the code with the story "fenced: ...". */
int fence_check(struct fence *);

#endif
