/*
 * still.c - has anything come since a reader read, where nobody announces it?
 *
 * After a reboot, until the next writer, and where LOCK cannot be used, its
 * words tell nothing. Then all commits are in the files, and each of them
 * changes one of three: CURRENT, the manifest's size, or the bytes behind the
 * log's last record. What stood there when a reading ended in front of it is
 * no record: zeros, or what a log had in an earlier life.
 */
#include "db/reader.h"

static int
file_at(struct lsm_db *db, enum file_kind kind, uint64_t number,
    struct env_file **file)
{
	char name[FILE_NAME_MAX];

	return db->env->ops->file_open(db->dir, file_name(name, kind, number),
	    ENV_READ, file);
}

static bool
manifest_still(struct lsm_db *db)
{
	const struct state *s = &db->state;
	struct env_file *file = NULL;
	struct current now;
	uint64_t size = 0;
	bool same;

	if (s->torn || current_read(db->dir, &now) != LSM_OK ||
	    memcmp(now.branch, s->current.branch, ID_SIZE) != 0 ||
	    memcmp(now.database, s->current.database, ID_SIZE) != 0 ||
	    now.manifest != s->current.manifest)
		return false;
	same = file_at(db, FILE_MANIFEST, now.manifest, &file) == LSM_OK &&
	    db->env->ops->file_size(file, &size) == LSM_OK &&
	    size == s->manifest_size;
	env_file_close(file);
	return same;
}

bool
reader_ahead(struct lsm_db *db, uint8_t ahead[RECORD_HEADER])
{
	struct env_file *file = NULL;
	size_t got = 0;
	bool known;

	memset(ahead, 0, RECORD_HEADER);
	if (db->read_to.number == 0)
		return false;
	known = file_at(db, FILE_LOG, db->read_to.number, &file) == LSM_OK &&
	    db->env->ops->file_read(file, db->read_to.size, ahead,
	    RECORD_HEADER, &got) == LSM_OK;
	env_file_close(file);
	return known;
}

bool
reader_still(struct lsm_db *db, const uint8_t ahead[RECORD_HEADER])
{
	return memcmp(ahead, db->read_ahead, RECORD_HEADER) == 0 &&
	    manifest_still(db);
}
