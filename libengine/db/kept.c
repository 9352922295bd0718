/*
 * kept.c - the options kept in a database: one table parses, checks, prints,
 * stores and explains them.
 *
 * In the manifest they are text, so that a later library may add to them.
 * There a size is a number; who sets one may write a unit behind it.
 */
#include "db/options.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/codecs.h"
#include "db/db.h"

struct row {
	const char *name;
	const char *const *words;	/* of values from 0; NULL: number;
					 * codec_list: see codecs.h */
	size_t size, in_options, in_stored;	/* bytes and offsets */
	uint64_t least, most, unit;	/* a multiple of unit */
	const char *help;
	bool sized;			/* typed with K, M, G, T too */
};

static const char *const codec_list[] = { NULL };
static const char *const compaction_words[] = { "leveled", "hybrid", "tiered",
	"lazy", NULL };
static const char *const level_words[] = { "dynamic", "fixed", NULL };

_Static_assert((int)LSM_COMPACTION_LEVELED == COMPACTION_LEVELED &&
    (int)LSM_COMPACTION_HYBRID == COMPACTION_HYBRID &&
    (int)LSM_COMPACTION_TIERED == COMPACTION_TIERED &&
    (int)LSM_COMPACTION_LAZY == COMPACTION_LAZY, "one list of policies");

#define FIELD(field) \
	sizeof(((struct stored *)NULL)->field), \
	offsetof(lsm_options, field), offsetof(struct stored, field)

static const struct row table[] = {
	{ "base_size", NULL, FIELD(base_size), 4096, UINT64_C(1) << 50, 1,
	    "bytes of level 1 when level sizes are fixed", true },
	{ "codec", codec_list, FIELD(codec), 0, UINT32_MAX, 1,
	    "compresses leaves; a list: one for each level", false },
	{ "compaction", compaction_words, FIELD(compaction), 0, 3, 1,
	    "shape of the tree: leveled, hybrid, tiered or lazy", false },
	{ "filter_bits", NULL, FIELD(filter_bits), 0, 20, 1,
	    "of the filters, per key", false },
	{ "l0_stop", NULL, FIELD(l0_stop), 3, 1000, 1,
	    "runs in level 0 at which writers wait", false },
	{ "l0_trigger", NULL, FIELD(l0_trigger), 1, 500, 1,
	    "runs in level 0 that are merged", false },
	{ "level_sizes", level_words, FIELD(level_sizes), 0, 1, 1,
	    "dynamic: from the last level up; fixed: from base_size down",
	    false },
	{ "max_sstables", NULL, FIELD(max_sstables), 0, 900, 1,
	    "runs in the tree before level 0 is merged", false },
	{ "min_compaction_files", NULL, FIELD(l0_trigger), 1, 500, 1,
	    "another name of l0_trigger", false },
	{ "page_size", NULL, FIELD(page_size), 4096, 16384, 4096,
	    "bytes of a leaf", true },
	{ "ratio", NULL, FIELD(ratio), 2, 100, 1,
	    "how much larger a level is than the one above", false },
	{ "table_size", NULL, FIELD(table_size), 4096, UINT64_C(8) << 30, 1,
	    "where tables of the first sorted level are cut", true },
};
enum { ROWS = sizeof table / sizeof *table, TEXT_MAX = CODECS_TEXT_MAX };

struct preset {
	const char *name;
	uint64_t max_sstables, l0_trigger, l0_stop;
};

static const struct preset presets[] = {
	{ "low-memory", 3, 2, 8 },
	{ "read-heavy", 5, 2, 12 },
	{ "write-heavy", 20, 8, 40 },
};
enum { PRESETS = sizeof presets / sizeof *presets };

static uint64_t
value_get(const struct row *r, const void *p)
{
	uint64_t wide;
	uint32_t narrow;

	if (r->size == sizeof wide) {
		memcpy(&wide, p, sizeof wide);
		return wide;
	}
	assert(r->size == sizeof narrow);
	memcpy(&narrow, p, sizeof narrow);
	return narrow;
}

static void
value_set(const struct row *r, void *p, uint64_t value)
{
	uint32_t narrow = (uint32_t)value;

	if (r->size == sizeof value)
		memcpy(p, &value, sizeof value);
	else
		memcpy(p, &narrow, sizeof narrow);
}

static const void *
stored_at(const struct stored *s, const struct row *r)
{
	return (const char *)s + r->in_stored;
}

static int
value_check(const struct row *r, uint64_t value)
{
	if (r->words == codec_list)
		return codecs_check((int)value);
	if (value >= r->least && value <= r->most && value % r->unit == 0)
		return LSM_OK;
	if (r->words != NULL)
		return status_set(LSM_INVALID, "option %s: no such choice",
		    r->name);
	return status_set(LSM_INVALID, "option %s: %" PRIu64 " is not in %"
	    PRIu64 " to %" PRIu64 "%s", r->name, value, r->least, r->most,
	    r->unit > 1 ? " in steps of 4096" : "");
}

int
kept_check(const struct stored *s)
{
	int rc;

	for (size_t i = 0; i < ROWS; i++)
		if ((rc = value_check(&table[i], value_get(&table[i],
		    stored_at(s, &table[i])))) != LSM_OK)
			return rc;
	if (s->l0_stop <= s->l0_trigger || s->l0_stop <= s->max_sstables)
		return status_set(LSM_INVALID, "option l0_stop: %" PRIu64
		    " is not above l0_trigger and max_sstables", s->l0_stop);
	return LSM_OK;
}

void
kept_of(const lsm_options *o, struct stored *s)
{
	*s = (struct stored){ 0 };
	for (size_t i = 0; i < ROWS; i++)
		memcpy((char *)s + table[i].in_stored,
		    (const char *)o + table[i].in_options, table[i].size);
}

void
kept_to(const struct stored *s, lsm_options *o)
{
	for (size_t i = 0; i < ROWS; i++)
		memcpy((char *)o + table[i].in_options,
		    stored_at(s, &table[i]), table[i].size);
}

static const char *
value_text(const struct row *r, uint64_t value, char room[TEXT_MAX])
{
	if (r->words == codec_list)
		return codecs_text((int)value, room);
	if (r->words != NULL)
		return value <= r->most ? r->words[value] : "unknown";
	snprintf(room, TEXT_MAX, "%" PRIu64, value);
	return room;
}

/* Digits, and behind those of a size one of K, M, G and T. */
static bool
number_parse(const char *text, bool sized, uint64_t *value)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned shift;
	char *end;

	*value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9')
		return false;
	if (*end == '\0')
		return true;
	unit = strchr(units, *end);
	if (!sized || unit == NULL || end[1] != '\0')
		return false;
	shift = 10 * (unsigned)(unit - units + 1);
	/* Too much stays too much: the limits of each option are below it. */
	*value = *value > UINT64_MAX >> shift ? UINT64_MAX : *value << shift;
	return true;
}

static bool
value_parse(const struct row *r, const char *text, bool typed,
    uint64_t *value)
{
	int codecs;

	*value = 0;
	if (r->words == codec_list) {
		if (!codecs_parse(text, &codecs))
			return false;
		*value = (uint64_t)codecs;
		return true;
	}
	if (r->words == NULL)
		return number_parse(text, typed && r->sized, value);
	for (; r->words[*value] != NULL; ++*value)
		if (strcmp(r->words[*value], text) == 0)
			return true;
	return false;
}

int
kept_edit(const struct stored *s, struct edit *e)
{
	char room[TEXT_MAX];
	int rc = LSM_OK;

	for (size_t i = 0; i < ROWS && rc == LSM_OK; i++)
		rc = edit_set_option(e, table[i].name, value_text(&table[i],
		    value_get(&table[i], stored_at(s, &table[i])), room));
	return rc;
}

/* The manifest proved itself, but it may come from a later library. */
int
kept_read(const struct state *state, struct stored *s)
{
	uint64_t value;

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &table[i];
		const char *text = state_option(state, r->name);

		if (text == NULL)
			continue;
		if (!value_parse(r, text, false, &value))
			return status_set(LSM_UNSUPPORTED,
			    "manifest: option %s: \"%s\" is not known", r->name,
			    text);
		value_set(r, (char *)s + r->in_stored, value);
	}
	return kept_check(s);
}

static int
preset_set(lsm_options *o, const char *name)
{
	for (size_t i = 0; i < PRESETS; i++) {
		if (strcmp(presets[i].name, name) != 0)
			continue;
		o->max_sstables = presets[i].max_sstables;
		o->l0_trigger = presets[i].l0_trigger;
		o->l0_stop = presets[i].l0_stop;
		return LSM_OK;
	}
	return status_set(LSM_INVALID, "option preset: \"%s\" is not "
	    "low-memory, read-heavy or write-heavy", name);
}

static int
value_bad(const struct row *r, const char *text)
{
	if (r->words == codec_list && codecs_too_many(text))
		return status_set(LSM_INVALID, "option %s: \"%s\" names more "
		    "than the %d levels there are", r->name, text, LEVELS_MAX);
	return status_set(LSM_INVALID, "option %s: \"%s\" is %s", r->name,
	    text, r->words != NULL ? "no such choice" : r->sized ?
	    "no size such as 4096, 64K or 8M" : "no number");
}

int
lsm_options_set(lsm_options *o, const char *name, const char *text)
{
	uint64_t value;
	int rc;

	if (strcmp(name, "preset") == 0)
		return preset_set(o, text);
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &table[i];

		if (strcmp(r->name, name) != 0)
			continue;
		if (!value_parse(r, text, true, &value))
			return value_bad(r, text);
		if ((rc = value_check(r, value)) == LSM_OK)
			value_set(r, (char *)o + r->in_options, value);
		return rc;
	}
	return status_set(LSM_INVALID, "option %s: not known", name);
}

void
lsm_options_each(const lsm_options *o, void (*each)(void *, const char *,
    const char *, const char *), void *arg)
{
	lsm_options defaults;
	char room[TEXT_MAX];

	lsm_options_init(&defaults);
	if (o == NULL)
		o = &defaults;
	for (size_t i = 0; i < ROWS; i++)
		each(arg, table[i].name, value_text(&table[i],
		    value_get(&table[i], (const char *)o +
		    table[i].in_options), room), table[i].help);
}

/* A writer's own state has what was kept since it was opened. */
static int
kept_now(lsm_db *db, struct stored *s)
{
	int rc;

	if (db->read_only) {
		*s = db->stored;
		return LSM_OK;
	}
	mutex_lock(&db->edit_mu);
	rc = stored_read(&db->state, s);
	mutex_unlock(&db->edit_mu);
	return rc;
}

int
lsm_options_stored(lsm_db *db, lsm_options *o)
{
	struct stored s;
	int rc;

	if ((rc = db_usable(db)) == LSM_OK &&
	    (rc = kept_now(db, &s)) == LSM_OK)
		kept_to(&s, o);
	return rc;
}

/* All of them go into the edit, those that stay as they are too: so two
 * threads that keep different ones cannot leave a mixture that was checked by
 * nobody. */
static int
kept_store(lsm_db *db, const struct stored *s)
{
	struct edit e = { 0 };
	int rc = kept_edit(s, &e);

	if (rc == LSM_OK)
		rc = db_edit(db, &e);
	edit_release(&e);
	return rc;
}

static bool
kept_equal(const struct stored *a, const struct stored *b)
{
	for (size_t i = 0; i < ROWS; i++)
		if (value_get(&table[i], stored_at(a, &table[i])) !=
		    value_get(&table[i], stored_at(b, &table[i])))
			return false;
	return true;
}

int
lsm_options_store(lsm_db *db, const lsm_options *given)
{
	struct stored now, wanted;
	lsm_options o;
	int rc;

	assert(given != NULL);
	if ((rc = db_writable(db)) != LSM_OK ||
	    (rc = options_check(given, &o)) != LSM_OK ||
	    (rc = db_readable(db)) != LSM_OK ||
	    (rc = kept_now(db, &now)) != LSM_OK)
		return rc;
	kept_of(&o, &wanted);
	if (!kept_equal(&now, &wanted))
		rc = kept_store(db, &wanted);
	events_tell(db);
	return rc;
}
