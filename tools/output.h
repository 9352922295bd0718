/*
 * output.h - stdout, buffered and checked.
 *
 * stdout carries data and nothing else. The first error sticks: what comes
 * later is dropped, output_ok() is false, and output_close() prints it once.
 * A reader that went away (EPIPE) is no error to talk about: it counts as a
 * pending SIGPIPE.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

enum { OUTPUT_ROOM = 64 * 1024 };

/* A place for up to `size` bytes, at most OUTPUT_ROOM; then say how many were
 * written. */
char *output_reserve(size_t size);
void output_commit(size_t size);

void output_char(char);
void output_text(const char *);
void output_bytes(const void *, size_t);
void output_escaped(const void *, size_t);
void output_hex(const void *, size_t);

/* For short lines: longer than a kilobyte is cut. */
void output_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

bool output_ok(void);
bool output_terminal(void);
void output_flush(void);

/* Flush and close. Returns 0 or the exit status. */
int output_close(void);

#endif
