/*
 * When level 0 is merged while nobody writes.
 */
#include "db/db.h"

#include "support/kit.h"

enum { LOOKS_MOST = 100 };

/* Two runs in level 0, above another. */
static void
kit_runs(struct kit *k)
{
	kit_init(k);
	kit_start(k);
	for (int i = 0; i < 3; i++) {
		dbkit_fill(k->db, 0, 1000, "again");
		CHECK_OK(lsm_flush(k->db));
	}
	CHECK_EQ(dbkit_stat(k->db, "level.0.runs"), 2);
}

static bool
look(struct kit *k, bool quiet)
{
	bool due;

	mutex_lock(&k->db->mu);
	due = drain_due_locked(k->db, quiet);
	mutex_unlock(&k->db->mu);
	return due;
}

TEST("level 0 is drained when nobody has written for long")
{
	struct kit k;
	int looks = 1;

	kit_runs(&k);
	CHECK(!look(&k, true));
	while (looks < LOOKS_MOST && !look(&k, true))
		looks++;
	CHECK_EQ((looks + 1) * (DRAIN_LOOK_US / 1000), 10000);
	kit_close(&k);
}

TEST("a write between two looks makes the wait begin anew")
{
	struct kit k;

	kit_runs(&k);
	for (int looks = 0; looks < LOOKS_MOST; looks++)
		CHECK(!look(&k, looks % 10 != 0));
	kit_close(&k);
}

TEST("a write that no look saw makes the wait begin anew, too")
{
	struct kit k;

	kit_runs(&k);
	for (int looks = 0; looks < LOOKS_MOST; looks++) {
		if (looks % 10 == 0)
			dbkit_put(k.db, "k000500", "burst");
		CHECK(!look(&k, true));
	}
	kit_close(&k);
}

TEST("level 0 is drained soon when reads have to ask its tables")
{
	struct kit k;
	uint64_t bytes;

	kit_runs(&k);
	CHECK(!look(&k, true));
	bytes = dbkit_stat(k.db, "db.bytes");
	for (uint64_t asked = 0; asked < bytes / 1024; asked++)
		dbkit_check(k.db, NULL, "k000500", "v500again");
	CHECK(!look(&k, false));
	CHECK(look(&k, true));
	kit_close(&k);
}

TEST("a walk asks for it, too")
{
	struct kit k;
	lsm_iter *it;

	kit_runs(&k);
	CHECK(!look(&k, true));
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	for (lsm_iter_first(it); lsm_iter_valid(it); lsm_iter_next(it))
		;
	lsm_iter_free(it);
	CHECK(look(&k, true));
	kit_close(&k);
}

TEST("who leaves may have level 0 drained, and nothing else is")
{
	struct kit k;
	int more = 1;

	kit_runs(&k);
	while (more)
		CHECK_OK(lsm_step(k.db, &more));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 3);
	for (more = 1; more;)
		CHECK_OK(lsm_settle(k.db, &more));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(k.db, "merge.count"), 1);
	dbkit_check_fill(k.db, 0, 1000, "again");
	CHECK_OK(lsm_settle(k.db, &more));
	CHECK_EQ(more, 0);
	kit_close(&k);
}
