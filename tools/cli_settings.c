/*
 * cli_settings.c - what the options of lsm-cli say.
 */
#include "cli_settings.h"

#include "lsm.h"

#include "cli.h"
#include "cli_kept.h"

enum { BATCH_SIZE_DEFAULT = 1000, WINDOW_DEFAULT = 5 };

void
settings_init(struct settings *s)
{
	*s = (struct settings){
		.codec = LSM_CODEC_DEFAULT,
		.cache_size = NOT_GIVEN,
		.workers = NOT_GIVEN,
		.batch_size = BATCH_SIZE_DEFAULT,
		.limit = UINT64_MAX,
		.every = 1,
		.window = WINDOW_DEFAULT,
		.max_value_size = UINT64_MAX,
	};
	lsm_options_init(&s->kept);
}

int
settings_parse(struct settings *s, struct words *words)
{
	return option_parse(settings_table, words, s, &s->given);
}

int
settings_check(const struct settings *s, uint32_t scope, const char *name)
{
	const struct option *o = settings_table;

	for (; o->name != NULL; o++) {
		if (!option_given(&s->given, (size_t)(o - settings_table)) ||
		    (o->scope & scope) != 0)
			continue;
		if (name == NULL)
			return cli_fail(EXIT_USAGE, "--%s does not apply to a "
			    "script: write it behind a command", o->name);
		return cli_fail(EXIT_USAGE, "--%s does not apply to %s",
		    o->name, name);
	}
	return kept_codec_check(s);
}

int
settings_check_line(const struct settings *s)
{
	const struct option *o = settings_table;

	for (; o->name != NULL; o++) {
		if (option_given(&s->given, (size_t)(o - settings_table)) &&
		    (o->scope & ON_OPENING) != 0)
			return cli_fail(EXIT_USAGE, "--%s belongs on the "
			    "command line, not in a script", o->name);
	}
	return 0;
}
