/*
 * status.c - an error is a code and, once, its story.
 */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char story[STATUS_STORY_MAX];

static const char *const words[] = {
	[LSM_OK] = "ok",
	[LSM_NOTFOUND] = "not found",
	[LSM_INVALID] = "invalid argument",
	[LSM_TOO_LARGE] = "too large",
	[LSM_NO_DATABASE] = "no such database",
	[LSM_EXISTS] = "database exists",
	[LSM_CORRUPT] = "damaged data",
	[LSM_UNSUPPORTED] = "not supported by this build",
	[LSM_IO] = "input/output error",
	[LSM_NO_SPACE] = "no space left",
	[LSM_NO_MEMORY] = "out of memory",
	[LSM_LOCKED] = "locked by another writer",
	[LSM_READ_ONLY] = "opened read-only",
	[LSM_PERMISSION] = "permission denied",
	[LSM_SYSTEM] = "the system refused a resource",
	[LSM_TOO_OLD] = "snapshot too old",
	[LSM_CONFLICT] = "conflict",
	[LSM_BUSY] = "busy",
	[LSM_FORKED] = "handle of the parent process",
	[LSM_BUG] = "internal error",
	[LSM_UNMET] = "condition not met",
};

const char *
lsm_strerror(int code)
{
	if (code < 0 || (size_t)code >= sizeof words / sizeof *words)
		return "unknown error";
	return words[code];
}

const char *
lsm_message(void)
{
	return story;
}

const char *
status_story(void)
{
	return story;
}

/* A name from disk must not reach a terminal raw. */
static void
story_escape(const char *text)
{
	size_t n = 0;

	for (; *text && n + 5 < sizeof story; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f)
			story[n++] = (char)c;
		else
			n += (size_t)snprintf(story + n, 5, "\\x%02x", c);
	}
	story[n] = '\0';
}

int
status_set(int code, const char *format, ...)
{
	char text[STATUS_STORY_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	story_escape(text);
	return code;
}

static int
code_of(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return LSM_NO_SPACE;
	case ENOMEM:
		return LSM_NO_MEMORY;
	case EACCES:
	case EPERM:
	case EROFS:
		return LSM_PERMISSION;
	case EMFILE:
	case ENFILE:
	case EAGAIN:
		return LSM_SYSTEM;
	default:
		return LSM_IO;
	}
}

int
status_system(int error, const char *format, ...)
{
	char text[STATUS_STORY_MAX], reason[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (strerror_r(error, reason, sizeof reason) != 0)
		snprintf(reason, sizeof reason, "error %d", error);
	return status_set(code_of(error), "%s: %s", text, reason);
}

int
status_add(int code, const char *format, ...)
{
	char text[STATUS_STORY_MAX], before[STATUS_STORY_MAX];
	va_list ap;

	memcpy(before, story, sizeof before);
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return status_set(code, "%s: %s", text, before);
}
