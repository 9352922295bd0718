/*
 * cli_condition.c - what must be so of a key for a write to be done.
 */
#include "cli_condition.h"

#include "cli.h"

int
condition_read(const struct settings *set, struct condition *c)
{
	bool equals = set->if_equals.text != NULL;
	struct word value = set->if_equals;

	*c = (struct condition){ .kind = IF_NOTHING };
	if (set->if_absent + set->if_present + equals > 1)
		return cli_fail(EXIT_USAGE, "--if-absent, --if-present and "
		    "--if-equals exclude each other");
	if (set->if_absent)
		c->kind = IF_ABSENT;
	if (set->if_present)
		c->kind = IF_PRESENT;
	if (!equals)
		return 0;
	c->kind = IF_EQUALS;
	return session_value(set, &value, &c->value);
}

int
condition_add(const struct condition *c, lsm_batch *batch, lsm_slice key)
{
	int rc = LSM_OK;

	if (c->kind == IF_ABSENT)
		rc = lsm_batch_if_absent(batch, key);
	if (c->kind == IF_PRESENT)
		rc = lsm_batch_if_present(batch, key);
	if (c->kind == IF_EQUALS)
		rc = lsm_batch_if_equals(batch, key, c->value.bytes);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

/* A batch of conditions alone only asks. */
int
condition_ask(const struct condition *c, lsm_db *db, lsm_batch *question,
    lsm_slice key, bool *holds)
{
	int rc, status;

	*holds = false;
	lsm_batch_clear(question);
	if ((status = condition_add(c, question, key)) != 0)
		return status;
	rc = lsm_write(db, question, 0);
	*holds = rc == LSM_OK;
	return rc == LSM_OK || rc == LSM_UNMET ? 0 : cli_fail_code(rc);
}

int
condition_write(const struct request *r, lsm_db *db, const lsm_batch *batch,
    unsigned flags)
{
	int rc = lsm_write(db, batch, flags);

	if (rc == LSM_OK)
		return 0;
	if (rc != LSM_UNMET)
		return cli_fail_code(rc);
	if (!r->settings->quiet)
		cli_note("%s: %s", r->session->directory, lsm_message());
	return EXIT_NO;
}
