/*
 * Conditions of a batch: each kind, asked of keys wherever they may be; what
 * a batch that is not met leaves behind (nothing); what cannot be asked.
 */
#include "kv/condition.h"

#include "base/alloc.h"
#include "kv/batch.h"
#include "support/dbkit.h"

struct kit {
	struct sim *sim;
	lsm_options o;
	lsm_db *db;
	lsm_batch *b;
};

static void
kit_open(struct kit *k)
{
	k->sim = sim_new(test_seed());
	k->o = dbkit_options(k->sim);
	k->db = dbkit_open("db", &k->o);
	CHECK_OK(lsm_batch_new(&k->b));
}

static void
kit_close(struct kit *k)
{
	lsm_batch_free(k->b);
	dbkit_close(k->db);
	sim_free(k->sim);
}

TEST("conditions are taken as they were added, beside the operations")
{
	struct condition c;
	struct bytes rest;
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_if_absent(b, lsm_str("")));
	CHECK_OK(lsm_batch_put(b, lsm_str("k"), lsm_str("v")));
	CHECK_OK(lsm_batch_if_equals(b, lsm_str("key"), lsm_str("value")));
	CHECK_OK(lsm_batch_if_present(b, lsm_str("p")));
	CHECK_EQ(lsm_batch_count(b), 1);
	CHECK_EQ(lsm_batch_size(b), 1 + 5);
	rest = buffer_bytes(&b->conditions);
	CHECK(condition_take(&rest, &c) && c.kind == IF_ABSENT);
	CHECK_EQ(c.key.n + c.value.n, 0);
	CHECK(condition_take(&rest, &c) && c.kind == IF_EQUALS);
	CHECK_BYTES(c.key, "key");
	CHECK_BYTES(c.value, "value");
	CHECK(condition_take(&rest, &c) && c.kind == IF_PRESENT);
	CHECK_BYTES(c.key, "p");
	CHECK_EQ(c.value.n, 0);
	CHECK(!condition_take(&rest, &c));
	lsm_batch_clear(b);
	CHECK_EQ(b->conditions.n, 0);
	lsm_batch_free(b);
}

TEST("a condition over a limit, or without memory, is not added")
{
	static const uint8_t key[LSM_KEY_MAX + 1];
	lsm_batch *b;
	size_t n;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_if_absent(b, lsm_bytes(key, LSM_KEY_MAX)));
	n = b->conditions.n;
	CHECK_CODE(lsm_batch_if_absent(b, lsm_bytes(key, sizeof key)),
	    LSM_TOO_LARGE);
	CHECK_CODE(lsm_batch_if_present(b, lsm_bytes(key, sizeof key)),
	    LSM_TOO_LARGE);
	CHECK_CODE(lsm_batch_if_equals(b, lsm_str("k"),
	    lsm_bytes("", (size_t)LSM_VALUE_MAX + 1)), LSM_TOO_LARGE);
	mem_fail_at(1, false);
	CHECK_CODE(lsm_batch_if_present(b, lsm_bytes(key, LSM_KEY_MAX)),
	    LSM_NO_MEMORY);
	CHECK_EQ(b->conditions.n, n);
	/* As if nearly full: what follows must not read that far. */
	b->conditions.n = (size_t)LSM_BATCH_MAX - 3;
	CHECK_CODE(lsm_batch_if_absent(b, lsm_str("")), LSM_TOO_LARGE);
	CHECK_EQ(b->conditions.n, (size_t)LSM_BATCH_MAX - 3);
	b->conditions.n = n;
	lsm_batch_free(b);
}

/* Write "mark" under the one condition in the batch: does it hold? */
static bool
holds(struct kit *k, int rc)
{
	uint64_t sequence = dbkit_stat(k->db, "db.sequence");
	uint64_t logged = dbkit_stat(k->db, "log.bytes");
	uint64_t unmet = dbkit_stat(k->db, "write.unmet");

	CHECK_OK(rc);
	CHECK_OK(lsm_batch_put(k->b, lsm_str("mark"), lsm_str("x")));
	rc = lsm_write(k->db, k->b, 0);
	lsm_batch_clear(k->b);
	if (rc == LSM_OK) {
		CHECK_EQ(dbkit_stat(k->db, "db.sequence"), sequence + 1);
		CHECK_EQ(dbkit_stat(k->db, "write.unmet"), unmet);
		return true;
	}
	CHECK_CODE(rc, LSM_UNMET);
	CHECK_EQ(dbkit_stat(k->db, "db.sequence"), sequence);
	CHECK_EQ(dbkit_stat(k->db, "log.bytes"), logged);
	CHECK_EQ(dbkit_stat(k->db, "write.unmet"), unmet + 1);
	return false;
}

/* "a" is there with the value "1", "" with "", "gone" and "never" are not. */
static void
check_all_kinds(struct kit *k)
{
	lsm_slice a = lsm_str("a"), gone = lsm_str("gone"), e = lsm_str("");
	lsm_slice one = lsm_str("1"), never = lsm_str("never");

	CHECK(!holds(k, lsm_batch_if_absent(k->b, a)));
	CHECK(holds(k, lsm_batch_if_present(k->b, a)));
	CHECK(holds(k, lsm_batch_if_equals(k->b, a, one)));
	CHECK(!holds(k, lsm_batch_if_equals(k->b, a, lsm_str("12"))));
	CHECK(!holds(k, lsm_batch_if_equals(k->b, a, e)));
	CHECK(!holds(k, lsm_batch_if_absent(k->b, e)));
	CHECK(holds(k, lsm_batch_if_equals(k->b, e, e)));
	CHECK(!holds(k, lsm_batch_if_equals(k->b, e, one)));
	CHECK(holds(k, lsm_batch_if_absent(k->b, gone)));
	CHECK(!holds(k, lsm_batch_if_present(k->b, gone)));
	CHECK(!holds(k, lsm_batch_if_equals(k->b, gone, one)));
	CHECK(holds(k, lsm_batch_if_absent(k->b, never)));
	CHECK(!holds(k, lsm_batch_if_present(k->b, never)));
	CHECK(!holds(k, lsm_batch_if_equals(k->b, never, e)));
}

TEST("each kind of condition, of memory, a table, both and a merged table")
{
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "0");
	dbkit_put(k.db, "gone", "1");
	CHECK_OK(lsm_flush(k.db));
	dbkit_put(k.db, "a", "1");
	dbkit_put(k.db, "", "");
	dbkit_delete(k.db, "gone");
	check_all_kinds(&k);		/* memory hides the table */
	CHECK_OK(lsm_flush(k.db));
	check_all_kinds(&k);		/* a table hides another */
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	check_all_kinds(&k);
	dbkit_close(k.db);
	k.db = dbkit_open("db", &k.o);
	check_all_kinds(&k);
	kit_close(&k);
}

TEST("a batch is written when all its conditions hold, and not otherwise")
{
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "from", "10");
	CHECK_OK(lsm_batch_if_equals(k.b, lsm_str("from"), lsm_str("10")));
	CHECK_OK(lsm_batch_if_absent(k.b, lsm_str("to")));
	CHECK_OK(lsm_batch_delete(k.b, lsm_str("from")));
	CHECK_OK(lsm_batch_put(k.b, lsm_str("to"), lsm_str("10")));
	CHECK_OK(lsm_write(k.db, k.b, LSM_SYNC));
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "to=10");
	CHECK_CODE(lsm_write(k.db, k.b, LSM_SYNC), LSM_UNMET);
	CHECK_STR(lsm_message(), "condition 1: the key must have the value");
	dbkit_put(k.db, "from", "10");
	CHECK_CODE(lsm_write(k.db, k.b, LSM_SYNC), LSM_UNMET);
	CHECK_STR(lsm_message(), "condition 2: the key must be absent");
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "from=10 to=10");
	kit_close(&k);
}

TEST("a condition does not see the operations of its own batch")
{
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_batch_put(k.b, lsm_str("k"), lsm_str("v")));
	CHECK_OK(lsm_batch_if_absent(k.b, lsm_str("k")));
	CHECK_OK(lsm_write(k.db, k.b, 0));
	CHECK_CODE(lsm_write(k.db, k.b, 0), LSM_UNMET);
	kit_close(&k);
}

TEST("conditions without operations only ask")
{
	uint64_t logged;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "k", "v");
	logged = dbkit_stat(k.db, "log.bytes");
	CHECK_OK(lsm_batch_if_present(k.b, lsm_str("k")));
	CHECK_OK(lsm_write(k.db, k.b, LSM_SYNC));
	CHECK_CODE(lsm_write(k.db, k.b, 77), LSM_INVALID);
	CHECK_OK(lsm_batch_if_absent(k.b, lsm_str("k")));
	CHECK_CODE(lsm_write(k.db, k.b, 0), LSM_UNMET);
	CHECK_EQ(dbkit_stat(k.db, "log.bytes"), logged);
	kit_close(&k);
}

TEST("a batch that is cleared has no conditions any more")
{
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_batch_if_present(k.b, lsm_str("k")));
	lsm_batch_clear(k.b);
	CHECK_OK(lsm_batch_put(k.b, lsm_str("k"), lsm_str("v")));
	CHECK_OK(lsm_write(k.db, k.b, 0));
	dbkit_check(k.db, NULL, "k", "v");
	kit_close(&k);
}

TEST("a reader refuses conditions as it refuses writes")
{
	lsm_db *reader;
	struct kit k;

	kit_open(&k);
	k.o.create = 0;
	k.o.read_only = 1;
	reader = dbkit_open("db", &k.o);
	CHECK_OK(lsm_batch_if_absent(k.b, lsm_str("k")));
	CHECK_CODE(lsm_write(reader, k.b, 0), LSM_READ_ONLY);
	CHECK_OK(lsm_batch_put(k.b, lsm_str("k"), lsm_str("v")));
	CHECK_CODE(lsm_write(reader, k.b, 0), LSM_READ_ONLY);
	dbkit_close(reader);
	kit_close(&k);
}

TEST("a fenced handle refuses before it asks")
{
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "k", "v");
	sim_fail_at(k.sim, 1, LSM_IO, true, false);
	CHECK_CODE(lsm_put(k.db, lsm_str("x"), lsm_str("y"), LSM_SYNC),
	    LSM_IO);
	CHECK_OK(lsm_batch_if_absent(k.b, lsm_str("k")));
	CHECK_CODE(lsm_write(k.db, k.b, 0), LSM_IO);
	CHECK_OK(lsm_batch_delete(k.b, lsm_str("k")));
	CHECK_CODE(lsm_write(k.db, k.b, 0), LSM_IO);
	CHECK(strncmp(lsm_message(), "fenced: ", 8) == 0);
	lsm_batch_free(k.b);
	CHECK_CODE(lsm_close(k.db), LSM_IO);
	sim_free(k.sim);
}

TEST("what cannot be read cannot be asked, and nothing is written or fenced")
{
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 100, "");
	CHECK_OK(lsm_flush(k.db));
	CHECK_OK(lsm_batch_if_equals(k.b, lsm_str("k000007"), lsm_str("v7")));
	CHECK_OK(lsm_batch_put(k.b, lsm_str("k000007"), lsm_str("new")));
	sim_fail_at(k.sim, 1, LSM_IO, false, false);
	CHECK_CODE(lsm_write(k.db, k.b, 0), LSM_IO);
	sim_fail_at(k.sim, 0, LSM_IO, false, false);
	dbkit_check_fill(k.db, 0, 100, "");
	mem_fail_at(1, true);
	CHECK_CODE(lsm_write(k.db, k.b, 0), LSM_NO_MEMORY);
	mem_fail_at(0, false);
	CHECK_OK(lsm_write(k.db, k.b, 0));
	dbkit_check(k.db, NULL, "k000007", "new");
	kit_close(&k);
}
