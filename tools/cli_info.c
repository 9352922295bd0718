/*
 * cli_info.c - options and files: what the database says of itself, and how
 * its options are changed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_kept.h"
#include "json.h"
#include "out.h"

struct listing {
	const struct settings *settings;
	uint64_t count;
};

static void
option_print(void *arg, const char *name, const char *value,
    const char *help)
{
	struct listing *l = arg;

	if (l->settings->style.format == FORMAT_JSON)
		json_bytes(l->count == 0 ? "{" : ",", name, value,
		    strlen(value));
	else if (l->settings->style.format == FORMAT_TSV)
		out_format("%s\t%s\n", name, value);
	else
		out_format("%-22s %-10s %s\n", name, value, help);
	l->count++;
}

/* All of them or none: what is wrong with one is known before. */
static int
options_change(struct request *r)
{
	lsm_options o;
	lsm_db *db;
	size_t i;
	int rc, status = session_writer(r->session, false, &db);

	if (status != 0)
		return status;
	lsm_options_init(&o);
	if ((rc = lsm_options_stored(db, &o)) != LSM_OK)
		return cli_fail_code(rc);
	for (i = 0; i < r->count && status == 0; i++)
		status = kept_set(&o, r->operands[i], "options");
	if (status != 0)
		return status;
	rc = lsm_options_store(db, &o);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static int
options_print(struct request *r)
{
	struct listing l = { .settings = r->settings };
	lsm_options o;
	lsm_db *db;
	int rc, status = session_reader(r->session, &db);

	if (status != 0)
		return status;
	lsm_options_init(&o);
	if ((rc = lsm_options_stored(db, &o)) != LSM_OK)
		return cli_fail_code(rc);
	lsm_options_each(&o, option_print, &l);
	if (r->settings->style.format == FORMAT_JSON)
		out_text("}\n");
	return 0;
}

int
command_options(struct request *r)
{
	return r->count > 0 ? options_change(r) : options_print(r);
}

static const char *
file_state(const lsm_file_info *f)
{
	if (f->live && !f->present)
		return "missing";
	return f->live ? "live" : "unused";
}

static void
file_json(const struct settings *set, const lsm_file_info *f)
{
	json_bytes("{", "name", f->name, strlen(f->name));
	json_bytes(",", "kind", f->kind, strlen(f->kind));
	json_bytes(",", "state", file_state(f), strlen(file_state(f)));
	json_number(",", "size", f->size);
	if (f->level >= 0) {
		json_number(",", "level", (uint64_t)f->level);
		json_number(",", "run", f->run);
		json_number(",", "entries", f->entries);
		json_number(",", "deletes", f->deletes);
		json_number(",", "range_deletes", f->range_deletes);
		json_number(",", "sequence_min", f->sequence_min);
		json_number(",", "sequence_max", f->sequence_max);
		(set->style.keys == KEYS_HEX ? json_hex : json_bytes)(",",
		    "smallest", f->smallest.data, f->smallest.size);
		(set->style.keys == KEYS_HEX ? json_hex : json_bytes)(",",
		    "largest", f->largest.data, f->largest.size);
	}
	out_text("}\n");
}

struct column {
	const char *title;
	int width;		/* in text; below 0: set to the left */
};

static const struct column columns[] = {
	{ "name", -17 }, { "kind", -8 }, { "state", -7 }, { "size", 12 },
	{ "level", 5 }, { "run", 6 }, { "entries", 10 }, { "deletes", 8 },
	{ "ranges", 6 }, { "first", 12 }, { "last", 12 },
};
enum { COLUMNS = sizeof columns / sizeof *columns, CELL = 24, TABLES = 4 };

static void
cell_print(bool text, size_t i, const char *content)
{
	if (text)
		out_format("%*s  ", columns[i].width, content);
	else
		out_format("%s\t", content);
}

static void
head_print(void)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		cell_print(true, i, columns[i].title);
	out_text("smallest  largest\n");
}

/* A file that is no table has "-" where only tables have something to say. */
static void
cells_fill(const lsm_file_info *f, char cells[COLUMNS][CELL])
{
	const uint64_t numbers[] = { (uint64_t)f->level, f->run, f->entries,
		f->deletes, f->range_deletes, f->sequence_min,
		f->sequence_max };
	size_t i;

	snprintf(cells[0], CELL, "%s", f->name);
	snprintf(cells[1], CELL, "%s", f->kind);
	snprintf(cells[2], CELL, "%s", file_state(f));
	snprintf(cells[3], CELL, "%" PRIu64, f->size);
	for (i = TABLES; i < COLUMNS; i++) {
		if (f->level < 0)
			snprintf(cells[i], CELL, "-");
		else
			snprintf(cells[i], CELL, "%" PRIu64,
			    numbers[i - TABLES]);
	}
}

/* A key that the format cannot say is escaped. */
static void
bound_print(const struct settings *set, lsm_slice key)
{
	if (!key_print(set->style.keys, key))
		out_escaped(key.data, key.size);
}

static void
file_line(const struct settings *set, const lsm_file_info *f)
{
	char cells[COLUMNS][CELL];
	bool text = set->style.format != FORMAT_TSV;
	size_t i;

	cells_fill(f, cells);
	for (i = 0; i < COLUMNS; i++)
		cell_print(text, i, cells[i]);
	if (f->level >= 0)
		bound_print(set, f->smallest);
	out_text(text ? "  " : "\t");
	if (f->level >= 0)
		bound_print(set, f->largest);
	out_char('\n');
}

static void
file_print(void *arg, const lsm_file_info *f)
{
	struct listing *l = arg;

	if (l->settings->style.format == FORMAT_JSON) {
		file_json(l->settings, f);
		return;
	}
	if (l->count++ == 0 && l->settings->style.format != FORMAT_TSV)
		head_print();
	file_line(l->settings, f);
}

int
command_files(struct request *r)
{
	struct listing l = { .settings = r->settings };
	lsm_db *db;
	int rc, status = session_reader(r->session, &db);

	if (status != 0)
		return status;
	rc = lsm_files(db, file_print, &l);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}
