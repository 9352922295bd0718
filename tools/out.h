/*
 * out.h - stdout, buffered and checked.
 *
 * stdout carries data and nothing else. The first error sticks: what comes
 * later is dropped, out_ok() is false, and out_close() prints it once.
 * A reader that went away (EPIPE) is no error to talk about: it counts as a
 * pending SIGPIPE.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OUT_ROOM = 64 * 1024 };

/* A place for up to `size` bytes, at most OUT_ROOM; then say how many were
 * written. */
char *out_reserve(size_t size);
void out_commit(size_t size);

void out_char(char);
void out_text(const char *);
void out_bytes(const void *, size_t);
void out_escaped(const void *, size_t);
void out_print(const void *, size_t);
void out_hex(const void *, size_t);
void out_base64(const void *, size_t);

/* For short lines: longer than a kilobyte is cut. */
void out_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* A sum (sum.h) of all that is printed between the two. False when out of
 * memory. */
bool out_sum_start(void);
uint64_t out_sum_end(void);

/* What is printed goes to another descriptor until out_restore(), which
 * returns the errno of the first failure since, or 0. Flush before. */
void out_redirect(int fd);
int out_restore(void);

bool out_ok(void);
bool out_terminal(void);

/* Whether records have colours now: those of a file never have. */
bool out_color(void);

void out_flush(void);

/* Flush and close. Returns 0 or the exit status. */
int out_close(void);

#endif
