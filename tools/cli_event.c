/*
 * cli_event.c - what happens in the background, a line of JSON each on stderr.
 *
 * A line is made whole and then written, because a thread of the library may
 * print it beside the messages of the tool.
 */
#include "cli_event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A story may double when its backslashes and quotes are escaped. */
enum { LINE_ROOM = 2048 };

struct line {
	char text[LINE_ROOM];
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
line_add(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->n, sizeof l->text - l->n, format, args);
	va_end(args);
	if (n > 0)
		l->n += (size_t)n < sizeof l->text - l->n ? (size_t)n :
		    sizeof l->text - l->n - 1;
}

static void
number_add(struct line *l, const char *name, uint64_t value)
{
	if (value != 0)
		line_add(l, ",\"%s\":%" PRIu64, name, value);
}

/* The library's texts are printable ASCII. */
static void
text_add(struct line *l, const char *name, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	line_add(l, ",\"%s\":\"", name);
	for (; *text != '\0'; text++)
		line_add(l, *text == '"' || *text == '\\' ? "\\%c" : "%c",
		    *text);
	line_add(l, "\"");
}

static void
level_add(struct line *l, const char *name, int level)
{
	if (level >= 0)
		line_add(l, ",\"%s\":%d", name, level);
}

void
event_print(void *arg, const lsm_event *e)
{
	struct line l = { .n = 0 };

	(void)arg;
	line_add(&l, "{\"event\":\"%s\",\"at_us\":%" PRIu64, e->name,
	    e->at_us);
	level_add(&l, "from", e->from);
	level_add(&l, "level", e->level);
	text_add(&l, "reason", e->reason);
	number_add(&l, "us", e->us);
	number_add(&l, "tables_in", e->tables_in);
	number_add(&l, "tables_out", e->tables_out);
	number_add(&l, "bytes_in", e->bytes_in);
	number_add(&l, "bytes_out", e->bytes_out);
	number_add(&l, "entries_in", e->entries_in);
	number_add(&l, "entries_out", e->entries_out);
	number_add(&l, "edit", e->edit);
	if (e->code != LSM_OK)
		text_add(&l, "error", lsm_strerror(e->code));
	text_add(&l, "message", e->message);
	line_add(&l, "}\n");
	fputs(l.text, stderr);
}
