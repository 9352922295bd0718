/*
 * latency.c - how long operations take, by histogram.
 */
#include "db/latency.h"

#include "base/alloc.h"
#include "base/sync.h"

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

void
latencies_free(struct latencies *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < LATENCIES; i++)
		mem_free(load_relaxed(&l->of[i]));
	mem_free(l);
}

/* Of several threads that come first together, one makes it for all. */
static struct histogram *
histogram_of(struct latencies *l, enum latency what)
{
	struct histogram *there = load_acquire(&l->of[what]), *made;

	if (there != NULL || (made = mem_zalloc(sizeof *made)) == NULL)
		return there;
	if (atomic_compare_exchange_strong(&l->of[what], &there, made))
		return made;
	mem_free(made);
	return there;
}

void
latency_add(struct latencies *l, enum latency what, uint64_t ns)
{
	struct histogram *h = histogram_of(l, what);

	if (h != NULL)
		histogram_add(h, ns);
}

const struct histogram *
latency_of(const struct latencies *l, enum latency what)
{
	static const struct histogram none;
	const struct histogram *there = load_acquire(&l->of[what]);

	return there != NULL ? there : &none;
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
