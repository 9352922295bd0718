/*
 * cli_put.c - put and delete: change single keys.
 */
#include "cli.h"
#include "cli_command.h"
#include "input.h"

/* The value comes from a file or stdin. */
static int
put_file(lsm_db *db, lsm_slice key, struct input *in, unsigned flags)
{
	struct word value;
	int rc, status = input_rest(in, LSM_VALUE_MAX, &value);

	if (status != 0)
		return status;
	rc = lsm_put(db, key, lsm_bytes(value.text, value.size), flags);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static int
put_word(lsm_db *db, lsm_slice key, struct word value, unsigned flags)
{
	int rc = lsm_put(db, key, lsm_bytes(value.text, value.size), flags);

	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

/* The file that the value is in, or NULL when it is an operand. */
static int
value_source(const struct request *r, const char **path)
{
	bool operand = r->count == 2;

	*path = r->settings->value_file.text;
	if (operand == (*path != NULL))
		return cli_fail(EXIT_USAGE, operand ?
		    "--value-file and VALUE are two values" :
		    "an operand is missing; usage: put KEY VALUE");
	if (operand && r->operands[1].size == 1 &&
	    r->operands[1].text[0] == '-')
		*path = "-";
	if (*path != NULL && r->session->script && (*path)[0] == '-' &&
	    (*path)[1] == '\0')
		return cli_fail(EXIT_USAGE, "stdin holds the script: name "
		    "the value's file with --value-file");
	return 0;
}

int
command_put(struct request *r)
{
	struct input in = { .fd = -1 };
	const char *path;
	lsm_slice key;
	lsm_db *db;
	unsigned flags;
	int status;

	if ((status = value_source(r, &path)) != 0 ||
	    (status = session_write_flags(r->settings, &flags)) != 0 ||
	    (status = session_key(r->settings, &r->operands[0], &key)) != 0)
		return status;
	/* A value that cannot be read creates no database. */
	if (path != NULL && (status = input_open(&in, path)) != 0)
		goto done;
	if ((status = session_writer(r->session, false, &db)) != 0)
		goto done;
	status = path != NULL ? put_file(db, key, &in, flags) :
	    put_word(db, key, r->operands[1], flags);
done:
	input_close(&in);
	return status;
}

static int
batch_fill(struct request *r, lsm_batch *batch)
{
	lsm_slice key;
	size_t i;
	int rc, status = 0;

	for (i = 0; i < r->count && status == 0; i++) {
		status = session_key(r->settings, &r->operands[i], &key);
		if (status != 0)
			break;
		rc = lsm_batch_delete(batch, key);
		status = rc == LSM_OK ? 0 : cli_fail_code(rc);
	}
	return status;
}

int
command_delete(struct request *r)
{
	lsm_batch *batch = NULL;
	lsm_db *db;
	unsigned flags;
	int rc, status;

	if ((status = session_write_flags(r->settings, &flags)) != 0)
		return status;
	if ((rc = lsm_batch_new(&batch)) != LSM_OK)
		return cli_fail_code(rc);
	if ((status = batch_fill(r, batch)) != 0 ||
	    (status = session_writer(r->session, false, &db)) != 0)
		goto done;
	if ((rc = lsm_write(db, batch, flags)) != LSM_OK)
		status = cli_fail_code(rc);
done:
	lsm_batch_free(batch);
	return status;
}
