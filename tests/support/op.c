/*
 * op.c - what a user does to a database, as a word and numbers.
 */
#include "support/op.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "support/need.h"
#include "support/wrong.h"

enum { LINE_MAX_OP = 128 };

static const char *const words[OP_KINDS] = {
	[OP_PUT] = "put", [OP_DELETE] = "delete", [OP_BATCH] = "batch",
	[OP_DELRANGE] = "delrange", [OP_IF] = "if", [OP_INGEST] = "ingest",
	[OP_SYNC] = "sync", [OP_GET] = "get", [OP_GETS] = "gets",
	[OP_SCAN] = "scan", [OP_WALK] = "walk", [OP_SNAPSHOT] = "snapshot",
	[OP_LOOK] = "look", [OP_RELEASE] = "release",
	[OP_HOLD] = "hold", [OP_MOVE] = "move",
	[OP_DROP] = "drop", [OP_FLUSH] = "flush", [OP_COMPACT] = "compact",
	[OP_RANGE] = "range", [OP_STEP] = "step", [OP_REOPEN] = "reopen",
	[OP_TURN] = "turn",
	[OP_READER] = "reader", [OP_SECOND] = "second",
	[OP_BESIDE] = "beside", [OP_REFRESH] = "refresh",
	[OP_PEEK] = "peek", [OP_LEAVE] = "leave", [OP_PASS] = "pass",
};

const char *
op_word(enum op_kind kind)
{
	return words[kind];
}

void
op_list_add(struct op_list *l, struct op op)
{
	NEED_ROOM(l->ops, l->count, l->room);
	l->ops[l->count++] = op;
}

void
op_list_free(struct op_list *l)
{
	free(l->ops);
	*l = (struct op_list){ 0 };
}

static bool
op_parse(const char *line, size_t place, struct op *op)
{
	char word[16];

	*op = (struct op){ .tag = place };
	if (sscanf(line, "%15s %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu64,
	    word, &op->key, &op->size, &op->flags, &op->tag) < 1)
		return wrong("script: \"%s\"", line);
	for (int k = 0; k < OP_KINDS; k++)
		if (strcmp(words[k], word) == 0) {
			op->kind = (enum op_kind)k;
			return true;
		}
	return wrong("script: unknown word \"%s\"", word);
}

bool
op_list_parse(struct op_list *l, const char *text)
{
	char line[LINE_MAX_OP];
	struct op op;

	while (*text != '\0') {
		size_t n = strcspn(text, ";\n"), kept = strcspn(text, ";\n#");

		snprintf(line, sizeof line, "%.*s", (int)kept, text);
		text += n + (text[n] != '\0');
		if (line[strspn(line, " \t")] == '\0')
			continue;
		if (!op_parse(line, l->count + 1, &op))
			return false;
		op_list_add(l, op);
	}
	return true;
}

void
op_print(const struct op *op, FILE *f)
{
	fprintf(f, "%s %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 "\n",
	    words[op->kind], op->key, op->size, op->flags, op->tag);
}

/* Without operations [at, at + n). */
static struct op_list
op_list_without(const struct op_list *l, size_t at, size_t n)
{
	struct op_list out = { 0 };

	for (size_t i = 0; i < l->count; i++)
		if (i < at || i >= at + n)
			op_list_add(&out, l->ops[i]);
	return out;
}

void
op_list_shrink(struct op_list *l, bool (*fails)(void *,
    const struct op_list *), void *arg, int tries)
{
	for (size_t n = l->count / 2 + 1; n > 0; n /= 2)
		for (size_t at = 0; at < l->count && tries > 0; tries--) {
			struct op_list less = op_list_without(l, at, n);

			if (less.count > 0 && fails(arg, &less)) {
				op_list_free(l);
				*l = less;
			} else {
				op_list_free(&less);
				at += n;
			}
		}
}
