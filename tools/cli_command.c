/*
 * cli_command.c - the commands of lsm-cli: one table finds, checks and runs
 * them, and prints their help.
 */
#include "cli_command.h"

#include <stdint.h>
#include <string.h>

#include "cli.h"
#include "cli_dot.h"
#include "cli_need.h"
#include "nearest.h"
#include "out.h"

/* Formats that a command prints, as bits. */
enum {
	READ_FORMATS = 1 << FORMAT_TSV | 1 << FORMAT_HEX | 1 << FORMAT_JSON |
	    1 << FORMAT_NUL | 1 << FORMAT_BDB | 1 << FORMAT_BDB_PRINT |
	    1 << FORMAT_PAIRS | 1 << FORMAT_CDB,
	IN_RECORDS = READ_FORMATS | 1 << FORMAT_OPS | 1 << FORMAT_RAW,
	IN_EXPORTS = READ_FORMATS | 1 << FORMAT_OPS,
	IN_FILES = 1 << FORMAT_TSV | 1 << FORMAT_TEXT | 1 << FORMAT_JSON,
	IN_STATS = IN_FILES | 1 << FORMAT_PROM
};

struct command {
	const char *name, *alias;
	const char *operands;	/* as the usage shows them */
	const char *help;	/* one line */
	uint32_t scope;		/* its bit */
	uint32_t formats;
	size_t least, most;	/* operands */
	int (*run)(struct request *);
};

static int command_exit(struct request *);
static int command_help_run(struct request *);

static const struct command table[] = {
	{ "batch", NULL, " [FILE]", "put and delete as FILE or stdin says",
	    ON_BATCH, 1 << FORMAT_OPS | 1 << FORMAT_JSON, 0, 1,
	    command_batch },
	{ "checkpoint", NULL, " DEST", "copy the database into DEST, beside "
	    "a writer, too", ON_CHECKPOINT, 0, 1, 1, command_checkpoint },
	{ "compact", NULL, "", "merge all tables, drop what is deleted",
	    ON_COMPACT, 0, 0, 0, command_compact },
	{ "delete", "del", " KEY...", "delete keys or a range, all or none",
	    ON_DELETE, 0, 0, SIZE_MAX, command_delete },
	{ "delrange", NULL, " FROM [TO]", "delete the keys FROM (incl.) TO "
	    "(excl.)", ON_DELETE, 0, 0, 2, command_delrange },
	{ "exit", "quit", "", "end the script or the prompt",
	    ON_EXIT, 0, 0, 0, command_exit },
	{ "export", NULL, " [FILE]", "print all records and a mark of the end",
	    ON_EXPORT, IN_EXPORTS, 0, 1, command_export },
	{ "files", NULL, "", "list the files of the database",
	    ON_FILES, IN_FILES, 0, 0, command_files },
	{ "flush", NULL, "", "move what is in memory into a table",
	    ON_FLUSH, 0, 0, 0, command_flush },
	{ "get", NULL, " KEY...", "print a value, or several records",
	    ON_GET, IN_RECORDS, 0, SIZE_MAX, command_get },
	{ "has", NULL, " KEY", "exit 0 if the key is there, 1 if not",
	    ON_HAS, 0, 0, 1, command_has },
	{ "help", NULL, " [COMMAND]", "print help",
	    ON_HELP, 0, 0, 1, command_help_run },
	{ "import", NULL, " [FILE]", "load what export printed, to its end",
	    ON_IMPORT, IN_EXPORTS, 0, 1, command_import },
	{ "load", NULL, " [FILE]", "put the records of FILE, or stdin",
	    ON_LOAD, READ_FORMATS, 0, 1, command_load },
	{ "options", NULL, " [NAME=VALUE]...", "print, or change, what the "
	    "database keeps", ON_OPTIONS, IN_FILES, 0, SIZE_MAX,
	    command_options },
	{ "put", NULL, " KEY [VALUE]", "store a value; - reads it from stdin",
	    ON_PUT, 0, 0, 2, command_put },
	{ "scan", NULL, " [FROM [TO]]", "print the records FROM (incl.) TO "
	    "(excl.)", ON_SCAN, IN_RECORDS, 0, 2, command_scan },
	{ "size", NULL, " [FROM [TO]]", "print records, bytes and bytes on "
	    "disk", ON_SIZE, 0, 0, 2, command_size },
	{ "stats", NULL, "", "print statistics",
	    ON_STATS, IN_STATS, 0, 0, command_stats },
	{ "sync", NULL, "", "make durable what was written with --sync=off",
	    ON_SYNC, 0, 0, 0, command_sync },
};
enum { COMMANDS = sizeof table / sizeof *table };

static const struct command *
command_find(struct word w)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		if (word_is(w, table[i].name) || (table[i].alias != NULL &&
		    word_is(w, table[i].alias)))
			return &table[i];
	}
	return NULL;
}

bool
command_known(const struct word *name)
{
	return command_find(*name) != NULL;
}

bool
command_takes(const struct words *words)
{
	const struct command *c = command_find(words->at[0]);

	return c != NULL && words->count - 1 <= c->most;
}

const char *
command_name(size_t i)
{
	return i < COMMANDS ? table[i].name : NULL;
}

const char *
command_summary(size_t i)
{
	return table[i].help;
}

uint32_t
command_scope(size_t i)
{
	return table[i].scope;
}

static int
command_unknown(struct word w)
{
	struct nearest n;
	char room[CLI_KEY_ROOM];
	size_t i;

	nearest_start(&n, w.text);
	for (i = 0; i < COMMANDS; i++)
		nearest_offer(&n, table[i].name);
	cli_key(w.text, w.size, room);
	if (n.best == NULL)
		return cli_fail(EXIT_USAGE, "unknown command \"%s\"; try help",
		    room);
	return cli_fail(EXIT_USAGE,
	    "unknown command \"%s\", perhaps %s; try help", room, n.best);
}

static int
command_check(const struct command *c, const struct settings *s, size_t count)
{
	int status = settings_check(s, c->scope, c->name);

	if (status != 0)
		return status;
	if (count < c->least || count > c->most)
		return cli_fail(EXIT_USAGE, "%s; usage: %s%s",
		    count < c->least ? "an operand is missing" :
		    "too many operands", c->name, c->operands);
	if (s->style.format != FORMAT_DEFAULT &&
	    (c->formats >> s->style.format & 1) == 0)
		return cli_fail(EXIT_USAGE, "%s has no such format", c->name);
	return needs_check(s, c->scope, count);
}

int
command_run(struct session *session, struct settings *settings,
    struct words *words)
{
	const struct command *c = command_find(words->at[0]);
	struct request r = { .session = session, .settings = settings,
		.operands = words->at + 1, .count = words->count - 1 };
	int status;

	if (c == NULL)
		return command_unknown(words->at[0]);
	r.name = c->name;
	r.scope = c->scope;
	status = command_check(c, settings, r.count);
	if (status == 0 && session->batch != NULL &&
	    (c->scope & ON_WRITERS & ~(uint32_t)ON_BATCHED) != 0)
		return cli_fail(EXIT_USAGE, "%s cannot be part of a batch: "
		    ".commit or .rollback it first", c->name);
	if (status == 0)
		status = c->run(&r);
	if (status == 0 && settings->verbose && (c->scope & ON_WRITERS) != 0)
		cli_note("%s: done", c->name);
	return status;
}

static int
command_exit(struct request *r)
{
	r->session->leave = true;
	return 0;
}

static int
command_help_run(struct request *r)
{
	return command_help(r->count == 0 ? NULL : &r->operands[0]);
}

/* One screen; the first lines tell of exit and help. */
static void
help_short(void)
{
	size_t i;

	out_text("usage: lsm-cli [OPTION]... DIR [COMMAND [ARG]...]\n"
	    "  lsm-cli --create my.db put apple red\n"
	    "  lsm-cli my.db scan --prefix=app\n"
	    "Without a command: one command a line from stdin; exit ends it, "
	    ".help has more.\n");
	for (i = 0; i < COMMANDS; i++) {
		if ((table[i].scope & (ON_EXIT | ON_HELP)) == 0)
			out_format("  %s%-*s %s\n", table[i].name,
			    26 - (int)strlen(table[i].name),
			    table[i].operands, table[i].help);
	}
	out_text("\"help COMMAND\" has its options, --help=all has all. Exit: "
	    "0 yes, 1 no, 64 usage,\n65 bad data, 66 no database, 74 I/O, "
	    "75 locked; more in lsm-cli(1).\n");
}

static void
help_head(const struct command *c)
{
	out_format("usage: %s%s\n", c->name, c->operands);
	if (c->alias != NULL)
		out_format("also: %s\n", c->alias);
	out_format("%s\n\n", c->help);
}

int
command_help(const struct word *name)
{
	const struct command *c;

	if (name == NULL) {
		help_short();
		return 0;
	}
	if (name->size > 0 && name->text[0] == '.')
		return dot_help_one(*name);
	if ((c = command_find(*name)) == NULL)
		return command_unknown(*name);
	help_head(c);
	option_help(settings_table, c->scope);
	return 0;
}

/* The options of a scope that not all have; with ON_ALL those that do. */
static void
help_own(uint32_t scope)
{
	const struct option *o;
	bool common;

	for (o = settings_table; o->name != NULL; o++) {
		common = (o->scope & ON_ALL) == ON_ALL;
		if ((o->scope & scope) != 0 && common == (scope == ON_ALL))
			option_help_line(o);
	}
}

void
command_help_all(void)
{
	size_t i;

	help_short();
	out_text("\nOptions of all commands\n\n");
	help_own(ON_ALL);
	for (i = 0; i < COMMANDS; i++) {
		out_char('\n');
		help_head(&table[i]);
		help_own(table[i].scope);
	}
	out_text("\nOptions before a script or the prompt\n\n");
	help_own(ON_SCRIPT);
	out_text("\nWords of scripts and of the prompt\n\n");
	dot_help();
}
