/*
 * out.c - stdout, buffered and checked.
 *
 * One thread. Bytes wait in one buffer; nothing is allocated.
 */
#include "out.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "cli.h"
#include "color.h"
#include "escape.h"
#include "hex.h"
#include "signals.h"
#include "sum.h"

/* A chunk is a whole number of base64's groups. */
enum { FORMAT_MAX = 1024, CHUNK = 3 * 1365, BASE64_FACTOR = 4 };
_Static_assert(CHUNK * ESCAPE_MAX <= OUT_ROOM, "a chunk fits");

static char buffer[OUT_ROOM];

static struct {
	size_t used;		/* of the buffer */
	int error;		/* the first errno, or 0 */
	struct sum *sum;	/* of what was written, or NULL */
	int fd, error_before;
} out = { .fd = STDOUT_FILENO };

/* stdout may be a pipe that somebody else made non-blocking. */
static void
wait_writable(void)
{
	struct pollfd fds[] = {
		{ .fd = out.fd, .events = POLLOUT },
		{ .fd = signals_fd(), .events = POLLIN },
	};

	poll(fds, 2, -1);
}

/* Returns false when writing is over. */
static bool
write_failed_go_on(int error)
{
	if (error == EAGAIN)
		wait_writable();
	if ((error == EAGAIN || error == EINTR) && signals_pending() == 0)
		return true;
	if (error == EPIPE)
		signals_note(SIGPIPE);
	out.error = error;
	return false;
}

static void
write_all(const char *from, size_t size)
{
	ssize_t n;

	if (out.sum != NULL)
		sum_add(out.sum, from, size);
	while (size > 0 && out.error == 0) {
		n = write(out.fd, from, size);
		if (n < 0) {
			if (!write_failed_go_on(errno))
				return;
			continue;
		}
		from += n;
		size -= (size_t)n;
	}
}

void
out_flush(void)
{
	size_t used = out.used;

	/* Emptied first: the message of a failure flushes again. */
	out.used = 0;
	write_all(buffer, used);
}

char *
out_reserve(size_t size)
{
	assert(size <= OUT_ROOM);
	if (size > OUT_ROOM - out.used)
		out_flush();
	return buffer + out.used;
}

void
out_commit(size_t size)
{
	assert(size <= OUT_ROOM - out.used);
	out.used += size;
}

void
out_char(char c)
{
	*out_reserve(1) = c;
	out_commit(1);
}

void
out_text(const char *text)
{
	out_bytes(text, strlen(text));
}

void
out_bytes(const void *data, size_t size)
{
	if (size > OUT_ROOM) {
		out_flush();
		write_all(data, size);
		return;
	}
	if (size > 0)
		memcpy(out_reserve(size), data, size);
	out_commit(size);
}

static inline void
out_encoded(const void *data, size_t size, size_t factor,
    size_t (*encode)(char *, const void *, size_t))
{
	const char *p = data;
	size_t n;

	for (; size > 0; p += n, size -= n) {
		n = size < CHUNK ? size : CHUNK;
		out_commit(encode(out_reserve(n * factor), p, n));
	}
}

void
out_escaped(const void *data, size_t size)
{
	out_encoded(data, size, ESCAPE_MAX, escape_encode);
}

void
out_print(const void *data, size_t size)
{
	out_encoded(data, size, ESCAPE_MAX, print_encode);
}

void
out_hex(const void *data, size_t size)
{
	out_encoded(data, size, HEX_MAX, hex_encode);
}

void
out_base64(const void *data, size_t size)
{
	out_encoded(data, size, BASE64_FACTOR, base64_encode);
}

bool
out_sum_start(void)
{
	out_flush();
	sum_free(out.sum);
	out.sum = sum_new();
	return out.sum != NULL;
}

uint64_t
out_sum_end(void)
{
	uint64_t value;

	assert(out.sum != NULL);
	out_flush();
	value = sum_value(out.sum);
	sum_free(out.sum);
	out.sum = NULL;
	return value;
}

void
out_format(const char *format, ...)
{
	char text[FORMAT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	out_text(text);
}

void
out_redirect(int fd)
{
	out.error_before = out.error;
	out.error = 0;
	out.fd = fd;
}

int
out_restore(void)
{
	int error;

	out_flush();
	error = out.error;
	out.error = out.error_before;
	out.fd = STDOUT_FILENO;
	return error;
}

bool
out_ok(void)
{
	return out.error == 0;
}

bool
out_terminal(void)
{
	return out.fd == STDOUT_FILENO && isatty(STDOUT_FILENO) == 1;
}

bool
out_color(void)
{
	return out.fd == STDOUT_FILENO && color_on(STDOUT_FILENO);
}

int
out_close(void)
{
	out_flush();
	if (close(STDOUT_FILENO) != 0 && out.error == 0)
		out.error = errno;
	if (out.error == 0 || out.error == EPIPE || signals_pending() != 0)
		return 0;
	return cli_fail(EXIT_IO, "stdout: %s", strerror(out.error));
}
