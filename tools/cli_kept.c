/*
 * cli_kept.c - options kept in a database, as they are typed: NAME=VALUE.
 */
#include "cli_kept.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { NAME_ROOM = 64, VALUE_ROOM = 128, VALUES_MAX = 32 };

int
kept_set(lsm_options *o, struct word w, const char *what)
{
	const char *equals = word_is_text(w) ? strchr(w.text, '=') : NULL;
	size_t n = equals != NULL ? (size_t)(equals - w.text) : 0;
	char name[NAME_ROOM], room[CLI_KEY_ROOM];

	if (n == 0 || n >= sizeof name)
		return cli_fail(EXIT_USAGE, "%s: \"%s\" is not NAME=VALUE",
		    what, cli_key(w.text, w.size, room));
	memcpy(name, w.text, n);
	name[n] = '\0';
	if (lsm_options_set(o, name, equals + 1) == LSM_OK)
		return 0;
	return cli_fail(EXIT_USAGE, "%s: %s", what, lsm_message());
}

int
kept_add(struct settings *s, struct word w)
{
	int status = kept_set(&s->kept, w, "--set");

	if (status != 0)
		return status;
	if (s->sets_count == SETS_MAX)
		return cli_fail(EXIT_USAGE, "--set: more than %d of them",
		    SETS_MAX);
	s->sets[s->sets_count++] = w;
	return 0;
}

static bool
codec_set(const struct settings *s)
{
	static const char name[] = "codec=";
	size_t i;

	for (i = 0; i < s->sets_count; i++)
		if (strncmp(s->sets[i].text, name, sizeof name - 1) == 0)
			return true;
	return false;
}

int
kept_codec_check(const struct settings *s)
{
	if (s->codec == LSM_CODEC_DEFAULT || !codec_set(s) ||
	    s->codec == s->kept.codec)
		return 0;
	return cli_fail(EXIT_USAGE, "--codec and --set=codec contradict each "
	    "other");
}

struct values {
	size_t count;
	struct {
		char name[NAME_ROOM], value[VALUE_ROOM];
	} at[VALUES_MAX];
};

static void
value_take(void *arg, const char *name, const char *value, const char *help)
{
	struct values *v = arg;

	(void)help;
	if (v->count == VALUES_MAX)
		return;
	snprintf(v->at[v->count].name, NAME_ROOM, "%s", name);
	snprintf(v->at[v->count].value, VALUE_ROOM, "%s", value);
	v->count++;
}

/* What was typed, on top of what there is: what nobody typed is no question.
 * It was parsed before. */
static void
typed_over(const struct settings *s, lsm_options *o)
{
	size_t i;

	for (i = 0; i < s->sets_count; i++)
		(void)kept_set(o, s->sets[i], "--set");
	if (s->codec != LSM_CODEC_DEFAULT)
		o->codec = s->codec;
}

static int
values_agree(const struct values *kept, const struct values *typed,
    const char *directory)
{
	size_t i;

	for (i = 0; i < kept->count; i++) {
		if (strcmp(kept->at[i].value, typed->at[i].value) == 0)
			continue;
		return cli_fail(EXIT_USAGE, "%s: the database is there, and "
		    "its %s is %s; to change it: options %s=%s", directory,
		    kept->at[i].name, kept->at[i].value, kept->at[i].name,
		    typed->at[i].value);
	}
	return 0;
}

int
kept_agree(lsm_db *db, const struct settings *s, const char *directory)
{
	struct values kept = { 0 }, typed = { 0 };
	lsm_options o;
	int rc;

	if (s->sets_count == 0 && s->codec == LSM_CODEC_DEFAULT)
		return 0;
	lsm_options_init(&o);
	if ((rc = lsm_options_stored(db, &o)) != LSM_OK)
		return cli_fail_code(rc);
	lsm_options_each(&o, value_take, &kept);
	typed_over(s, &o);
	lsm_options_each(&o, value_take, &typed);
	return values_agree(&kept, &typed, directory);
}
