/*
 * A disk that fills up while a log grows, where the next log begins, and at
 * close: the write is refused, nothing is lost, and it goes on when there is
 * space again. And the space that the worker gets ahead of the writer.
 */
#include <stdio.h>

#include "db/db.h"
#include "support/kit.h"

enum { MIB = 1 << 20, VALUE = 1000, TURNS = 10000000 };

static int
put(lsm_db *db, unsigned i, unsigned flags)
{
	char key[16], value[VALUE];

	snprintf(key, sizeof key, "k%06u", i);
	memset(value, 'a' + (int)(i % 26), sizeof value);
	return lsm_put(db, lsm_str(key), lsm_bytes(value, sizeof value), flags);
}

/* From `from` on until one is refused: the number of that. */
static unsigned
fill_up(lsm_db *db, unsigned from, unsigned flags)
{
	int rc;

	while ((rc = put(db, from, flags)) == LSM_OK)
		from++;
	CHECK_CODE(rc, LSM_NO_SPACE);
	return from;
}

/* All below `n` are there, and no other. */
static void
check_puts(lsm_db *db, unsigned n)
{
	char key[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof key, "k%06u", i);
		CHECK_OK(lsm_get(db, NULL, lsm_str(key), NULL));
	}
	snprintf(key, sizeof key, "k%06u", n);
	dbkit_check(db, NULL, key, NULL);
}

/* Bytes of the log that is written to. */
static uint64_t
log_file_size(lsm_db *db)
{
	char name[FILE_NAME_MAX];
	struct env_file *file;
	uint64_t size;

	file_name(name, FILE_LOG, log_where(db->log).number);
	CHECK_OK(db->env->ops->file_open(db->dir, name, ENV_READ, &file));
	size = file->size;
	CHECK_OK(db->env->ops->file_close(file));
	return size;
}

static int
freeze(lsm_db *db)
{
	int rc;

	mutex_lock(&db->write_mu);
	rc = db_freeze(db, 0, 0);
	mutex_unlock(&db->write_mu);
	return rc;
}

/* A log of 1 MiB at first, for a memtable of 8. */
static void
kit_large(struct kit *k, bool ring)
{
	kit_init(k);
	sim_capabilities(k->sim, ring, true);
	k->o.memtable_size = 8 * MIB;
	kit_start(k);
	CHECK_EQ(log_file_size(k->db), MIB);
}

static void
disk_full(struct kit *k)
{
	sim_space(k->sim, sim_used(k->sim));
}

static void
disk_free(struct kit *k)
{
	sim_space(k->sim, UINT64_MAX);
}

/* ---- no space ------------------------------------------------------------ */

static void
check_growth(bool ring, unsigned flags)
{
	struct kit k;
	unsigned n;

	kit_large(&k, ring);
	disk_full(&k);
	n = fill_up(k.db, 0, flags);
	CHECK(n >= 1000 && n < 1040);
	CHECK_EQ(fill_up(k.db, n, flags), n);
	check_puts(k.db, n);
	CHECK_OK(lsm_sync(k.db));
	disk_free(&k);
	CHECK_OK(put(k.db, n++, flags));
	CHECK(log_file_size(k.db) > MIB);
	CHECK(log_file_size(k.db) < 2 * MIB);
	disk_full(&k);
	n = fill_up(k.db, n, flags);
	CHECK(n >= 1200);
	kit_kill(&k);
	disk_free(&k);
	check_puts(k.db, n);
	CHECK_OK(put(k.db, n++, LSM_SYNC));
	kit_crash(&k);
	check_puts(k.db, n);
	kit_close(&k);
}

TEST("a disk that is full when a log is to grow refuses the write, no more")
{
	check_growth(true, LSM_NO_SYNC);
	check_growth(true, LSM_SYNC);
	check_growth(false, LSM_NO_SYNC);
	check_growth(false, LSM_SYNC);
}

TEST("a batch that is longer than the disk has space for is refused whole")
{
	static char value[2 * MIB];
	lsm_batch *b;
	struct kit k;

	memset(value, 'v', sizeof value);
	kit_large(&k, true);
	sim_space(k.sim, sim_used(k.sim) + MIB);
	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("a"), lsm_str("1")));
	CHECK_OK(lsm_batch_put(b, lsm_str("b"), lsm_bytes(value,
	    sizeof value)));
	CHECK_CODE(lsm_write(k.db, b, 0), LSM_NO_SPACE);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "");
	CHECK_EQ(log_file_size(k.db), MIB);
	disk_free(&k);
	CHECK_OK(lsm_write(k.db, b, 0));
	lsm_batch_free(b);
	dbkit_check(k.db, NULL, "a", "1");
	kit_close(&k);
}

TEST("on a full disk the next log begins if it was made before")
{
	struct kit k;
	unsigned n;

	kit_large(&k, true);
	CHECK_OK(db_prepare_log(k.db, 0));
	disk_full(&k);
	n = fill_up(k.db, 0, 0);
	CHECK_OK(freeze(k.db));
	n = fill_up(k.db, n, 0);
	CHECK(n > 2000);
	CHECK_EQ(dbkit_stat(k.db, "db.memtables"), 2);
	check_puts(k.db, n);
	disk_free(&k);
	CHECK_OK(put(k.db, n++, 0));
	kit_reopen(&k);
	check_puts(k.db, n);
	kit_close(&k);
}

TEST("on a full disk a memtable that wants a new log refuses the write")
{
	struct kit k;
	unsigned n;

	kit_init(&k);
	k.o.memtable_size = 64 << 10;
	kit_start(&k);
	disk_full(&k);
	n = fill_up(k.db, 0, 0);
	CHECK_EQ(dbkit_stat(k.db, "db.memtables"), 1);
	CHECK_CODE(lsm_flush(k.db), LSM_NO_SPACE);
	CHECK_EQ(fill_up(k.db, n, 0), n);
	check_puts(k.db, n);
	disk_free(&k);
	CHECK_OK(put(k.db, n++, 0));
	CHECK_OK(lsm_flush(k.db));
	check_puts(k.db, n);
	kit_close(&k);
}

/* Its file may have been cut to what is in it. */
TEST("where little space is left the next log begins with little")
{
	struct kit k;
	unsigned n;

	kit_large(&k, true);
	for (n = 0; n < 100; n++)
		CHECK_OK(put(k.db, n, 0));
	sim_space(k.sim, sim_used(k.sim) + (64 << 10));
	CHECK_OK(freeze(k.db));
	CHECK(log_file_size(k.db) < MIB);
	n = fill_up(k.db, n, 0);
	CHECK(n > 110);
	disk_free(&k);
	CHECK_OK(put(k.db, n, 0));
	check_puts(k.db, n + 1);
	kit_reopen(&k);
	check_puts(k.db, n + 1);
	kit_close(&k);
}

TEST("a log without space for its close mark stays the current one")
{
	enum { LEAVE = 40 };
	struct kit k;
	uint64_t end;

	kit_large(&k, true);
	dbkit_put(k.db, "a", "1");
	end = log_where(k.db->log).size + LEAVE;
	dbkit_close(k.db);
	CHECK(sim_resize(k.sim, "db", "000001.log", end));
	kit_start(&k);
	dbkit_check(k.db, NULL, "a", "1");
	CHECK_OK(db_prepare_log(k.db, 0));
	disk_full(&k);
	CHECK_CODE(freeze(k.db), LSM_NO_SPACE);
	CHECK_CODE(put(k.db, 0, 0), LSM_NO_SPACE);
	disk_free(&k);
	CHECK_OK(freeze(k.db));
	CHECK_OK(put(k.db, 0, 0));
	dbkit_check(k.db, NULL, "a", "1");
	kit_close(&k);
}

TEST("a handle on a full disk closes in order, and the next one too")
{
	struct kit k;
	unsigned n;

	kit_large(&k, true);
	disk_full(&k);
	n = fill_up(k.db, 0, 0);
	for (unsigned i = 0; i < 20; i++) {
		kit_reopen(&k);
		CHECK_EQ(fill_up(k.db, n, 0), n);
	}
	check_puts(k.db, n);
	kit_reopen(&k);
	CHECK(load_acquire(&k.db->unread));
	disk_free(&k);
	CHECK_OK(put(k.db, n++, 0));
	check_puts(k.db, n);
	kit_close(&k);
}

TEST("many small handles take no space but what the first one made")
{
	struct kit k;
	unsigned n = 0;

	kit_large(&k, true);
	while (n < 100) {
		disk_full(&k);
		CHECK_OK(put(k.db, n++, 0));
		kit_reopen(&k);
		CHECK(load_acquire(&k.db->unread));
	}
	CHECK_EQ(log_file_size(k.db), MIB);
	check_puts(k.db, n);
	kit_close(&k);
}

/* ---- the worker ---------------------------------------------------------- */

/* Puts until the log is `size` bytes long; its file has `has` MiB by then, as
 * far as the door was not asked for more. */
static unsigned
fill_to(struct kit *k, unsigned from, uint64_t size, uint64_t has)
{
	while (log_where(k->db->log).size < size) {
		CHECK_OK(put(k->db, from++, 0));
		CHECK_EQ(log_file_size(k->db), has * MIB);
	}
	return from;
}

static void
work_now(struct kit *k)
{
	bool any = true;

	while (any)
		CHECK_OK(work_urgent(k->db, &any));
}

TEST("half a part ahead the worker gets the next, up to a memtable's size")
{
	struct kit k;
	unsigned n;

	kit_large(&k, true);
	k.db->working = true;
	n = fill_to(&k, 0, MIB / 2, 1);
	CHECK_EQ(k.db->space_wanted, log_position(1, 3 * MIB));
	work_now(&k);
	CHECK_EQ(k.db->space_wanted, 0);
	n = fill_to(&k, n, 5 * MIB / 2, 3);
	CHECK_EQ(k.db->space_wanted, log_position(1, 5 * MIB));
	work_now(&k);
	n = fill_to(&k, n, 9 * MIB / 2, 5);
	work_now(&k);
	n = fill_to(&k, n, 6 * MIB, 7);
	CHECK_EQ(k.db->space_wanted, 0);
	n = fill_to(&k, n, 13 * MIB / 2, 7);
	work_now(&k);
	n = fill_to(&k, n, 15 * MIB / 2, 8);
	CHECK_EQ(k.db->space_wanted, 0);
	check_puts(k.db, n);
	k.db->working = false;
	kit_close(&k);
}

TEST("a worker that finds no space is not asked again, the writer is told")
{
	struct kit k;
	unsigned n;

	kit_large(&k, true);
	k.db->working = true;
	disk_full(&k);
	n = fill_to(&k, 0, MIB / 2, 1);
	work_now(&k);
	n = fill_up(k.db, n, 0);
	CHECK_EQ(k.db->space_wanted, 0);
	disk_free(&k);
	CHECK_OK(put(k.db, n++, 0));
	CHECK(log_file_size(k.db) > MIB);
	CHECK_OK(put(k.db, n++, 0));
	CHECK(k.db->space_wanted != 0);
	check_puts(k.db, n);
	k.db->working = false;
	kit_close(&k);
}

TEST("a worker beside the writer has the log grow, to where it is needed")
{
	lsm_options o = dbkit_options(NULL);
	unsigned n = 0, turns = 0;
	lsm_db *db;

	o.workers = 1;
	o.memtable_size = 4 * MIB;
	db = dbkit_open(dbkit_path("db"), &o);
	while (n < 600)
		CHECK_OK(put(db, n++, 0));
	while (log_file_size(db) < 2 * MIB && turns++ < TURNS)
		thread_yield();
	CHECK_EQ(log_file_size(db), 2 * MIB);
	while (n < 12000)
		CHECK_OK(put(db, n++, 0));
	check_puts(db, n);
	dbkit_close(db);
	db = dbkit_open(dbkit_path("db"), &o);
	check_puts(db, n);
	CHECK(log_file_size(db) <= MIB);
	dbkit_close(db);
}
