/*
 * status.h - an error is a code and, once, its story.
 *
 * The place that discovers a failure calls status_set, with file, offset and
 * reason; from there only the code travels. The story is kept per thread.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "lsm.h"

enum { STATUS_STORY_MAX = 512 };	/* longer stories are cut */

/* Keep the story and return `code`. Unprintable bytes become \xHH. */
int status_set(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, for a failed system call: "WHAT: strerror", and the code that
 * fits `error` (an errno value). */
int status_system(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The story of this thread, to be kept elsewhere and told again. */
const char *status_story(void);

/* Put words in front of the story: "FORMAT: STORY". Returns `code`. */
int status_add(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
