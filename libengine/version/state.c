/*
 * state.c - what a manifest adds up to, and the laws of its numbers.
 *
 * File numbers, runs, sequences and logs only grow; every number that is used
 * has been reserved. A manifest that says otherwise has lost a record or was
 * made up, and either is damage.
 */
#include "version/state.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "version/text.h"

static void
options_free(struct edit_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		mem_free(options[i].name);
		mem_free(options[i].value);
	}
	mem_free(options);
}

void
state_release(struct state *s)
{
	version_unref(s->version);
	options_free(s->options, s->options_count);
	mem_free(s->ends);
	mem_free(s->created);
	*s = (struct state){ 0 };
}

const char *
state_option(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->options_count; i++)
		if (strcmp(s->options[i].name, name) == 0)
			return s->options[i].value;
	return NULL;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Zero stands for "as before". */
static int
grows(const char *story, const char *what, uint64_t before, uint64_t now)
{
	if (now == 0 || now >= before)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: %s goes back from %" PRIu64
	    " to %" PRIu64, story, what, before, now);
}

static int
numbers_check(const struct state *s, const struct edit *e, const char *story)
{
	int rc;

	if (e->number != s->edit + 1)
		return status_set(LSM_CORRUPT, "%s: edit %" PRIu64
		    " stands behind edit %" PRIu64, story, e->number, s->edit);
	if (e->has_identity &&
	    memcmp(e->database, s->current.database, ID_SIZE) != 0)
		return status_set(LSM_CORRUPT, "%s: is of another database",
		    story);
	if ((rc = grows(story, "the reserved number", s->reserved,
	    e->reserved)) != LSM_OK ||
	    (rc = grows(story, "the flushed sequence", s->flushed,
	    e->flushed)) != LSM_OK ||
	    (rc = grows(story, "the ingested sequence", s->ingested,
	    e->ingested)) != LSM_OK ||
	    (rc = grows(story, "the oldest log", s->log, e->log)) != LSM_OK)
		return rc;
	return grows(story, "the next run", s->next_run, e->next_run);
}

static int
add_check(const struct state *s, const struct edit *e,
    const struct edit_add *a, const char *story)
{
	uint64_t held = larger(larger(s->flushed, e->flushed),
	    larger(s->ingested, e->ingested));
	const char *reason = NULL;

	if (a->meta.number >= larger(s->reserved, e->reserved))
		reason = "its number was not reserved";
	else if (a->run >= larger(s->next_run, e->next_run))
		reason = "its run is not below the next one";
	else if (a->meta.sequence_max > held)
		reason = "it holds more than was flushed";
	if (reason == NULL)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: table %" PRIu64 ": %s", story,
	    a->meta.number, reason);
}

static int
laws_check(const struct state *s, const struct edit *e, const char *story)
{
	int rc;

	if ((rc = numbers_check(s, e, story)) != LSM_OK)
		return rc;
	for (size_t i = 0; i < e->adds_count; i++)
		if ((rc = add_check(s, e, &e->adds[i], story)) != LSM_OK)
			return rc;
	return LSM_OK;
}

static bool
ends_equal(const struct log_end *a, const struct log_end *b)
{
	return a->number == b->number && a->size == b->size &&
	    a->sum == b->sum && a->sequence == b->sequence;
}

/* A log ends once. */
static int
end_keep(const struct log_end *end, const char *story, struct edit *held)
{
	for (size_t i = 0; i < held->ends_count; i++) {
		if (held->ends[i].number != end->number)
			continue;
		if (ends_equal(&held->ends[i], end))
			return LSM_OK;
		return status_set(LSM_CORRUPT, "%s: log %" PRIu64
		    " ends in two places", story, end->number);
	}
	return edit_add_end(held, end);
}

/* The known ends after the edit: those of logs that still live. */
static int
prepare_ends(const struct state *s, const struct edit *e, const char *story,
    struct state_change *c)
{
	uint64_t first = larger(s->log, e->log);
	int rc = LSM_OK;

	c->has_ends = e->ends_count > 0 || (e->log != 0 && s->ends_count > 0);
	if (!c->has_ends)
		return LSM_OK;
	for (size_t i = 0; i < s->ends_count && rc == LSM_OK; i++)
		if (s->ends[i].number >= first)
			rc = end_keep(&s->ends[i], story, &c->held);
	for (size_t i = 0; i < e->ends_count && rc == LSM_OK; i++)
		if (e->ends[i].number >= first)
			rc = end_keep(&e->ends[i], story, &c->held);
	return rc;
}

static int
options_copy(const struct edit_option *options, size_t count, struct edit *to)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < count && rc == LSM_OK; i++)
		rc = edit_set_option(to, options[i].name, options[i].value);
	return rc;
}

static int
prepare_texts(const struct state *s, const struct edit *e,
    struct state_change *c)
{
	int rc;

	if (e->created != NULL && (rc = text_copy(e->created,
	    strlen(e->created), &c->held.created)) != LSM_OK)
		return rc;
	if (!(c->has_options = e->options_count > 0))
		return LSM_OK;
	if ((rc = options_copy(s->options, s->options_count, &c->held)) !=
	    LSM_OK)
		return rc;
	return options_copy(e->options, e->options_count, &c->held);
}

int
state_prepare_rest(const struct state *s, const struct edit *e,
    const char *story, struct state_change *c)
{
	int rc;

	*c = (struct state_change){ .edit = e };
	if ((rc = laws_check(s, e, story)) != LSM_OK ||
	    (rc = prepare_ends(s, e, story, c)) != LSM_OK ||
	    (rc = prepare_texts(s, e, c)) != LSM_OK)
		state_abandon(c);
	return rc;
}

int
state_prepare(const struct state *s, const struct edit *e, const char *story,
    void (*gone)(void *, struct version_table *), void *arg,
    struct state_change *c)
{
	int rc;

	if ((rc = state_prepare_rest(s, e, story, c)) != LSM_OK)
		return rc;
	rc = version_apply(s->version, e, gone, arg, &c->version);
	if (rc == LSM_CORRUPT)
		rc = status_add(rc, "%s", story);
	if (rc != LSM_OK)
		state_abandon(c);
	return rc;
}

void
state_abandon(struct state_change *c)
{
	version_unref(c->version);
	edit_release(&c->held);
	*c = (struct state_change){ 0 };
}

static void
commit_lists(struct state *s, struct state_change *c)
{
	if (c->has_ends) {
		mem_free(s->ends);
		s->ends = c->held.ends;
		s->ends_count = c->held.ends_count;
		c->held.ends = NULL;
	}
	if (c->has_options) {
		options_free(s->options, s->options_count);
		s->options = c->held.options;
		s->options_count = c->held.options_count;
		c->held.options = NULL;
		c->held.options_count = 0;
	}
	if (c->held.created != NULL) {
		mem_free(s->created);
		s->created = c->held.created;
		c->held.created = NULL;
	}
}

void
state_commit(struct state *s, struct state_change *c)
{
	const struct edit *e = c->edit;

	s->edit = e->number;
	s->reserved = larger(s->reserved, e->reserved);
	s->flushed = larger(s->flushed, e->flushed);
	s->ingested = larger(s->ingested, e->ingested);
	s->log = larger(s->log, e->log);
	s->next_run = larger(s->next_run, e->next_run);
	if (e->has_identity)
		memcpy(s->branch, e->branch, ID_SIZE);
	commit_lists(s, c);
	if (c->version != NULL) {
		version_unref(s->version);
		s->version = c->version;
		c->version = NULL;
	}
	state_abandon(c);
}

int
state_copy(const struct state *s, struct state *copy)
{
	struct edit held = { 0 };
	int rc = options_copy(s->options, s->options_count, &held);

	*copy = (struct state){ 0 };
	for (size_t i = 0; i < s->ends_count && rc == LSM_OK; i++)
		rc = edit_add_end(&held, &s->ends[i]);
	if (rc == LSM_OK && s->created != NULL)
		rc = text_copy(s->created, strlen(s->created),
		    &held.created);
	if (rc != LSM_OK) {
		edit_release(&held);
		return rc;
	}
	*copy = *s;
	copy->ends = held.ends;
	copy->options = held.options;
	copy->created = held.created;
	version_ref(copy->version);
	return LSM_OK;
}

int
state_snapshot(const struct state *s, struct edit *e)
{
	const struct version *v = s->version;
	int rc;

	*e = (struct edit){ .number = s->edit, .has_identity = true,
	    .reserved = s->reserved, .flushed = s->flushed,
	    .ingested = s->ingested, .log = s->log,
	    .next_run = s->next_run };
	memcpy(e->database, s->current.database, ID_SIZE);
	memcpy(e->branch, s->branch, ID_SIZE);
	if (s->created != NULL && (rc = text_copy(s->created,
	    strlen(s->created), &e->created)) != LSM_OK)
		goto failed;
	rc = options_copy(s->options, s->options_count, e);
	for (size_t i = 0; i < s->ends_count && rc == LSM_OK; i++)
		rc = edit_add_end(e, &s->ends[i]);
	for (size_t i = 0; i < v->tables && rc == LSM_OK; i++)
		rc = edit_add_table(e, v->list[i]->level, v->list[i]->run,
		    &v->list[i]->meta);
	if (rc == LSM_OK)
		return LSM_OK;
failed:
	edit_release(e);
	return rc;
}
