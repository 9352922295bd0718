/*
 * The ring's protocol under the seeded scheduler: a writer, somebody who
 * flushes and syncs, a reader that follows everything live, and a kill at any
 * point. The protocol as it is passes every seed; each order that is known to
 * be wrong is found out.
 */
#ifdef LSM_SCHED
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/sched.h"
#include "env/posix.h"
#include "env/ring.h"
#include "env/ring_page.h"
#include "support/ring_case.h"
#include "support/test.h"

enum {
	LOGS = 4,
	SEGMENT = 192 << 10,
	RECORDS = 220,
	SEEDS_GOOD = 300,
	SEEDS_BAD = 3000	/* so many show any wrong order */
};

/* A file: what was written, as other processes see it. */
struct segment {
	struct ring_segment base;
	uint8_t bytes[SEGMENT];
	bool closed, growing;
};

static struct scene {
	struct ring ring;
	struct ring_memory memory;
	struct ring_identity identity;
	struct segment logs[LOGS + 1];	/* by number, from 1 */
	struct random random;
	struct case_cursor writing, reading;
	struct buffer copied;		/* by a reader that may be killed */
	uint64_t acknowledged;		/* sequence */
	uint64_t kill_after;		/* points */
	bool stop, broken, in_sync;
} scene;

static void
step(void)
{
	sync_point();
}

/* A killed pwrite(2) may be short. */
static int
segment_write(struct ring_segment *base, uint64_t at, const void *from,
    size_t n)
{
	struct segment *s = (struct segment *)base;

	CHECK(at + n <= SEGMENT && !s->growing);
	memcpy(s->bytes + at, from, n / 2);
	step();
	memcpy(s->bytes + at + n / 2, (const uint8_t *)from + n / 2,
	    n - n / 2);
	step();
	return LSM_OK;
}

static int
segment_sync(struct ring_segment *base)
{
	(void)base;
	scene.in_sync = true;
	for (int i = 0; i < 30; i++)
		step();
	scene.in_sync = false;
	return LSM_OK;
}

static void
segment_close(struct ring_segment *base)
{
	((struct segment *)base)->closed = true;
}

/* Of the one that is written to, and nobody writes to it until the end. */
static int
segment_space(struct ring_segment *base, uint64_t size)
{
	struct segment *s = (struct segment *)base;

	CHECK(size <= SEGMENT);
	s->growing = true;
	for (int i = 0; i < 30; i++)
		step();
	CHECK(!s->closed && base == scene.ring.current);
	s->growing = false;
	return LSM_OK;
}

static const struct ring_segment_ops segment_ops = { segment_write,
	segment_sync, segment_close, NULL, segment_space };

static struct ring_segment *
segment(uint64_t number)
{
	struct segment *s = &scene.logs[number];

	s->base = (struct ring_segment){ .ops = &segment_ops,
	    .number = number };
	s->closed = s->growing = false;
	return &s->base;
}

static void
begin_log(struct case_cursor next)
{
	uint8_t first[CASE_HEADER];

	case_write(first, &next, sizeof first, CASE_PUT, NULL);
	CHECK_OK(ring_switch(&scene.ring, segment(next.number), CASE_START,
	    bytes(first, sizeof first)));
	scene.acknowledged = next.sequence;
	scene.writing = next;
	scene.writing.offset += sizeof first;
	scene.writing.sequence++;
}

static void
append(uint32_t size, uint32_t kind)
{
	uint8_t *to;

	CHECK_OK(ring_reserve(&scene.ring.base, size, &to));
	case_write(to, &scene.writing, size, kind, step);
	CHECK_OK(ring_commit(&scene.ring.base, size));
	scene.acknowledged = scene.writing.sequence;
	scene.writing.offset += size;
	scene.writing.sequence++;
}

static uint32_t
draw_size(void)
{
	if (random_below(&scene.random, 30) == 0)
		return RING_RECORD_MAX + 1 +
		    (uint32_t)random_below(&scene.random, 8000);
	return CASE_HEADER + (uint32_t)random_below(&scene.random, 4000);
}

static void
writer(void *arg)
{
	(void)arg;
	begin_log((struct case_cursor){ 1, CASE_START, 1, false });
	for (int i = 0; i < RECORDS; i++) {
		uint32_t size = draw_size();

		if (scene.writing.offset + size + 32 > SEGMENT) {
			append(32, CASE_CLOSE);
			if (scene.writing.number == LOGS)
				break;
			begin_log((struct case_cursor){
			    scene.writing.number + 1, CASE_START,
			    scene.writing.sequence, false });
		}
		append(size, CASE_PUT);
	}
	scene.stop = true;
}

/* Of a segment that may be the current one no more. */
static void
grow(unsigned turn)
{
	uint64_t number = load_acquire(&scene.memory.control->committed) >> 32;

	for (int i = 0; i < 3; i++)
		step();
	CHECK_OK(ring_space(&scene.ring.base,
	    log_position(number, turn % SEGMENT)));
}

static void
flusher(void *arg)
{
	uint64_t durable;

	(void)arg;
	for (unsigned i = 1; !scene.stop; i++) {
		if (i % 4 == 0)
			CHECK_OK(ring_sync(&scene.ring.base, &durable));
		else if (i % 4 == 2)
			CHECK_OK(ring_flush(&scene.ring.base));
		else if (i % 4 == 3)
			grow(i * 16);
		for (int wait = 0; wait < 40; wait++)
			step();
	}
}

/*
 * Everything of the log that *c stands in, up to `committed`: first what is
 * in the file, then what is in the ring. False when that is not whole records.
 */
static bool
follow(struct case_cursor *c)
{
	static uint8_t image[SEGMENT + RING_SIZE];
	struct buffer *ring = &scene.copied;
	struct env_tail tail;
	uint64_t end;
	bool whole = true;

	ring->n = 0;
	if (ring_copy(scene.memory, &scene.identity, c->number, c->offset,
	    ring, &tail) != LSM_OK || !tail.trusted ||
	    position_log(tail.committed) < c->number)
		return !tail.trusted || c->offset == CASE_START;
	memcpy(image, scene.logs[c->number].bytes, SEGMENT);
	end = position_offset(tail.committed);
	if (position_log(tail.committed) > c->number) {
		while (whole && !c->closed)
			whole = case_follow(c, image + c->offset,
			    SEGMENT - c->offset);
	} else {
		if (ring->n > 0)
			memcpy(image + end - ring->n, ring->p, ring->n);
		whole = case_follow_all(c, image + c->offset, end);
	}
	if (whole && c->closed)
		*c = case_next_log(c);
	return whole;
}

static void
reader(void *arg)
{
	(void)arg;
	while (!scene.stop && !scene.broken) {
		scene.broken = !follow(&scene.reading);
		step();
	}
}

static void
killer(void *arg)
{
	(void)arg;
	while (!scene.stop && sched_points() < scene.kill_after)
		step();
	if (!scene.stop)
		sched_stop();
}

static void
scene_set(uint64_t seed)
{
	struct ring_memory memory = scene.memory;

	memset(&scene, 0, sizeof scene);
	memset(memory.control, 0, sizeof *memory.control);
	memset(memory.bytes, 0, RING_SIZE);
	scene.memory = memory;
	scene.identity.boot[0] = 1;	/* zeros: nobody knows which */
	scene.random.state = seed;
	scene.reading = (struct case_cursor){ 1, CASE_START, 1, false };
	scene.kill_after = random_below(&scene.random, 12000);
	ring_init(&scene.ring, env_posix(), memory, &scene.identity, 1);
}

/* What the process left behind, as the next writer finds it. */
static bool
left_whole(void)
{
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct env_tail tail;
	uint64_t before;

	ring_look(scene.memory, &scene.identity, &tail);
	if (scene.acknowledged > 0 && !tail.trusted)
		return false;
	if (scene.in_sync && !tail.syncing)
		return false;
	do {
		before = c.sequence;
		if (!follow(&c))
			return false;
	} while (c.sequence != before);
	return c.sequence > scene.acknowledged &&
	    c.sequence >= scene.reading.sequence;
}

/* One life of a process, and the look at what it left. */
static bool
seed_passes(uint64_t seed)
{
	static const uint32_t one_in[] = { 2, 5, 20, 80, 300 };
	static const struct sched_thread threads[] = { { writer, NULL },
		{ flusher, NULL }, { reader, NULL }, { killer, NULL } };
	enum sched_end end;
	bool passes;

	scene_set(seed);
	end = sched_run(seed, one_in[seed % 5], threads, 4);
	passes = end != SCHED_STUCK && !scene.broken && left_whole();
	buffer_free(&scene.ring.record);
	buffer_free(&scene.copied);
	return passes;
}

static void
scene_open(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);

	CHECK(fd >= 0 && ftruncate(fd, RING_SIZE) == 0);
	scene.memory.bytes = posix_ring_twice(fd, 0, PROT_READ | PROT_WRITE);
	CHECK(scene.memory.bytes != NULL && close(fd) == 0);
	scene.memory.control = mem_zalloc(sizeof *scene.memory.control);
	CHECK(scene.memory.control != NULL);
}

static void
scene_close(void)
{
	munmap(scene.memory.bytes, 2 * RING_SIZE);
	mem_free(scene.memory.control);
}

static void
must_be_caught(enum ring_bug bug)
{
	bool caught = false;
	uint64_t seed = test_seed() * 1000003;

	scene_open();
	ring_bug = bug;
	for (int i = 0; i < SEEDS_BAD && !caught; i++)
		caught = !seed_passes(seed++);
	ring_bug = RING_BUG_NONE;
	scene_close();
	CHECK(caught);
}

TEST("the ring's protocol passes every seed")
{
	uint64_t seed = test_seed() * 1000003;

	scene_open();
	for (int i = 0; i < SEEDS_GOOD; i++, seed++)
		if (!seed_passes(seed))
			test_fail(__FILE__, __LINE__, "schedule %llu",
			    (unsigned long long)seed);
	scene_close();
}

TEST("`committed` before the bytes is caught")
{
	must_be_caught(RING_BUG_COMMITTED_EARLY);
}

TEST("`written` before the write is caught")
{
	must_be_caught(RING_BUG_WRITTEN_EARLY);
}

TEST("a reader that does not look again is caught")
{
	must_be_caught(RING_BUG_ONE_LOOK);
}

TEST("a long record announced in the wrong order is caught")
{
	must_be_caught(RING_BUG_RECORD_ORDER);
}

TEST("a switch announced in the wrong order is caught")
{
	must_be_caught(RING_BUG_SWITCH_ORDER);
}

TEST("a sync that does not say so before is caught")
{
	must_be_caught(RING_BUG_NOT_SYNCING);
}
#else
typedef int ring_sched_not_built;
#endif
