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
	char *buffer;
	size_t begin, end, capacity;
	bool ended, line_ended;
};

/* "-" is stdin. Functions return an exit status; *input can be closed after
 * every outcome. `path` is borrowed. */
int input_open(struct input *, const char *path);
void input_close(struct input *);

/*
 * The bytes up to the next `stop` or newline, or up to the end: *stopped says
 * which, INPUT_END for the end. A field longer than `limit` is EXIT_DATA. It
 * may be changed, lives until the next call, and a NUL stands behind it.
 */
int input_field(struct input *, char stop, uint64_t limit,
    struct word *field, int *stopped);

/* The bytes up to the end. */
int input_rest(struct input *, uint64_t limit, struct word *rest);

/* Whether the next line is here already, so that reading it will not wait. */
bool input_ready(const struct input *);

/* Whether a signal ended the last wait. */
bool input_interrupted(void);

#endif
