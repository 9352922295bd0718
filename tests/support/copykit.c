/*
 * copykit.c - a database worth copying, and the proof of a copy.
 */
#include "support/copykit.h"

lsm_options
copykit_reading(lsm_options o)
{
	o.read_only = 1;
	o.create = 0;
	return o;
}

lsm_options
copykit_existing(lsm_options o)
{
	o.create = 0;
	return o;
}

void
copykit_check(const char *path, lsm_options o, const char *content)
{
	lsm_options r = copykit_reading(o);
	lsm_db *db;

	r.reads = LSM_READS_STRICT;
	db = dbkit_open(path, &r);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	dbkit_close(db);
	o = copykit_existing(o);
	db = dbkit_open(path, &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	dbkit_close(db);
}

lsm_db *
copykit_mixed(const char *path, const lsm_options *o)
{
	lsm_db *db = dbkit_open(path, o);

	dbkit_put(db, "a", "1");
	CHECK_OK(lsm_flush(db));
	dbkit_put(db, "b", "2");
	dbkit_delete(db, "a");
	CHECK_OK(lsm_flush(db));
	dbkit_put(db, "c", "3");
	return db;
}
