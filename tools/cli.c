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

#include "color.h"
#include "escape.h"
#include "out.h"
#include "signals.h"

/* A byte is an escape at most, whose backslash is escaped; and a name. */
enum { MESSAGE_MAX = 2048, MEMBER_MAX = (ESCAPE_MAX + 1) * MESSAGE_MAX + 64,
	COLORS_MAX = sizeof COLOR_ERROR + sizeof COLOR_END,
	STOPPING_ROOM = 160 };

static struct {
	const char *tool;
	const char *file;	/* the place in an input, or NULL */
	uint64_t line;
	bool hushed, json;
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

static size_t
mark_add(char *line, size_t n, const char *mark)
{
	memcpy(line + n, mark, strlen(mark));
	return n + strlen(mark);
}

static void
error_write(const char *line, size_t n)
{
	while (write(STDERR_FILENO, line, n) == -1 && errno == EINTR)
		;
}

/* In a signal handler: nothing but what is safe there. */
static void
stopping_write(void)
{
	char line[STOPPING_ROOM];
	size_t n = 0;

	if (self.hushed)
		return;
	n = mark_add(line, n, self.json ? "{\"tool\":\"" : "");
	n = mark_add(line, n, self.tool);
	n = mark_add(line, n, self.json ? "\",\"message\":\"" : ": ");
	n = mark_add(line, n, "stopping when this step ends; a second signal "
	    "kills at once");
	n = mark_add(line, n, self.json ? "\"}\n" : "\n");
	error_write(line, n);
}

void
cli_start(const char *tool)
{
	self.tool = tool;
	descriptors_fill();
	signals_when_late(stopping_write);
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

static void
line_write(const char *line, size_t n)
{
	/* What stdout holds was said before this. */
	out_flush();
	error_write(line, n);
}

/* "NAME":"TEXT", with its escapes: the text may be of any bytes. One that is
 * too long is cut, as text is. */
static size_t
member_text(char *to, const char *name, const char *text)
{
	size_t n = (size_t)sprintf(to, "\"%s\":\"", name), i, size;
	const char *end = text + strnlen(text, MESSAGE_MAX);
	char room[ESCAPE_MAX];

	for (; text < end; text++) {
		size = escape_encode(room, text, 1);
		if (*text == '\\')
			size = 1;
		for (i = 0; i < size; i++) {
			if (room[i] == '\\' || room[i] == '"')
				to[n++] = '\\';
			to[n++] = room[i];
		}
	}
	to[n++] = '"';
	return n;
}

/* One object a line; a remark has no status. */
static void
message_json(int status, const char *text)
{
	char line[3 * MEMBER_MAX], *p = line;

	*p++ = '{';
	p += member_text(p, "tool", self.tool);
	if (self.file != NULL) {
		*p++ = ',';
		p += member_text(p, "file", self.file);
		p += sprintf(p, ",\"line\":%" PRIu64, self.line);
	}
	if (status != 0)
		p += sprintf(p, ",\"status\":%d", status);
	*p++ = ',';
	p += member_text(p, "message", text);
	*p++ = '}';
	*p++ = '\n';
	line_write(line, (size_t)(p - line));
}

static size_t
printable_add(char *line, size_t n, const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p >= 0x20 && *p < 0x7f)
			line[n++] = *p;
		else
			n += escape_encode(line + n, p, 1);
	}
	return n;
}

/* "TOOL: FILE:LINE: TEXT"; where colours are, a failure's begins in one. */
static void
message_text(int status, const char *text)
{
	char head[MESSAGE_MAX], line[8 * MESSAGE_MAX + COLORS_MAX + 1];
	bool colored = status != 0 && color_on(STDERR_FILENO);
	size_t n;

	if (self.file == NULL)
		snprintf(head, sizeof head, "%s: ", self.tool);
	else
		snprintf(head, sizeof head, "%s: %s:%" PRIu64 ": ", self.tool,
		    self.file, self.line);
	n = mark_add(line, 0, colored ? COLOR_ERROR : "");
	n = printable_add(line, n, head);
	n = mark_add(line, n, colored ? COLOR_END : "");
	n = printable_add(line, n, text);
	line[n++] = '\n';
	line_write(line, n);
}

static void
message_print(int status, const char *format, va_list ap)
{
	char text[MESSAGE_MAX];

	if (self.hushed)
		return;
	vsnprintf(text, sizeof text, format, ap);
	if (self.json)
		message_json(status, text);
	else
		message_text(status, text);
}

void
cli_errors_json(void)
{
	self.json = true;
}

int
cli_fail(int status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message_print(status, format, ap);
	va_end(ap);
	return status;
}

void
cli_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	message_print(0, format, ap);
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
	out_format("liblsm %s\n", lsm_version());
	/* Of versions 0.x each reads its own only. */
	out_format("formats: writes %s, reads %s\ncodecs: %s\n",
	    lsm_format_version(), lsm_format_version(), lsm_codecs());
}
