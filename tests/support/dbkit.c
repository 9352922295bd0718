/*
 * dbkit.c - short words for tests of the whole engine through lsm.h.
 */
#define _GNU_SOURCE
#include "support/dbkit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/checksum.h"
#include "compact/shape.h"

enum { TURNS = 4, SCAN_ROOM = 8192 };

lsm_options
dbkit_options(struct sim *sim)
{
	lsm_options o;

	lsm_options_init(&o);
	o.create = 1;
	o.no_sync = 1;
	o.workers = 0;
	o.env = sim ? sim_env(sim) : NULL;
	return o;
}

const char *
dbkit_path(const char *name)
{
	static char text[TURNS][512];
	static unsigned turn;
	char *to = text[turn++ % TURNS];

	snprintf(to, sizeof text[0], "%s/%s", test_dir(), name);
	return to;
}

lsm_db *
dbkit_open(const char *path, const lsm_options *o)
{
	lsm_db *db;

	CHECK_OK(lsm_open(path, o, &db));
	return db;
}

void
dbkit_close(lsm_db *db)
{
	CHECK_OK(lsm_close(db));
}

void
dbkit_refused(const char *path, const lsm_options *o, int code)
{
	lsm_db *db = (lsm_db *)o;

	CHECK_CODE(lsm_open(path, o, &db), code);
	CHECK(db == NULL);
	CHECK(lsm_message()[0] != '\0');
}

void
dbkit_put(lsm_db *db, const char *key, const char *value)
{
	CHECK_OK(lsm_put(db, lsm_str(key), lsm_str(value), 0));
}

void
dbkit_delete(lsm_db *db, const char *key)
{
	CHECK_OK(lsm_delete(db, lsm_str(key), 0));
}

static const char *
number_key(unsigned i, const char *tag, char value[64])
{
	static _Thread_local char key[16];

	snprintf(key, sizeof key, "k%06u", i);
	snprintf(value, 64, "v%u%s", i, tag);
	return key;
}

void
dbkit_fill(lsm_db *db, unsigned from, unsigned to, const char *tag)
{
	char value[64];

	for (unsigned i = from; i < to; i++) {
		const char *key = number_key(i, tag, value);

		dbkit_put(db, key, value);
	}
}

const char *
dbkit_made(void)
{
	static char path[512];
	lsm_options o = dbkit_options(NULL);
	lsm_db *db;

	snprintf(path, sizeof path, "%s", dbkit_path("db"));
	db = dbkit_open(path, &o);
	dbkit_fill(db, 0, 100, "");
	CHECK_OK(lsm_flush(db));
	dbkit_fill(db, 100, 120, "");
	dbkit_close(db);
	return path;
}

void
dbkit_two_places(lsm_db *db)
{
	dbkit_fill(db, 0, 100, "");
	CHECK_OK(lsm_flush(db));
	dbkit_fill(db, 1000, 1100, "");
	CHECK_OK(lsm_flush(db));
	CHECK_EQ(dbkit_stat(db, "level.7.tables"), 2);
}

void
dbkit_check_fill(lsm_db *db, unsigned from, unsigned to, const char *tag)
{
	char value[64];

	for (unsigned i = from; i < to; i++) {
		const char *key = number_key(i, tag, value);

		dbkit_check(db, NULL, key, value);
	}
}

void
dbkit_check(lsm_db *db, const lsm_snapshot *s, const char *key,
    const char *value)
{
	lsm_buffer b = { 0 };
	int rc = lsm_get(db, s, lsm_str(key), &b);
	bool same = b.size == (value ? strlen(value) : 0) &&
	    (b.size == 0 || memcmp(b.data, value, b.size) == 0);

	lsm_buffer_free(&b);
	if (rc != (value ? LSM_OK : LSM_NOTFOUND))
		test_fail(__FILE__, __LINE__, "get %s: %s (%s)", key,
		    lsm_strerror(rc), lsm_message());
	if (!same)
		test_fail(__FILE__, __LINE__, "get %s is not \"%s\"", key,
		    value ? value : "");
}

const char *
dbkit_scan(lsm_db *db, const lsm_snapshot *s, const lsm_range *range,
    bool backward)
{
	static char text[TURNS][SCAN_ROOM];
	static unsigned turn;
	char *to = text[turn++ % TURNS];
	size_t n = 0;
	lsm_iter *it;

	to[0] = '\0';
	CHECK_OK(lsm_iter_new(db, s, range, &it));
	CHECK_OK(backward ? lsm_iter_last(it) : lsm_iter_first(it));
	while (lsm_iter_valid(it) && n < SCAN_ROOM - 1) {
		lsm_slice k = lsm_iter_key(it), v = lsm_iter_value(it);

		n += (size_t)snprintf(to + n, SCAN_ROOM - n, "%s%.*s=%.*s",
		    n ? " " : "", (int)k.size, (const char *)k.data,
		    (int)v.size, (const char *)v.data);
		CHECK_OK(backward ? lsm_iter_prev(it) : lsm_iter_next(it));
	}
	lsm_iter_free(it);
	return to;
}

struct wanted_stat {
	const char *name;
	uint64_t value;
	bool found;
};

static void
stat_pick(void *arg, const lsm_stat *s)
{
	struct wanted_stat *w = arg;

	if (strcmp(s->name, w->name) == 0) {
		w->value = s->value;
		w->found = true;
	}
}

uint64_t
dbkit_stat(lsm_db *db, const char *name)
{
	struct wanted_stat w = { .name = name };

	CHECK_OK(lsm_stats(db, stat_pick, &w));
	if (!w.found && strncmp(name, "level.", 6) != 0)
		test_fail(__FILE__, __LINE__, "no statistic %s", name);
	return w.value;
}

bool
dbkit_has_stat(lsm_db *db, const char *name)
{
	struct wanted_stat w = { .name = name };

	CHECK_OK(lsm_stats(db, stat_pick, &w));
	return w.found;
}

struct wanted_files {
	const char *kind;
	char name[64];
	unsigned present, live;
};

static void
file_pick(void *arg, const lsm_file_info *f)
{
	struct wanted_files *w = arg;

	if (strcmp(f->kind, w->kind) != 0)
		return;
	w->present += f->present != 0;
	w->live += f->present && f->live;
	snprintf(w->name, sizeof w->name, "%s", f->name);
}

unsigned
dbkit_files(lsm_db *db, const char *kind, bool live)
{
	struct wanted_files w = { .kind = kind };

	CHECK_OK(lsm_files(db, file_pick, &w));
	return live ? w.live : w.present;
}

const char *
dbkit_file(lsm_db *db, const char *kind)
{
	static struct wanted_files w[TURNS];
	static unsigned turn;
	struct wanted_files *at = &w[turn++ % TURNS];

	*at = (struct wanted_files){ .kind = kind };
	CHECK_OK(lsm_files(db, file_pick, at));
	CHECK(at->present > 0);
	return at->name;
}

uint8_t *
dbkit_read(lsm_env *env, const char *dir, const char *name, size_t *n)
{
	struct env_file *file;
	struct env_dir *d;
	uint64_t size;
	uint8_t *p;
	bool made;

	CHECK_OK(env->ops->dir_open(env, dir, false, &d, &made));
	CHECK_OK(env->ops->file_open(d, name, ENV_READ, &file));
	CHECK_OK(env->ops->file_size(file, &size));
	p = calloc(1, (size_t)size + 1);
	CHECK(p != NULL);
	CHECK_OK(env->ops->file_read(file, 0, p, (size_t)size, n));
	CHECK_OK(env->ops->file_close(file));
	env->ops->dir_close(d);
	return p;
}

uint64_t
dbkit_find(lsm_env *env, const char *dir, const char *name,
    const char *content)
{
	size_t n;
	uint8_t *p = dbkit_read(env, dir, name, &n);
	uint8_t *at = memmem(p, n, content, strlen(content));
	uint64_t offset = at ? (uint64_t)(at - p) : 0;

	free(p);
	if (offset == 0)
		test_fail(__FILE__, __LINE__, "no \"%s\" in %s", content,
		    name);
	return offset;
}

int
dbkit_work_off(lsm_db *db)
{
	int more = 1, rc, failed = LSM_OK;

	for (int i = 0; i < 1000 && more; i++)
		if ((rc = lsm_step(db, &more)) != LSM_OK)
			failed = rc;
	CHECK(!more);
	return failed;
}

struct wanted_table {
	const char *first;
	char name[64];
};

static void
table_see(void *arg, const lsm_file_info *f)
{
	struct wanted_table *w = arg;

	if (f->level == LEVEL_LAST && bytes_equal(bytes_of(f->smallest),
	    bytes(w->first, strlen(w->first))))
		snprintf(w->name, sizeof w->name, "%s", f->name);
}

const char *
dbkit_table_of(lsm_db *db, const char *first)
{
	static struct wanted_table w;

	w = (struct wanted_table){ .first = first };
	CHECK_OK(lsm_files(db, table_see, &w));
	CHECK(w.name[0] != '\0');
	return w.name;
}

static uint64_t tree_sum;

static void
tree_put(const void *p, size_t n)
{
	tree_sum = tree_sum * 31 + hash64(bytes(p, n));
}

static int
tree_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char chunk[4096];
	FILE *f;
	size_t n;

	(void)ftw;
	tree_put(path, strlen(path));
	tree_put(&st->st_mode, sizeof st->st_mode);
	tree_put(&st->st_size, sizeof st->st_size);
	tree_put(&st->st_mtim, sizeof st->st_mtim);
	tree_put(&st->st_ino, sizeof st->st_ino);
	if (type != FTW_F || !S_ISREG(st->st_mode) ||
	    (f = fopen(path, "r")) == NULL)
		return 0;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		tree_put(chunk, n);
	fclose(f);
	return 0;
}

/* The order of a directory does not change while nothing in it does. */
uint64_t
dbkit_tree(const char *path)
{
	tree_sum = 0;
	CHECK(nftw(path, tree_file, 8, FTW_PHYS) == 0);
	return tree_sum;
}
