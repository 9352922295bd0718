/*
 * number.h - counts, sizes and durations as people type them.
 *
 * Digits only, then at most one unit; no sign, no blank, no fraction. A value
 * over its limit is as wrong as trailing junk: all return false.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

bool number_count(const char *text, uint64_t max, uint64_t *count);

/* 4096 64K 10M 2G 1T, powers of 1024. */
bool number_size(const char *text, uint64_t max, uint64_t *size);

/* 500ms 90s 15m 2h 1d; without a unit, seconds. */
bool number_duration(const char *text, uint64_t *us);

/* A size a second: 20M/s, or 20M. */
bool number_rate(const char *text, uint64_t *bytes);

#endif
