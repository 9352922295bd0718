/*
 * cli_get.c - get and has: ask for single keys.
 */
#include "cli.h"
#include "cli_command.h"
#include "cli_keys.h"
#include "out.h"
#include "record.h"

struct get {
	struct request *request;
	lsm_db *db;
	const lsm_snapshot *snapshot;
	struct record_writer writer;
	lsm_buffer value;
	bool alone;		/* one key: its value is printed as it is */
	int status;		/* the worst so far */
};

static int
absent(struct get *g, lsm_slice key)
{
	const struct request *r = g->request;
	char room[CLI_KEY_ROOM];

	record_absent(&g->writer, key);
	if (!r->settings->quiet)
		cli_note("%s: %s: not found", r->session->directory,
		    cli_key(key.data, key.size, room));
	return EXIT_NO;
}

/* The value's own bytes; a terminal gets a newline, which is no part of it. */
static int
value_print(const struct get *g, lsm_slice value)
{
	enum key_format format = g->request->settings->style.values;

	key_print(format == KEYS_DEFAULT ? KEYS_RAW : format, value);
	if (out_terminal())
		out_char('\n');
	return 0;
}

/* Called with each key. */
static int
get_one(void *arg, lsm_slice key)
{
	struct get *g = arg;
	enum record_format format = g->request->settings->style.format;
	lsm_slice bytes;
	int rc = lsm_get(g->db, g->snapshot, key, &g->value);
	int status;

	if (rc == LSM_NOTFOUND) {
		g->status = cli_worst(g->status, absent(g, key));
		return 0;
	}
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	bytes = lsm_bytes(g->value.data, g->value.size);
	if (g->alone && (format == FORMAT_DEFAULT || format == FORMAT_RAW) &&
	    g->writer.style.redact == REDACT_NONE)
		status = value_print(g, bytes);
	else
		status = record_write(&g->writer,
		    format == FORMAT_RAW ? NULL : &key, &bytes);
	return status;
}

static int
get_start(struct get *g)
{
	struct request *r = g->request;
	struct record_style style = r->settings->style;
	uint8_t id[16];
	int status = session_reader(r->session, &g->db);

	if (status != 0)
		return status;
	lsm_id(g->db, id);
	memcpy(&style.redact_seed, id, sizeof style.redact_seed);
	return record_begin(&g->writer, &style, style.format != FORMAT_RAW,
	    true);
}

int
command_get(struct request *r)
{
	struct get g = { .request = r, .snapshot = r->session->snapshot };
	lsm_snapshot *snapshot = NULL;
	int rc, status;

	g.alone = keys_count(r) == 1;
	if ((status = keys_check(r)) != 0 || (status = get_start(&g)) != 0)
		return status;
	/* All answers are of one moment. */
	if (!g.alone && g.snapshot == NULL) {
		if ((rc = lsm_snapshot_new(g.db, &snapshot)) != LSM_OK)
			return cli_fail_code(rc);
		g.snapshot = snapshot;
	}
	status = keys_each(r, get_one, &g);
	if (status == 0)
		status = record_end(&g.writer);
	lsm_snapshot_free(snapshot);
	lsm_buffer_free(&g.value);
	return cli_worst(status, g.status);
}

struct has {
	lsm_db *db;
	const lsm_snapshot *snapshot;
};

static int
has_one(void *arg, lsm_slice key)
{
	struct has *h = arg;
	int rc = lsm_get(h->db, h->snapshot, key, NULL);

	if (rc == LSM_NOTFOUND)
		return EXIT_NO;
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

int
command_has(struct request *r)
{
	struct has h = { .snapshot = r->session->snapshot };
	int status;

	if ((status = keys_check(r)) != 0 ||
	    (status = session_reader(r->session, &h.db)) != 0)
		return status;
	return keys_each(r, has_one, &h);
}
