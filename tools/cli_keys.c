/*
 * cli_keys.c - the keys that a command is about.
 */
#include "cli_keys.h"

#include <string.h>

#include "cli.h"
#include "input.h"
#include "out.h"
#include "signals.h"

size_t
keys_count(const struct request *r)
{
	if (r->settings->keys_from.text != NULL)
		return SIZE_MAX;
	return r->count + (r->settings->key_file.text != NULL);
}

static bool
is_stdin(struct word path)
{
	return path.text != NULL && strcmp(path.text, "-") == 0;
}

int
keys_check(const struct request *r)
{
	const struct settings *set = r->settings;
	bool file = set->key_file.text != NULL;
	bool from = set->keys_from.text != NULL;

	if (file + from + (r->count > 0) > 1)
		return cli_fail(EXIT_USAGE, "KEY, --key-file and --keys-from "
		    "exclude each other");
	if (!file && !from && r->count == 0)
		return cli_fail(EXIT_USAGE, "an operand is missing: KEY");
	if (r->session->script &&
	    (is_stdin(set->key_file) || is_stdin(set->keys_from)))
		return cli_fail(EXIT_USAGE, "stdin holds the script");
	return 0;
}

/* The bytes of a file as they are. */
static int
key_of_file(struct request *r, int (*each)(void *, lsm_slice), void *arg)
{
	struct input in = { .fd = -1 };
	struct word key;
	int status = input_open(&in, r->settings->key_file.text);

	if (status == 0)
		status = input_rest(&in, LSM_KEY_MAX, &key);
	if (status == 0)
		status = each(arg, lsm_bytes(key.text, key.size));
	input_close(&in);
	return status;
}

static int
key_of_line(struct request *r, struct input *in, struct word line,
    int (*each)(void *, lsm_slice), void *arg)
{
	struct key key;
	int status;

	if (!r->settings->nul)
		cli_place(in->name, in->line);
	status = session_key(r->settings, &line, &key);
	cli_place(NULL, 0);
	/* A file is data, not usage. */
	return status != 0 ? EXIT_DATA : each(arg, key.bytes);
}

static int
keys_of_lines(struct request *r, int (*each)(void *, lsm_slice),
    int (*rest)(void *), void *arg)
{
	char stop = r->settings->nul ? '\0' : '\n';
	struct input in = { .fd = -1 };
	struct word line;
	int stopped = 0, status = input_open(&in, r->settings->keys_from.text);

	while (status == 0 && out_ok()) {
		if (!input_ready(&in)) {
			if (rest != NULL && (status = rest(arg)) != 0)
				break;
			out_flush();
		}
		status = input_until(&in, stop,
		    (uint64_t)LSM_KEY_MAX * KEY_TEXT_MAX, &line, &stopped);
		if (status != 0 || (line.size == 0 && stopped == INPUT_END))
			break;
		status = key_of_line(r, &in, line, each, arg);
	}
	input_close(&in);
	return status;
}

static int
keys_of_words(struct request *r, int (*each)(void *, lsm_slice), void *arg)
{
	struct key key;
	size_t i;
	int status = 0;

	for (i = 0; i < r->count && status == 0 && out_ok() &&
	    signals_pending() == 0; i++) {
		status = session_key(r->settings, &r->operands[i], &key);
		if (status == 0)
			status = each(arg, key.bytes);
	}
	return status;
}

int
keys_each(struct request *r, int (*each)(void *, lsm_slice),
    int (*rest)(void *), void *arg)
{
	int status;

	if (r->settings->key_file.text != NULL)
		status = key_of_file(r, each, arg);
	else if (r->settings->keys_from.text != NULL)
		status = keys_of_lines(r, each, rest, arg);
	else
		status = keys_of_words(r, each, arg);
	return rest != NULL ? cli_worst(status, rest(arg)) : status;
}
