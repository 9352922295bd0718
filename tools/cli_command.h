/*
 * cli_command.h - the commands of lsm-cli: one table finds, checks and runs
 * them, and prints their help.
 *
 * The same words mean the same on the command line, in a script and at the
 * prompt.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli_session.h"
#include "cli_settings.h"
#include "words.h"

/* What a command is given. Keys are decoded in the operands' own place. */
struct request {
	const char *name;	/* of the command, and its bit */
	uint32_t scope;
	struct session *session;
	struct settings *settings;
	struct word *operands;
	size_t count;
};

/* Run words[0] with its operands. Returns an exit status. */
int command_run(struct session *, struct settings *, struct words *);

/* Print the help of a command, or all in short when `name` is NULL. Returns
 * an exit status. */
int command_help(const struct word *name);

/* Print the help of every command and option. */
void command_help_all(void);

/* Whether a command has this name or alias. */
bool command_known(const struct word *name);

/* Whether words[0] is a command and the others are not too many for it. */
bool command_takes(const struct words *);

/* The table's rows, for completions: name, one line of help and bit of scope;
 * a name of NULL is behind the last. */
const char *command_name(size_t i);
const char *command_summary(size_t i);
uint32_t command_scope(size_t i);

/* One function a command, each in the file of its name's noun. */
int command_batch(struct request *);
int command_checkpoint(struct request *);
int command_compact(struct request *);
int command_delete(struct request *);
int command_delrange(struct request *);
int command_export(struct request *);
int command_files(struct request *);
int command_flush(struct request *);
int command_get(struct request *);
int command_has(struct request *);
int command_import(struct request *);
int command_load(struct request *);
int command_put(struct request *);
int command_scan(struct request *);
int command_options(struct request *);
int command_size(struct request *);
int command_stats(struct request *);
int command_sync(struct request *);

#endif
