/*
 * cli_prompt.c - what helps a person who types: completion, and a history that
 * holds no values.
 */
#include "cli_prompt.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_dot.h"
#include "escape.h"
#include "out.h"

enum { KEYS_OFFERED = 50, NAME_MAX_BYTES = 80,
	PATH_MAX_BYTES = 4096 };

static void
offer(struct line_choices *c, struct word word, const char *text)
{
	size_t n = strlen(text);

	if (n >= word.size && memcmp(text, word.text, word.size) == 0)
		line_offer(c, text, n);
}

static void
offer_commands(struct line_choices *c, struct word word)
{
	const char *name;
	size_t i;

	for (i = 0; (name = command_name(i)) != NULL; i++)
		offer(c, word, name);
	for (i = 0; (name = dot_name(i)) != NULL; i++)
		offer(c, word, name);
}

static void
offer_options(struct line_choices *c, struct word word, uint32_t scope)
{
	char text[NAME_MAX_BYTES];
	const struct option *o;

	for (o = settings_table; o->name != NULL; o++) {
		if ((o->scope & scope) == 0 || (o->scope & ON_OPENING) != 0)
			continue;
		snprintf(text, sizeof text, "--%s%s", o->name,
		    o->argument != NULL && o->argument[0] != '[' ? "=" : "");
		offer(c, word, text);
	}
}

/* A key that is a word as it is. */
static bool
plain(lsm_slice key)
{
	const unsigned char *p = key.data;
	size_t i;

	for (i = 0; i < key.size; i++) {
		if (p[i] <= ' ' || p[i] >= 0x7f || strchr("\\\"'#", p[i]))
			return false;
	}
	return key.size > 0 && p[0] != '-';
}

static void
offer_keys(struct session *s, struct line_choices *c, struct word word)
{
	lsm_buffer room = { 0 };
	lsm_iter *iter = NULL;
	lsm_range range;
	lsm_slice key;
	int i, rc;

	if (s->db == NULL || lsm_range_prefix(lsm_bytes(word.text, word.size),
	    &room, &range) != LSM_OK)
		return;
	rc = lsm_iter_new(s->snapshot != NULL ? s->snapshot_db : s->db,
	    s->snapshot, &range, &iter);
	if (rc == LSM_OK)
		rc = lsm_iter_first(iter);
	for (i = 0; rc == LSM_OK && lsm_iter_valid(iter) && i < KEYS_OFFERED;
	    i++) {
		key = lsm_iter_key(iter);
		if (plain(key))
			line_offer(c, key.data, key.size);
		rc = lsm_iter_next(iter);
	}
	lsm_iter_free(iter);
	lsm_buffer_free(&room);
}

/* One of a folder's names: with its slash if it is a folder itself. */
static void
offer_file(struct line_choices *c, struct word typed, size_t folder,
    const char *name)
{
	char path[PATH_MAX_BYTES];
	struct stat st;
	size_t n = typed.size - folder;
	int size;

	if (strncmp(name, typed.text + folder, n) != 0 ||
	    (name[0] == '.' && n == 0))
		return;
	size = snprintf(path, sizeof path, "%.*s%s", (int)folder, typed.text,
	    name);
	if (size < 0 || (size_t)size >= sizeof path - 1 ||
	    !plain(lsm_bytes(path, (size_t)size)))
		return;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		memcpy(path + size++, "/", 2);
	line_offer(c, path, (size_t)size);
}

static void
offer_files(struct line_choices *c, struct word typed)
{
	char path[PATH_MAX_BYTES] = ".";
	struct dirent *entry;
	size_t folder = typed.size;
	DIR *names;

	while (folder > 0 && typed.text[folder - 1] != '/')
		folder--;
	if (typed.size >= sizeof path)
		return;
	if (folder > 0) {
		memcpy(path, typed.text, folder);
		path[folder] = '\0';
	}
	names = opendir(path);
	while (names != NULL && (entry = readdir(names)) != NULL)
		offer_file(c, typed, folder, entry->d_name);
	if (names != NULL)
		closedir(names);
}

/* What options go with the command that begins the line; 0: there is none. */
static uint32_t
scope_of(struct word line)
{
	const char *name;
	size_t i, n;

	for (n = 0; n < line.size && line.text[n] != ' '; n++)
		;
	for (i = 0; (name = command_name(i)) != NULL; i++) {
		if (strlen(name) == n && memcmp(name, line.text, n) == 0)
			return command_scope(i);
	}
	return 0;
}

void
prompt_complete(void *session, struct word line, struct word word,
    struct line_choices *c)
{
	uint32_t scope = scope_of(line);

	if (line.size == 0)
		offer_commands(c, word);
	else if (word.size > 0 && word.text[0] == '-')
		offer_options(c, word, scope);
	else if ((scope & ON_HELP) != 0)
		offer_commands(c, word);
	else if ((scope & (ON_LOADS | ON_EXPORT | ON_CHECKPOINT)) != 0 ||
	    word_begins(line, ".read "))
		offer_files(c, word);
	else if ((scope & (ON_DELETE | ON_GET | ON_HAS | ON_PUT |
	    ON_SCAN)) != 0)
		offer_keys(session, c, word);
}

/* `put "KEY"`: no value, wherever it stands. */
static char *
put_shown(struct word key)
{
	char *shown = malloc(8 + (size_t)ESCAPE_MAX * key.size), *to;
	size_t i;

	if (shown == NULL)
		return NULL;
	to = shown + sprintf(shown, "put \"");
	for (i = 0; i < key.size; i++) {
		if (key.text[i] == '"')
			*to++ = '\\';
		if (key.text[i] == '"')
			*to++ = '"';
		else
			to += escape_encode(to, key.text + i, 1);
	}
	memcpy(to, "\"", 2);
	return shown;
}

/* What is no command may be a put that was mistyped, or a record for a batch;
 * so may be what has words to spare. */
static bool
tells_values(const struct words *words, const struct settings *line)
{
	return (!command_takes(words) && !dot_takes(words)) ||
	    line->if_equals.text != NULL || line->value_prefix.text != NULL;
}

char *
prompt_history(const char *text, const struct words *words,
    const struct settings *line, bool values)
{
	if (words->count == 0)
		return NULL;
	if (values)
		return strdup(text);
	/* The key of --key-file is not typed, and its value is the first. */
	if (word_is(words->at[0], "put"))
		return words->count > 1 && line->key_file.text == NULL ?
		    put_shown(words->at[1]) : NULL;
	return tells_values(words, line) ? NULL : strdup(text);
}
