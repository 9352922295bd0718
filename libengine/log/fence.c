/*
 * fence.c - the first final failure of a log, remembered with its story.
 */
#include "log/fence.h"

#include <assert.h>
#include <string.h>

void
fence_init(struct fence *f)
{
	mutex_init(&f->mu);
	f->code = LSM_OK;
}

void
fence_release(struct fence *f)
{
	mutex_release(&f->mu);
}

int
fence_set(struct fence *f, int code)
{
	assert(code != LSM_OK);
	if (code == LSM_NO_SPACE || code == LSM_NO_MEMORY)
		code = LSM_IO;
	mutex_lock(&f->mu);
	if (load_relaxed(&f->code) == LSM_OK) {
		memcpy(f->story, status_story(), sizeof f->story);
		store_release(&f->code, code);
	}
	code = load_relaxed(&f->code);
	mutex_unlock(&f->mu);
	return code;
}

int
fence_check(struct fence *f)
{
	int code = load_acquire(&f->code);

	return code == LSM_OK ? LSM_OK :
	    status_set(code, "fenced: %s", f->story);
}
