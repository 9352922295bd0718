/*
 * cli.h - what every tool shares: exit statuses, messages, start and end.
 *
 * Functions of the tools return an exit status, 0 when all is well. A failure
 * prints its one line where it is born ("tool: file: reason") and from there
 * only the status travels.
 */
#ifndef CLI_H
#define CLI_H

#include <stddef.h>
#include <stdint.h>

/* The same meaning in all tools; 64 to 77 are those of sysexits(3). */
enum {
	EXIT_NO = 1,		/* it worked, and the answer is no */
	EXIT_USAGE = 64,	/* bad option, operand or command */
	EXIT_DATA = 65,		/* damaged or malformed data */
	EXIT_NOINPUT = 66,	/* no such database or file */
	EXIT_UNAVAILABLE = 69,	/* newer format or missing codec */
	EXIT_BUG = 70,		/* our own */
	EXIT_SYSTEM = 71,	/* the system refused memory, files, threads */
	EXIT_CREATE = 73,	/* cannot create the output */
	EXIT_IO = 74,		/* reading or writing failed, stdout included */
	EXIT_RETRY = 75,	/* locked, or inconclusive: try later */
	EXIT_DENIED = 77	/* permission */
};

/* Call first: gives closed standard descriptors a harmless file, so that no
 * file of a database can take their place, and installs the signals. */
void cli_start(const char *tool);

/* Call last with the status so far: closes stdout with a check and dies by
 * the signal that stopped the tool, if one did. Returns the exit status. */
int cli_finish(int status);

/* The status that an lsm_code ends in. */
int cli_status(int code);

/* The worse of two statuses. */
int cli_worst(int a, int b);

/* From now on messages name this place in an input; NULL ends it. The name is
 * borrowed. */
void cli_place(const char *file, uint64_t line);

/* Print "TOOL: [FILE:LINE: ]MESSAGE" to stderr; bytes that could do harm to a
 * terminal are escaped. Returns `status`. */
int cli_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same without a status: a remark. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on each message is an object of JSON, a line of its own. */
void cli_errors_json(void);

/* From now on nothing is said: for a program that tries wrong inputs. */
void cli_hush(void);

/* The story of a failed call of the library. Returns its status. */
int cli_fail_code(int code);

/* "WHAT: strerror", and the status that fits `error`, an errno value. */
int cli_fail_errno(int error, const char *what);

/* Out of memory. */
int cli_fail_memory(void);

/* A key as messages show it: escaped, cut when long. */
enum { CLI_KEY_SHOWN = 64, CLI_KEY_ROOM = 4 * CLI_KEY_SHOWN + 4 };
const char *cli_key(const void *key, size_t size, char room[CLI_KEY_ROOM]);

/* Print the tool's version and that of the library to stdout. */
void cli_version(void);

#endif
