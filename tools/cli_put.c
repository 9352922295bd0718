/*
 * cli_put.c - put and delete: change single keys.
 */
#include "cli.h"
#include "cli_command.h"
#include "cli_condition.h"
#include "cli_keys.h"
#include "input.h"

struct put {
	struct request *request;
	struct word *value;	/* the operand, or NULL */
	const char *path;	/* where the value is, or NULL */
	struct condition condition;
	unsigned flags;
};

static int
put_bytes(const struct put *p, lsm_db *db, lsm_slice key, lsm_slice value)
{
	lsm_batch *batch = NULL;
	int rc, status;

	if (p->condition.kind == IF_NOTHING) {
		rc = lsm_put(db, key, value, p->flags);
		return rc == LSM_OK ? 0 : cli_fail_code(rc);
	}
	if ((rc = lsm_batch_new(&batch)) != LSM_OK ||
	    (rc = lsm_batch_put(batch, key, value)) != LSM_OK)
		status = cli_fail_code(rc);
	else if ((status = condition_add(&p->condition, batch, key)) == 0)
		status = condition_write(p->request, db, batch, p->flags);
	lsm_batch_free(batch);
	return status;
}

/* The value comes from a file or stdin. */
static int
put_file(const struct put *p, lsm_db *db, lsm_slice key, struct input *in)
{
	struct word value;
	int status = input_rest(in, LSM_VALUE_MAX, &value);

	if (status != 0)
		return status;
	return put_bytes(p, db, key, lsm_bytes(value.text, value.size));
}

static int
put_word(const struct put *p, lsm_db *db, lsm_slice key)
{
	struct word operand = *p->value;
	struct key value;
	int status = session_value(p->request->settings, &operand, &value);

	return status != 0 ? status : put_bytes(p, db, key, value.bytes);
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
	status = p->path != NULL ? put_file(p, db, key, &in) :
	    put_word(p, db, key);
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
	    (status = condition_read(r->settings, &p.condition)) != 0 ||
	    (status = session_write_flags(r->settings, &p.flags)) != 0)
		return status;
	return keys_each(&keys, put_one, &p);
}

struct delete {
	lsm_batch *batch;
	struct condition condition;
};

static int
delete_one(void *arg, lsm_slice key)
{
	struct delete *d = arg;
	int rc = lsm_batch_delete(d->batch, key);

	return rc == LSM_OK ? condition_add(&d->condition, d->batch, key) :
	    cli_fail_code(rc);
}

int
command_delete(struct request *r)
{
	struct delete d = { .batch = NULL };
	lsm_db *db;
	unsigned flags;
	int rc, status;

	if ((status = keys_check(r)) != 0 ||
	    (status = condition_read(r->settings, &d.condition)) != 0 ||
	    (status = session_write_flags(r->settings, &flags)) != 0)
		return status;
	if ((rc = lsm_batch_new(&d.batch)) != LSM_OK)
		return cli_fail_code(rc);
	if ((status = keys_each(r, delete_one, &d)) == 0 &&
	    (status = session_writer(r->session, false, &db)) == 0)
		status = condition_write(r, db, d.batch, flags);
	lsm_batch_free(d.batch);
	return status;
}
