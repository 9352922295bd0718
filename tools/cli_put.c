/*
 * cli_put.c - put and delete: change single keys.
 */
#include "cli.h"
#include "cli_command.h"
#include "cli_keys.h"
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
put_word(struct request *r, lsm_db *db, lsm_slice key, struct word operand,
    unsigned flags)
{
	struct key value;
	int rc, status = session_value(r->settings, &operand, &value);

	if (status != 0)
		return status;
	rc = lsm_put(db, key, value.bytes, flags);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

/* The file that the value is in, or NULL when it is `operand`. */
static int
value_source(const struct request *r, const struct word *operand,
    const char **path)
{
	*path = r->settings->value_file.text;
	if ((operand != NULL) == (*path != NULL))
		return cli_fail(EXIT_USAGE, operand != NULL ?
		    "--value-file and VALUE are two values" :
		    "an operand is missing; usage: put KEY VALUE");
	if (operand != NULL && operand->size == 1 && operand->text[0] == '-')
		*path = "-";
	if (*path != NULL && r->session->script && strcmp(*path, "-") == 0)
		return cli_fail(EXIT_USAGE, "stdin holds the script: name "
		    "the value's file with --value-file");
	if (*path != NULL && r->settings->key_file.text != NULL &&
	    strcmp(*path, "-") == 0 &&
	    strcmp(r->settings->key_file.text, "-") == 0)
		return cli_fail(EXIT_USAGE, "key and value are both stdin");
	return 0;
}

struct put {
	struct request *request;
	struct word *value;	/* the operand, or NULL */
	const char *path;	/* where the value is, or NULL */
	unsigned flags;
};

static int
put_one(void *arg, lsm_slice key)
{
	struct put *p = arg;
	struct input in = { .fd = -1 };
	lsm_db *db;
	int status = 0;

	/* A value that cannot be read creates no database. */
	if (p->path != NULL && (status = input_open(&in, p->path)) != 0)
		goto done;
	if ((status = session_writer(p->request->session, false, &db)) != 0)
		goto done;
	status = p->path != NULL ? put_file(db, key, &in, p->flags) :
	    put_word(p->request, db, key, *p->value, p->flags);
done:
	input_close(&in);
	return status;
}

int
command_put(struct request *r)
{
	bool file = r->settings->key_file.text != NULL;
	struct put p = { .request = r };
	struct request keys = *r;
	int status;

	if (r->count + file == 0 || r->count + file > 2)
		return cli_fail(EXIT_USAGE, "usage: put KEY VALUE");
	keys.count = file ? 0 : 1;
	p.value = r->count + file == 2 ? &r->operands[!file] : NULL;
	if ((status = value_source(r, p.value, &p.path)) != 0 ||
	    (status = keys_check(&keys)) != 0 ||
	    (status = session_write_flags(r->settings, &p.flags)) != 0)
		return status;
	return keys_each(&keys, put_one, &p);
}

static int
delete_one(void *batch, lsm_slice key)
{
	int rc = lsm_batch_delete(batch, key);

	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

int
command_delete(struct request *r)
{
	lsm_batch *batch = NULL;
	lsm_db *db;
	unsigned flags;
	int rc, status;

	if ((status = keys_check(r)) != 0 ||
	    (status = session_write_flags(r->settings, &flags)) != 0)
		return status;
	if ((rc = lsm_batch_new(&batch)) != LSM_OK)
		return cli_fail_code(rc);
	if ((status = keys_each(r, delete_one, batch)) != 0 ||
	    (status = session_writer(r->session, false, &db)) != 0)
		goto done;
	if ((rc = lsm_write(db, batch, flags)) != LSM_OK)
		status = cli_fail_code(rc);
done:
	lsm_batch_free(batch);
	return status;
}
