/*
 * cli_put.c - put: store a value.
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
put_batch(const struct put *p, lsm_batch *batch, lsm_slice key,
    lsm_slice value)
{
	int rc = lsm_batch_put(batch, key, value);

	return rc == LSM_OK ? condition_add(&p->condition, batch, key) :
	    cli_fail_code(rc);
}

static int
put_conditional(const struct put *p, lsm_db *db, lsm_slice key,
    lsm_slice value)
{
	lsm_batch *batch;
	int status, rc = lsm_batch_new(&batch);

	if (rc != LSM_OK)
		return cli_fail_code(rc);
	if ((status = put_batch(p, batch, key, value)) == 0)
		status = condition_write(p->request, db, batch, p->flags);
	lsm_batch_free(batch);
	return status;
}

/* Into the batch that is open, or into the database. */
static int
put_bytes(const struct put *p, lsm_slice key, lsm_slice value)
{
	struct session *s = p->request->session;
	lsm_db *db;
	int rc, status;

	if (s->batch != NULL) {
		if ((status = put_batch(p, s->batch, key, value)) != 0)
			session_batch_drop(s);
		return status;
	}
	if ((status = session_writer(s, false, &db)) != 0)
		return status;
	if (p->condition.kind != IF_NOTHING)
		return put_conditional(p, db, key, value);
	rc = lsm_put(db, key, value, p->flags);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

/* The value comes from a file or stdin. */
static int
put_file(const struct put *p, lsm_slice key)
{
	struct input in = { .fd = -1 };
	struct word value;
	int status = input_open(&in, p->path);

	if (status == 0)
		status = input_rest(&in, LSM_VALUE_MAX, &value);
	if (status == 0)
		status = put_bytes(p, key, lsm_bytes(value.text, value.size));
	input_close(&in);
	return status;
}

static int
put_word(const struct put *p, lsm_slice key)
{
	struct word operand = *p->value;
	struct key value;
	int status = session_value(p->request->settings, &operand, &value);

	return status != 0 ? status : put_bytes(p, key, value.bytes);
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

/* Once the value is read the database is opened: not made for nothing, and
 * not locked while somebody types. */
static int
put_one(void *arg, lsm_slice key)
{
	const struct put *p = arg;

	return p->path != NULL ? put_file(p, key) : put_word(p, key);
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
	return keys_each(&keys, put_one, NULL, &p);
}
