/*
 * latency.c - how long operations take, by histogram.
 */
#include "db/latency.h"

#include "base/alloc.h"

static const char *const words[LATENCIES] = {
	[LATENCY_GET] = "get", [LATENCY_PUT] = "put",
	[LATENCY_COMMIT] = "commit", [LATENCY_SEEK] = "seek",
	[LATENCY_SYNC] = "sync", [LATENCY_FLUSH_STEP] = "flush_step",
	[LATENCY_MERGE_STEP] = "merge_step",
};

int
latencies_new(lsm_env *env, struct latencies **out)
{
	*out = mem_zalloc(sizeof **out);
	if (*out == NULL)
		return mem_exhausted(sizeof **out);
	(*out)->env = env;
	return LSM_OK;
}

const char *
latency_word(enum latency what)
{
	return words[what];
}

uint64_t
latency_now_ns(const struct latencies *l)
{
	const struct env_ops *ops = l->env->ops;
	uint64_t now = ops->now_ns != NULL ? ops->now_ns(l->env) :
	    1000 * ops->now_us(l->env);

	return now != 0 ? now : 1;
}
