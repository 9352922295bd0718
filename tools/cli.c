/*
 * cli.c - what every tool shares: exit statuses, messages, start and end.
 *
 * One thread. A message is one write(2), so that lines of two processes on
 * one terminal do not mix.
 */
#include "cli.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsm.h"

#include "escape.h"
#include "out.h"
#include "signals.h"

enum { MESSAGE_MAX = 2048 };

static struct {
	const char *tool;
	const char *file;	/* the place in an input, or NULL */
	uint64_t line;
	bool hushed;
} self = { .tool = "lsm" };

static const int status_of[] = {
	[LSM_OK] = 0,
	[LSM_NOTFOUND] = EXIT_NO,
	[LSM_INVALID] = EXIT_USAGE,
	[LSM_TOO_LARGE] = EXIT_DATA,
	[LSM_NO_DATABASE] = EXIT_NOINPUT,
	[LSM_EXISTS] = EXIT_CREATE,
	[LSM_CORRUPT] = EXIT_DATA,
	[LSM_UNSUPPORTED] = EXIT_UNAVAILABLE,
	[LSM_IO] = EXIT_IO,
	[LSM_NO_SPACE] = EXIT_IO,
	[LSM_NO_MEMORY] = EXIT_SYSTEM,
	[LSM_LOCKED] = EXIT_RETRY,
	[LSM_READ_ONLY] = EXIT_BUG,
	[LSM_PERMISSION] = EXIT_DENIED,
	[LSM_SYSTEM] = EXIT_SYSTEM,
	[LSM_TOO_OLD] = EXIT_RETRY,
	[LSM_CONFLICT] = EXIT_RETRY,
	[LSM_BUSY] = EXIT_RETRY,
	[LSM_FORKED] = EXIT_BUG,
	[LSM_BUG] = EXIT_BUG,
	[LSM_UNMET] = EXIT_NO,
};

/* Best first. */
static const int order[] = { 0, EXIT_NO, EXIT_USAGE, EXIT_RETRY,
	EXIT_NOINPUT, EXIT_DENIED, EXIT_UNAVAILABLE, EXIT_DATA, EXIT_CREATE,
	EXIT_IO, EXIT_SYSTEM, EXIT_BUG };

int
cli_status(int code)
{
	if (code < 0 || (size_t)code >= sizeof status_of / sizeof *status_of)
		return EXIT_BUG;
	return status_of[code];
}

static size_t
rank(int status)
{
	size_t i, n = sizeof order / sizeof *order;

	for (i = 0; i < n && order[i] != status; i++)
		;
	assert(i < n);
	return i;
}

int
cli_worst(int a, int b)
{
	return rank(a) >= rank(b) ? a : b;
}

/*
 * A closed descriptor is opened the wrong way round: using it still fails, as
 * the caller asked for, but the number is taken.
 */
static void
descriptors_fill(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY :
		    O_RDONLY) != fd)
			_exit(EXIT_SYSTEM);
	}
}

void
cli_start(const char *tool)
{
	self.tool = tool;
	descriptors_fill();
	if (signals_start() != 0)
		exit(cli_fail_errno(errno, "signals"));
}

int
cli_finish(int status)
{
	status = cli_worst(status, out_close());
	if (signals_pending() != 0)
		signals_die(signals_pending());
	return status;
}

void
cli_place(const char *file, uint64_t line)
{
	self.file = file;
	self.line = line;
}

/* Returns the bytes of "TOOL: FILE:LINE: " put into `room`. */
static size_t
message_head(char *room, size_t size)
{
	int n;

	if (self.file == NULL)
		n = snprintf(room, size, "%s: ", self.tool);
	else
		n = snprintf(room, size, "%s: %s:%" PRIu64 ": ", self.tool,
		    self.file, self.line);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

static void
message_print(const char *format, va_list ap)
{
	char text[MESSAGE_MAX], line[4 * MESSAGE_MAX + 1];
	const char *p;
	size_t n = message_head(text, sizeof text);

	if (self.hushed)
		return;
	vsnprintf(text + n, sizeof text - n, format, ap);
	for (n = 0, p = text; *p != '\0'; p++) {
		if (*p >= 0x20 && *p < 0x7f)
			line[n++] = *p;
		else
			n += escape_encode(line + n, p, 1);
	}
	line[n++] = '\n';
	/* What stdout holds was said before this. */
	out_flush();
	while (write(STDERR_FILENO, line, n) == -1 && errno == EINTR)
		;
}

int
cli_fail(int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message_print(format, ap);
	va_end(ap);
	return status;
}

void
cli_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message_print(format, ap);
	va_end(ap);
}

void
cli_hush(void)
{
	self.hushed = true;
}

int
cli_fail_code(int code)
{
	const char *story = lsm_message();

	assert(code != LSM_OK);
	return cli_fail(cli_status(code), "%s",
	    *story != '\0' ? story : lsm_strerror(code));
}

static int
status_of_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return EXIT_NOINPUT;
	case EACCES:
	case EPERM:
	case EROFS:
		return EXIT_DENIED;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return EXIT_SYSTEM;
	default:
		return EXIT_IO;
	}
}

int
cli_fail_errno(int error, const char *what)
{
	return cli_fail(status_of_errno(error), "%s: %s", what,
	    strerror(error));
}

int
cli_fail_memory(void)
{
	return cli_fail(EXIT_SYSTEM, "out of memory");
}

const char *
cli_key(const void *key, size_t size, char room[CLI_KEY_ROOM])
{
	size_t n = escape_encode(room, key,
	    size < CLI_KEY_SHOWN ? size : CLI_KEY_SHOWN);

	memcpy(room + n, "...", size > CLI_KEY_SHOWN ? 3 : 0);
	room[n + (size > CLI_KEY_SHOWN ? 3 : 0)] = '\0';
	return room;
}

void
cli_version(void)
{
	out_format("%s %d.%d.%d\n", self.tool, LSM_VERSION_MAJOR,
	    LSM_VERSION_MINOR, LSM_VERSION_PATCH);
	out_format("liblsm %s, format %s, codecs %s\n", lsm_version(),
	    lsm_format_version(), lsm_codecs());
}
