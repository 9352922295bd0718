/*
 * cli_get.c - get and has: ask for single keys.
 *
 * Several keys are gathered, asked for together and printed in their order.
 * The more of them the smaller their values are: all are in memory at once.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_keys.h"
#include "out.h"
#include "record.h"

enum { GATHER_MAX = 128, VALUES_MAX = 1 << 20 };

/* Keys that wait together, copied, and their values. */
struct several {
	lsm_slice keys[GATHER_MAX];
	lsm_buffer values[GATHER_MAX];
	char room[GATHER_MAX][LSM_KEY_MAX];
};

struct get {
	struct request *request;
	lsm_db *db;
	const lsm_snapshot *snapshot;
	struct record_writer writer;
	bool alone;		/* one key: its value is printed as it is */
	int status;		/* the worst so far */
	size_t count, most;	/* keys gathered; this many at once */
	lsm_slice *keys;	/* those of `several`, or the one */
	lsm_buffer *values;
	struct several *several;	/* NULL while one is asked at a time */
	lsm_slice key;
	lsm_buffer value;
};

static int
absent(struct get *g, lsm_slice key)
{
	const struct request *r = g->request;
	char room[CLI_KEY_ROOM], hidden[REDACTED_ROOM];

	if (g->writer.style.redact == REDACT_ALL)
		key = record_redacted(&g->writer.style, key, hidden);
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

static int
get_print(struct get *g, size_t i)
{
	enum record_format format = g->request->settings->style.format;
	lsm_slice value = lsm_bytes(g->values[i].data, g->values[i].size);

	if (g->alone && (format == FORMAT_DEFAULT || format == FORMAT_RAW) &&
	    g->writer.style.redact == REDACT_NONE)
		return value_print(g, value);
	return record_write(&g->writer,
	    format == FORMAT_RAW ? NULL : &g->keys[i], &value);
}

static int
get_answer(struct get *g, size_t i, int rc)
{
	if (rc == LSM_OK)
		return get_print(g, i);
	if (rc != LSM_NOTFOUND)
		return cli_fail_code(rc);
	g->status = cli_worst(g->status, absent(g, g->keys[i]));
	return 0;
}

/* More or fewer keys at once, as their values are. */
static void
get_weigh(struct get *g)
{
	size_t i, bytes = 0;

	for (i = 0; i < g->count; i++)
		bytes += g->values[i].size;
	if (bytes > VALUES_MAX)
		g->most = g->most / 2 + 1;
	else if (2 * g->most <= GATHER_MAX)
		g->most *= 2;
	for (i = 0; i < g->count && bytes > VALUES_MAX; i++)
		lsm_buffer_free(&g->values[i]);
}

/* Ask for what was gathered. Where that fails it is asked for one by one, so
 * that what stands before the bad one is printed. */
static int
get_rest(void *arg)
{
	struct get *g = arg;
	int codes[GATHER_MAX], status = 0;
	bool together = g->count > 1 && lsm_multi_get(g->db, g->snapshot,
	    g->count, g->keys, g->values, codes) == LSM_OK;
	size_t i;

	for (i = 0; i < g->count && status == 0; i++)
		status = get_answer(g, i, together ? codes[i] :
		    lsm_get(g->db, g->snapshot, g->keys[i], &g->values[i]));
	get_weigh(g);
	g->count = 0;
	return status;
}

/* Several keys wait together if there is memory. */
static bool
get_waits(struct get *g)
{
	if (g->most > 1 && g->several == NULL &&
	    (g->several = calloc(1, sizeof *g->several)) != NULL) {
		g->keys = g->several->keys;
		g->values = g->several->values;
	}
	if (g->several == NULL)
		g->most = 1;
	return g->several != NULL;
}

static void
get_release(struct get *g)
{
	size_t i;

	for (i = 0; g->several != NULL && i < GATHER_MAX; i++)
		lsm_buffer_free(&g->several->values[i]);
	free(g->several);
	lsm_buffer_free(&g->value);
}

/* Called with each key, whose bytes do not stay. */
static int
get_add(void *arg, lsm_slice key)
{
	struct get *g = arg;

	if (key.size > LSM_KEY_MAX)
		return get_answer(g, 0, lsm_get(g->db, NULL, key, NULL));
	if (get_waits(g) && key.size > 0)
		key.data = memcpy(g->several->room[g->count], key.data,
		    key.size);
	g->keys[g->count++] = key;
	return g->count >= g->most ? get_rest(g) : 0;
}

static int
get_start(struct get *g)
{
	struct request *r = g->request;
	struct record_style style;
	int status = session_reader(r->session, &g->db);

	if (status != 0)
		return status;
	style = session_style(r->settings, g->db);
	return record_begin(&g->writer, &style, style.format != FORMAT_RAW,
	    true);
}

static int
get_all(struct get *g)
{
	struct request *r = g->request;
	lsm_snapshot *snapshot = NULL;
	int rc, status;

	g->alone = keys_count(r) == 1;
	if ((status = keys_check(r)) != 0 || (status = get_start(g)) != 0)
		return status;
	/* All answers are of one moment. */
	if (!g->alone && g->snapshot == NULL) {
		if ((rc = lsm_snapshot_new(g->db, &snapshot)) != LSM_OK)
			return cli_fail_code(rc);
		g->snapshot = snapshot;
	}
	status = keys_each(r, get_add, get_rest, g);
	if (status == 0)
		status = record_end(&g->writer);
	lsm_snapshot_free(snapshot);
	return cli_worst(status, g->status);
}

int
command_get(struct request *r)
{
	struct get g = { .request = r, .snapshot = r->session->snapshot,
		.most = 1 };
	int status;

	g.keys = &g.key;
	g.values = &g.value;
	status = get_all(&g);
	get_release(&g);
	return status;
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
	return keys_each(r, has_one, NULL, &h);
}
