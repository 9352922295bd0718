/*
 * The order in which a ring syncs its segments, and what a failure leaves.
 */
#include "env/ring.h"

#include "support/test.h"

/* Segments that only tell what was asked of them. */
struct told {
	struct ring_segment base;
	int syncs, fail_sync, closed, throughs;
	int *turn, synced_at;
};

static int
told_write(struct ring_segment *s, uint64_t at, const void *p, size_t n)
{
	(void)s;
	(void)at;
	(void)p;
	(void)n;
	return LSM_OK;
}

static int
told_sync(struct ring_segment *s)
{
	struct told *t = (struct told *)s;

	t->syncs++;
	t->synced_at = ++*t->turn;
	return t->fail_sync ? status_set(LSM_NO_SPACE, "t: sync: full") :
	    LSM_OK;
}

static void
told_close(struct ring_segment *s)
{
	((struct told *)s)->closed++;
}

static int
told_through(struct ring_segment *s, uint64_t at, const void *p, size_t n)
{
	struct told *t = (struct told *)s;

	CHECK(at == 64 && n == 1 && memcmp(p, "y", 1) == 0);
	t->throughs++;
	return t->fail_sync ? status_set(LSM_IO, "t: through") : LSM_OK;
}

static const struct ring_segment_ops told_ops = { told_write, told_sync,
	told_close, told_through, NULL };

TEST("the older segment is synced before the newer, and then let go")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn };
	struct told b = { .base = { .ops = &told_ops, .number = 2 },
		.turn = &turn };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_OK(ring_switch(&r, &b.base, 64, text("y")));
	CHECK_EQ(a.closed, 0);
	CHECK_OK(ring_sync(&r.base, &durable));
	CHECK_EQ(durable, log_position(2, 65));
	CHECK(a.synced_at == 1 && b.synced_at == 2 && a.closed == 1);
	CHECK_OK(ring_sync(&r.base, &durable));
	CHECK_EQ(b.syncs, 1);
	ring_release(&r, false);
	CHECK_EQ(b.closed, 1);
}

TEST("a failed sync is never tried again, and `syncing` stays")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn,
		.fail_sync = 1 };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;
	uint8_t *to;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_CODE(ring_sync(&r.base, &durable), LSM_IO);
	CHECK_EQ(load_acquire(&r.control->syncing), 1);
	a.fail_sync = 0;
	CHECK_CODE(ring_sync(&r.base, &durable), LSM_IO);
	CHECK_STR(lsm_message(), "t: sync: full");
	CHECK_CODE(ring_reserve(&r.base, 8, &to), LSM_IO);
	CHECK_EQ(a.syncs, 1);
	ring_release(&r, false);
}

TEST("what a segment was switched to with is synced alone, and tells nothing")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn };
	struct told b = { .base = { .ops = &told_ops, .number = 2 },
		.turn = &turn };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_OK(ring_switch(&r, &b.base, 64, text("y")));
	CHECK_CODE(ring_sync_start(&r.base, 1), LSM_UNSUPPORTED);
	CHECK_CODE(ring_sync_start(&r.base, 3), LSM_UNSUPPORTED);
	ring_forget(&r.base, 2, &durable);	/* it did not begin yet */
	CHECK(durable == 0 && a.closed == 0);
	CHECK_OK(ring_sync_start(&r.base, 2));
	CHECK_OK(ring_sync_start(&r.base, 2));
	CHECK(b.throughs == 1 && a.syncs + b.syncs == 0);
	CHECK(r.durable == 0 && load_acquire(&r.control->durable) == 0);
	CHECK_EQ(load_acquire(&r.control->syncing), 0);
	ring_forget(&r.base, 2, &durable);
	CHECK_EQ(durable, log_position(2, 65));
	CHECK_EQ(load_acquire(&r.control->durable), durable);
	CHECK(a.closed == 1 && a.syncs == 0);
	ring_release(&r, false);
	CHECK_EQ(b.closed, 1);
}

TEST("a start that was not synced is final, and nothing is forgotten")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn };
	struct told b = { .base = { .ops = &told_ops, .number = 2 },
		.turn = &turn,
		.fail_sync = 1 };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_OK(ring_switch(&r, &b.base, 64, text("y")));
	CHECK_CODE(ring_sync_start(&r.base, 2), LSM_IO);
	CHECK_EQ(load_acquire(&r.control->syncing), 1);
	b.fail_sync = 0;
	CHECK_CODE(ring_sync_start(&r.base, 2), LSM_IO);
	CHECK_EQ(b.throughs, 1);
	CHECK_CODE(ring_sync(&r.base, &durable), LSM_IO);
	ring_forget(&r.base, 2, &durable);
	CHECK(durable == 0 && a.closed == 0);
	ring_release(&r, false);
}
