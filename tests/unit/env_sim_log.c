/*
 * The log on the simulated disk: a kill keeps what was committed, a power loss
 * what was synced.
 */
#include "env/env_sim.h"

#include "support/place.h"
#include "support/test.h"

/* Follow logs from the first as far as they go; ring included when trusted.
 * The sequence behind the last record. */
static uint64_t
length(struct place *p)
{
	static uint8_t image[2 * PLACE_SEGMENT];
	struct case_cursor c = case_first();
	struct env_tail tail;

	for (;; c = case_next_log(&c)) {
		if (!place_image(p, c.number, image, sizeof image, &tail))
			return c.sequence;
		while (case_follow(&c, image + c.offset,
		    sizeof image - c.offset))
			;
		if (!c.closed)
			return c.sequence;
	}
}

enum { MARKS_MAX = 200 };

/* What was promised when the operation log was so long. */
struct mark {
	size_t operations;
	uint64_t committed, durable;	/* sequences */
};

static size_t
live(struct sim *sim, struct place *p, struct mark *marks)
{
	struct random random = { test_seed() };
	uint64_t durable = 0, position;
	size_t n = 0;

	place_switch(p, case_first(), 0);
	for (int i = 0; i < 60; i++) {
		uint32_t size = CASE_HEADER +
		    (uint32_t)random_below(&random, i % 9 == 0 ? 30000 : 3000);

		if (i % 25 == 24) {
			CHECK_OK(place_put(p, 32, CASE_CLOSE));
			CHECK_OK(p->ops->log_sync(p->log, &position));
			place_switch(p, case_next_log(&p->at), 0);
		}
		CHECK_OK(place_put(p, size, CASE_PUT));
		if (i % 7 == 3) {
			CHECK_OK(p->ops->log_sync(p->log, &position));
			durable = p->at.sequence;
		}
		marks[n++] = (struct mark){ sim_operations(sim),
			p->at.sequence, durable };
	}
	return n;
}

static void
check_promises(bool with_ring)
{
	struct sim *sim = sim_new(test_seed());
	struct mark marks[MARKS_MAX];
	struct place p;
	size_t n, m = 0;

	sim_capabilities(sim, with_ring, true);
	place_open(&p, sim_env(sim), true);
	n = live(sim, &p, marks);
	for (size_t i = marks[0].operations; i <= sim_operations(sim); i++) {
		struct sim *after;
		struct place next;

		while (m + 1 < n && marks[m + 1].operations <= i)
			m++;
		after = sim_kill(sim, i);
		place_open(&next, sim_env(after), true);
		CHECK(length(&next) >= marks[m].committed);
		place_close(&next);
		sim_free(after);
		if (i < sim_operations(sim) && !sim_on_disk(sim, i))
			continue;
		after = sim_crash(sim, i, SIM_RANDOM, test_seed() + i);
		place_open(&next, sim_env(after), true);
		CHECK(!next.tail.trusted);
		CHECK(length(&next) >= marks[m].durable);
		place_close(&next);
		sim_free(after);
	}
	place_close(&p);
	sim_free(sim);
}

TEST_SOLO("a kill keeps what was committed, a power loss what was synced")
{
	check_promises(true);
}

TEST_SOLO("the same holds where there is no ring")
{
	check_promises(false);
}

TEST("a power loss after a kill still takes what was not synced")
{
	struct sim *sim = sim_new(1), *killed, *crashed;
	struct place p;

	place_start(&p, sim_env(sim));
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	CHECK_OK(p.ops->log_flush(p.log));
	killed = sim_kill(sim, sim_operations(sim));
	CHECK_EQ(sim_undecided(killed, sim_operations(killed)),
	    sim_undecided(sim, sim_operations(sim)));
	crashed = sim_crash(killed, sim_operations(killed), SIM_DROP, 1);
	place_close(&p);
	sim_free(sim);
	place_open(&p, sim_env(killed), true);
	CHECK(p.tail.trusted);
	CHECK_EQ(length(&p), 3);
	place_close(&p);
	sim_free(killed);
	place_open(&p, sim_env(crashed), true);
	CHECK_EQ(length(&p), 1);
	place_close(&p);
	sim_free(crashed);
}

TEST("a log whose sync fails is fenced, and says so to the next")
{
	struct sim *sim = sim_new(1), *killed;
	uint64_t durable;
	struct place p;

	place_start(&p, sim_env(sim));
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	sim_fail_at(sim, 2, LSM_NO_SPACE, false, false);
	CHECK_CODE(p.ops->log_sync(p.log, &durable), LSM_IO);
	CHECK_CODE(place_put(&p, 100, CASE_PUT), LSM_IO);
	CHECK_CODE(p.ops->log_sync(p.log, &durable), LSM_IO);
	killed = sim_kill(sim, sim_operations(sim));
	place_close(&p);
	sim_free(sim);
	place_open(&p, sim_env(killed), true);
	CHECK(p.tail.trusted && p.tail.syncing);
	place_close(&p);
	sim_free(killed);
}
