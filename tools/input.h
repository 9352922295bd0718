/*
 * input.h - a file or stdin, read field by field in memory that is bounded.
 *
 * A signal that wants the tool to stop ends a wait: input_interrupted() is
 * then true, and no message is printed. All other failures print theirs.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

enum { INPUT_END = -1 };

struct input {
	const char *name;	/* for messages */
	int fd;
	uint64_t line;		/* of the field read last, from 1 */
	uint64_t bytes;		/* read so far */
	uint64_t total;		/* of a regular file, 0: not known */
	char *buffer;
	size_t begin, end, capacity;
	bool ended, line_ended;
	struct sum *sum;	/* of the bytes before `summed`, or NULL */
	size_t summed;		/* in the buffer, not before `begin` */
};

/* "-" is stdin. Functions return an exit status; *input can be closed after
 * every outcome. `path` is borrowed. */
int input_open(struct input *, const char *path);
void input_close(struct input *);

/* The bytes of memory, copied. */
int input_open_memory(struct input *, const void *, size_t);

/* From now on a sum is taken of what is read. */
int input_sum_start(struct input *);

/* The sum of all bytes taken so far by field or line. Where more than a line
 * follows it may be the sum of more. */
uint64_t input_sum(const struct input *);

/*
 * The bytes up to the next `stop` or newline, or up to the end: *stopped says
 * which, INPUT_END for the end. A field longer than `limit` is EXIT_DATA. It
 * may be changed, lives until the next call, and a NUL stands behind it.
 */
int input_field(struct input *, char stop, uint64_t limit,
    struct word *field, int *stopped);

/* The same, but only `stop` ends it, even if that is no newline. */
int input_until(struct input *, char stop, uint64_t limit,
    struct word *field, int *stopped);

/* The next `size` bytes; fewer at the end. */
int input_exact(struct input *, size_t size, struct word *field);

/* Pass over what is left of the line, of whatever length. */
int input_skip_line(struct input *);

/* Up to `size` bytes of what comes next, which stay; fewer when they end or
 * the buffer's first capacity does. */
int input_peek(struct input *, size_t size, struct word *ahead);

/* Whether `text` comes next. */
int input_begins(struct input *, const char *text, bool *begins);

/* Whether nothing is left. */
int input_at_end(struct input *, bool *at_end);

/* The bytes up to the end. */
int input_rest(struct input *, uint64_t limit, struct word *rest);

/* Whether the next line is here already, so that reading it will not wait. */
bool input_ready(const struct input *);

/* Whether a signal ended the last wait. */
bool input_interrupted(void);

#endif
