/*
 * cli_get.c - get and has: ask for single keys.
 */
#include "cli.h"
#include "cli_command.h"
#include "cli_record.h"
#include "out.h"

static int
absent(const struct request *r, lsm_slice key)
{
	char room[CLI_KEY_ROOM];

	record_absent(r->settings, key);
	if (!r->settings->quiet)
		cli_note("%s: %s: not found", r->session->directory,
		    cli_key(key.data, key.size, room));
	return EXIT_NO;
}

/* The value's own bytes; a terminal gets a newline, which is no part of it. */
static void
value_print(const lsm_buffer *value)
{
	out_bytes(value->data, value->size);
	if (out_terminal())
		out_char('\n');
}

static int
get_one(struct request *r, lsm_db *db, const lsm_snapshot *snapshot,
    struct word *operand, lsm_buffer *value)
{
	lsm_slice key, bytes;
	int rc, status = session_key(r->settings, operand, &key);

	if (status != 0)
		return status;
	rc = lsm_get(db, snapshot, key, value);
	if (rc == LSM_NOTFOUND)
		return absent(r, key);
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	bytes = lsm_bytes(value->data, value->size);
	if (r->count == 1 && (r->settings->format == FORMAT_DEFAULT ||
	    r->settings->format == FORMAT_RAW))
		value_print(value);
	else if (r->settings->format == FORMAT_RAW)
		record_print(r->settings, NULL, &bytes);
	else
		record_print(r->settings, &key, &bytes);
	return 0;
}

int
command_get(struct request *r)
{
	lsm_buffer value = { 0 };
	lsm_snapshot *snapshot = NULL;
	lsm_db *db;
	size_t i;
	int rc, status = session_reader(r->session, &db);

	/* All answers are of one moment. */
	if (status == 0 && r->count > 1 &&
	    (rc = lsm_snapshot_new(db, &snapshot)) != LSM_OK)
		status = cli_fail_code(rc);
	for (i = 0; i < r->count && status <= EXIT_NO && out_ok(); i++)
		status = cli_worst(status, get_one(r, db, snapshot,
		    &r->operands[i], &value));
	lsm_snapshot_free(snapshot);
	lsm_buffer_free(&value);
	return status;
}

int
command_has(struct request *r)
{
	lsm_slice key;
	lsm_db *db;
	int rc, status;

	if ((status = session_key(r->settings, &r->operands[0], &key)) != 0 ||
	    (status = session_reader(r->session, &db)) != 0)
		return status;
	rc = lsm_get(db, NULL, key, NULL);
	if (rc == LSM_NOTFOUND)
		return EXIT_NO;
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}
