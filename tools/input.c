/*
 * input.c - a file or stdin, read field by field in memory that is bounded.
 *
 *   buffer: | taken | begin ... end | room | one byte for a NUL |
 *
 * The buffer doubles when a field does not fit, up to the field's limit.
 */
#include "input.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "signals.h"
#include "sum.h"

enum {
	CAPACITY_FIRST = 64 * 1024,
	NEAR = 256	/* most fields end before */
};

static int
input_start(struct input *in, const char *name, size_t capacity)
{
	*in = (struct input){ .name = name, .fd = -1, .line_ended = true };
	in->buffer = malloc(capacity + 1);
	if (in->buffer == NULL)
		return cli_fail_memory();
	in->capacity = capacity;
	return 0;
}

static uint64_t
bytes_left(int fd)
{
	struct stat s;
	off_t at;

	if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) ||
	    (at = lseek(fd, 0, SEEK_CUR)) < 0 || at > s.st_size)
		return 0;
	return (uint64_t)(s.st_size - at);
}

int
input_open(struct input *in, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int status;

	status = input_start(in, is_stdin ? "stdin" : path, CAPACITY_FIRST);
	if (status != 0)
		return status;
	in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd == -1)
		return cli_fail_errno(errno, in->name);
	in->total = bytes_left(in->fd);
	return 0;
}

int
input_open_memory(struct input *in, const void *data, size_t size)
{
	int status = input_start(in, "memory", size > 0 ? size : 1);

	if (status != 0)
		return status;
	if (size > 0)
		memcpy(in->buffer, data, size);
	in->end = size;
	in->bytes = size;
	in->ended = true;
	return 0;
}

void
input_close(struct input *in)
{
	if (in->fd != -1 && in->fd != STDIN_FILENO)
		close(in->fd);
	free(in->buffer);
	sum_free(in->sum);
	*in = (struct input){ .fd = -1 };
}

int
input_sum_start(struct input *in)
{
	in->sum = sum_new();
	in->summed = in->begin;
	return in->sum != NULL ? 0 : cli_fail_memory();
}

uint64_t
input_sum(const struct input *in)
{
	assert(in->sum != NULL);
	return sum_value(in->sum);
}

bool
input_interrupted(void)
{
	return signals_pending() != 0;
}

/* Waits until the file can be read or a signal came. */
static void
wait_readable(int fd)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signals_fd(), .events = POLLIN },
	};

	while (poll(fds, 2, -1) == -1 && errno == EINTR && !input_interrupted())
		;
}

/* Before anybody writes into it. */
static void
sum_up_to(struct input *in, size_t end)
{
	if (in->sum == NULL || in->summed >= end)
		return;
	sum_add(in->sum, in->buffer + in->summed, end - in->summed);
	in->summed = end;
}

/* Bytes behind `had` are new. A sum of much at once costs least; but the last
 * line may be the one that tells the sum. */
static void
sum_ahead(struct input *in, size_t had)
{
	size_t at = in->end;

	while (--at > had && in->buffer[at - 1] != '\n')
		;
	if (at > had)
		sum_up_to(in, at);
}

/* Make room behind `end`: move what is kept to the front, then grow. */
static int
make_room(struct input *in)
{
	size_t kept = in->end - in->begin;
	char *grown;

	if (in->begin > 0) {
		memmove(in->buffer, in->buffer + in->begin, kept);
		if (in->sum != NULL)
			in->summed -= in->begin;
		in->begin = 0;
		in->end = kept;
	}
	if (in->end < in->capacity)
		return 0;
	grown = realloc(in->buffer, 2 * in->capacity + 1);
	if (grown == NULL)
		return cli_fail_memory();
	in->buffer = grown;
	in->capacity *= 2;
	return 0;
}

static int
fill(struct input *in)
{
	ssize_t n;
	int status;

	if ((status = make_room(in)) != 0)
		return status;
	do {
		wait_readable(in->fd);
		if (input_interrupted())
			return EXIT_RETRY;
		n = read(in->fd, in->buffer + in->end, in->capacity - in->end);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return cli_fail_errno(errno, in->name);
	in->ended = n == 0;
	in->end += (size_t)n;
	in->bytes += (uint64_t)n;
	if (in->sum != NULL && n > 0)
		sum_ahead(in, in->end - (size_t)n);
	return 0;
}

/* Cut the field of `size` bytes off the front, and its delimiter. */
static void
take(struct input *in, size_t size, struct word *field, int *stopped)
{
	char *at = in->buffer + in->begin;
	bool more = size < in->end - in->begin;

	*stopped = more ? (unsigned char)at[size] : INPUT_END;
	*field = (struct word){ at, size };
	sum_up_to(in, in->begin + size + more);
	at[size] = '\0';
	in->begin += size + more;
	in->line_ended = *stopped == '\n';
}

static size_t
find_stop(const char *from, size_t size, char stop)
{
	const char *found = memchr(from, stop, size);

	return found != NULL ? (size_t)(found - from) : size;
}

/* Up to the nearer of `stop` and a newline: once the one is found, the other
 * can only be before it. */
static size_t
find_field(const char *from, size_t size, char stop)
{
	size_t near = size < NEAR ? size : NEAR, at;

	if (stop == '\n')
		return find_stop(from, size, '\n');
	if ((at = find_stop(from, near, stop)) < near)
		return find_stop(from, at, '\n');
	return find_stop(from, find_stop(from, size, '\n'), stop);
}

static int
too_long(const struct input *in, uint64_t limit)
{
	return cli_fail(EXIT_DATA, "%s:%" PRIu64 ": longer than %" PRIu64
	    " bytes", in->name, in->line, limit);
}

static inline int
read_to(struct input *in, char stop, uint64_t limit, struct word *field,
    int *stopped, size_t (*find)(const char *, size_t, char))
{
	size_t size = 0, have;
	int status;

	in->line += in->line_ended;
	in->line_ended = false;
	for (;;) {
		have = in->end - in->begin;
		size += find(in->buffer + in->begin + size, have - size, stop);
		if (size > limit)
			return too_long(in, limit);
		if (size < have || in->ended)
			break;
		if ((status = fill(in)) != 0)
			return status;
	}
	take(in, size, field, stopped);
	return 0;
}

int
input_field(struct input *in, char stop, uint64_t limit, struct word *field,
    int *stopped)
{
	return read_to(in, stop, limit, field, stopped, find_field);
}

int
input_until(struct input *in, char stop, uint64_t limit, struct word *field,
    int *stopped)
{
	return read_to(in, stop, limit, field, stopped, find_stop);
}

/* Have `size` bytes in the buffer, or all that are left. */
static int
have_bytes(struct input *in, size_t size)
{
	int status = 0;

	while (status == 0 && !in->ended && in->end - in->begin < size)
		status = fill(in);
	return status;
}

/*
 * The byte behind the field stays: there is no room for a NUL, and nobody
 * asks for one.
 */
int
input_exact(struct input *in, size_t size, struct word *field)
{
	int status = have_bytes(in, size);
	size_t have = in->end - in->begin;

	*field = (struct word){ in->buffer + in->begin,
		have < size ? have : size };
	in->begin += field->size;
	return status;
}

int
input_skip_line(struct input *in)
{
	size_t have, size;
	int status;

	for (;;) {
		have = in->end - in->begin;
		size = find_stop(in->buffer + in->begin, have, '\n');
		sum_up_to(in, in->begin + size + (size < have));
		in->begin += size + (size < have);
		in->line_ended = size < have;
		if (size < have || in->ended)
			return 0;
		if ((status = fill(in)) != 0)
			return status;
	}
}

int
input_peek(struct input *in, size_t size, struct word *ahead)
{
	int status = 0;

	assert(size <= CAPACITY_FIRST);
	while (status == 0 && !in->ended && in->end - in->begin < size &&
	    memchr(in->buffer + in->begin, '\n', in->end - in->begin) == NULL)
		status = fill(in);
	*ahead = (struct word){ in->buffer + in->begin, in->end - in->begin };
	if (ahead->size > size)
		ahead->size = size;
	return status;
}

int
input_begins(struct input *in, const char *text, bool *begins)
{
	size_t size = strlen(text);
	struct word ahead;
	int status;

	*begins = false;
	if (in->begin < in->end && in->buffer[in->begin] != text[0])
		return 0;
	status = input_peek(in, size, &ahead);
	*begins = ahead.size == size && memcmp(ahead.text, text, size) == 0;
	return status;
}

int
input_at_end(struct input *in, bool *at_end)
{
	int status = have_bytes(in, 1);

	*at_end = in->begin == in->end;
	return status;
}

int
input_rest(struct input *in, uint64_t limit, struct word *rest)
{
	int stopped, status = 0;

	while (status == 0 && !in->ended) {
		if (in->end - in->begin > limit)
			return cli_fail(EXIT_DATA, "%s: longer than %" PRIu64
			    " bytes", in->name, limit);
		status = fill(in);
	}
	if (status == 0)
		take(in, in->end - in->begin, rest, &stopped);
	return status;
}

bool
input_ready(const struct input *in)
{
	return in->ended || memchr(in->buffer + in->begin, '\n',
	    in->end - in->begin) != NULL;
}
