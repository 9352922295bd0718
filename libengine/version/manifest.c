/*
 * manifest.c - the log of version edits, as its writer sees it.
 *
 *   file header | snapshot | edit*
 *
 * An edit counts when it is durable. What may fail without a trace comes
 * before its first byte; after that a failure leaves the end of the file
 * unknown, and nothing is ever appended behind an unknown end. The caller
 * allows one thread at a time.
 */
#include "version/state.h"

#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "log/record.h"

enum {
	RESTART_MIN = 16 << 10,		/* bytes; smaller ones only grow */
	RESTART_TIMES = 2,		/* the size of the snapshot */
	LONG_MIN = 2 << 10,		/* bytes of edits */
	LONG_PARTS = 4			/* of the snapshot that edits are */
};

struct manifest {
	struct env_file *file;
	char name[FILE_NAME_MAX];
	uint64_t seed;
	uint64_t size;		/* where the next record goes */
	uint64_t sum;		/* of the record before */
	uint64_t first_size;	/* header and snapshot */
	uint64_t appended;	/* bytes, by this object */
	bool broken;		/* its end is not known */
};

static struct file_id
manifest_id(const struct current *c)
{
	struct file_id id = { .kind = FILE_MANIFEST, .number = c->manifest };

	memcpy(id.database, c->database, ID_SIZE);
	memcpy(id.branch, c->branch, ID_SIZE);
	return id;
}

static int
manifest_alloc(const struct current *c, struct manifest **out)
{
	struct manifest *m = mem_zalloc(sizeof *m);
	struct file_id id = manifest_id(c);

	*out = m;
	if (m == NULL)
		return mem_exhausted(sizeof *m);
	file_name(m->name, FILE_MANIFEST, c->manifest);
	m->seed = file_seed(&id);
	return LSM_OK;
}

void
manifest_free(struct manifest *m)
{
	if (m == NULL)
		return;
	env_file_close(m->file);
	mem_free(m);
}

/* Append the edit to *out as a record that will stand at `position`. */
static int
record_encode(const struct manifest *m, enum record_kind kind,
    const struct edit *e, uint64_t position, uint64_t previous,
    struct buffer *out, uint64_t *sum)
{
	size_t at = out->n, payload;
	int rc;

	if ((rc = buffer_reserve(out, RECORD_HEADER)) != LSM_OK)
		return rc;
	out->n += RECORD_HEADER;
	if ((rc = edit_encode(e, out)) != LSM_OK)
		return rc;
	payload = out->n - at - RECORD_HEADER;
	if (payload > UINT32_MAX - RECORD_HEADER)
		return status_set(LSM_TOO_LARGE, "%s: edit of %zu bytes",
		    m->name, payload);
	if ((rc = buffer_reserve(out, RECORD_ALIGN)) != LSM_OK)
		return rc;
	*sum = record_seal(out->p + at, (uint8_t)kind, (uint32_t)payload,
	    e->number, previous, NULL, m->seed, position);
	out->n = at + record_size(payload, false);
	return LSM_OK;
}

/* The bytes of a new manifest: its header and the snapshot. */
static int
content_encode(struct manifest *m, struct env_dir *dir,
    const struct current *c, const struct edit *snapshot, struct buffer *out)
{
	struct file_header h = {
		.id = manifest_id(c),
		.created_us = dir->env->ops->date_us(dir->env),
		.edit = snapshot->number,
	};
	int rc;

	if ((rc = buffer_reserve(out, BLOCK_UNIT)) != LSM_OK)
		return rc;
	file_header_write(out->p, &h);
	out->n = BLOCK_UNIT;
	return record_encode(m, RECORD_SNAPSHOT, snapshot, BLOCK_UNIT,
	    m->seed, out, &m->sum);
}

/* The file, durable under its name. */
static int
content_store(struct manifest *m, struct env_dir *dir, struct bytes content)
{
	const struct env_ops *ops = dir->env->ops;
	int rc;

	rc = ops->file_open(dir, m->name, ENV_CREATE, &m->file);
	if (rc != LSM_OK)
		return rc;
	if ((rc = ops->file_append(m->file, content.p, content.n)) == LSM_OK &&
	    (rc = ops->file_sync(m->file)) == LSM_OK)
		rc = ops->dir_sync(dir);
	if (rc != LSM_OK)	/* CURRENT does not name it yet */
		(void)ops->dir_unlink(dir, m->name);
	return rc;
}

/* The next state's CURRENT and its snapshot, as an edit of its own. */
static int
restart_prepare(const struct state *s, uint64_t number, struct current *c,
    struct edit *snapshot)
{
	int rc;

	if ((rc = state_snapshot(s, snapshot)) != LSM_OK)
		return rc;
	snapshot->number = s->edit + 1;
	if (snapshot->reserved <= number)
		snapshot->reserved = number + 1;
	*c = s->current;
	memcpy(c->branch, s->branch, ID_SIZE);
	c->manifest = number;
	c->edit = snapshot->number;
	return LSM_OK;
}

static void
restart_commit(struct state *s, const struct manifest *m,
    const struct current *c, const struct edit *snapshot)
{
	s->current = *c;
	s->edit = snapshot->number;
	s->reserved = snapshot->reserved;
	s->manifest_size = s->manifest_first = m->size;
	s->manifest_sum = m->sum;
	s->torn = false;
}

int
manifest_create(struct env_dir *dir, struct state *s, uint64_t number,
    bool *fatal, struct manifest **out)
{
	struct buffer content = { 0 }, current = { 0 };
	struct manifest *m = NULL;
	struct edit snapshot = { 0 };
	struct current c;
	int rc;

	*out = NULL;
	*fatal = false;
	if ((rc = restart_prepare(s, number, &c, &snapshot)) != LSM_OK ||
	    (rc = manifest_alloc(&c, &m)) != LSM_OK ||
	    (rc = content_encode(m, dir, &c, &snapshot, &content)) != LSM_OK ||
	    (rc = current_encode(&c, &current)) != LSM_OK)
		goto done;
	m->size = m->first_size = m->appended = content.n;
	/* The manifest is durable before CURRENT names it: two syncs. */
	if ((rc = content_store(m, dir, buffer_bytes(&content))) != LSM_OK)
		goto done;
	*fatal = true;
	rc = dir->env->ops->dir_replace(dir, "CURRENT",
	    buffer_bytes(&current));
	if (rc != LSM_OK)
		goto done;
	*fatal = false;
	restart_commit(s, m, &c, &snapshot);
	*out = m;
	m = NULL;
done:
	manifest_free(m);
	edit_release(&snapshot);
	buffer_free(&content);
	buffer_free(&current);
	return rc;
}

int
manifest_continue(struct env_dir *dir, const struct state *s,
    struct manifest **out)
{
	struct manifest *m;
	uint64_t size;
	int rc;

	assert(!s->torn);
	*out = NULL;
	if ((rc = manifest_alloc(&s->current, &m)) != LSM_OK)
		return rc;
	rc = dir->env->ops->file_open(dir, m->name, ENV_APPEND, &m->file);
	if (rc != LSM_OK ||
	    (rc = dir->env->ops->file_size(m->file, &size)) != LSM_OK)
		goto done;
	if (size != s->manifest_size) {
		rc = status_set(LSM_CORRUPT, "%s: offset %" PRIu64
		    ": file ends here, but %" PRIu64 " bytes were read",
		    m->name, size, s->manifest_size);
		goto done;
	}
	m->size = size;
	m->first_size = s->manifest_first;
	m->sum = s->manifest_sum;
	*out = m;
	m = NULL;
done:
	manifest_free(m);
	return rc;
}

int
manifest_sync(struct manifest *m)
{
	return m->file->env->ops->file_sync(m->file);
}

static void
runs_reserve(struct edit *e, const struct state *s)
{
	for (size_t i = 0; i < e->adds_count; i++)
		if (e->adds[i].run >= s->next_run &&
		    e->adds[i].run >= e->next_run)
			e->next_run = e->adds[i].run + 1;
}

/* Nothing was written when the disk was full before the first byte. */
static bool
untouched(struct manifest *m, int rc)
{
	uint64_t size;

	return rc == LSM_NO_SPACE &&
	    m->file->env->ops->file_size(m->file, &size) == LSM_OK &&
	    size == m->size;
}

static int
record_store(struct manifest *m, struct bytes record, uint64_t sum)
{
	const struct env_ops *ops = m->file->env->ops;
	int rc;

	rc = ops->file_append(m->file, record.p, record.n);
	if (rc != LSM_OK) {
		m->broken = !untouched(m, rc);
		return status_add(rc, "%s: offset %" PRIu64, m->name, m->size);
	}
	if ((rc = ops->file_sync(m->file)) != LSM_OK) {
		m->broken = true;
		return rc;
	}
	m->size += record.n;
	m->appended += record.n;
	m->sum = sum;
	return LSM_OK;
}

int
manifest_append(struct manifest *m, struct state *s, struct edit *e,
    void (*gone)(void *, struct version_table *), void *arg, bool *fatal)
{
	struct state_change change = { 0 };
	struct buffer record = { 0 };
	struct version *before = s->version;
	uint64_t sum;
	int rc;

	assert(!m->broken);
	*fatal = false;
	e->number = s->edit + 1;
	runs_reserve(e, s);
	/* An edit that breaks a law never reaches the disk. */
	if ((rc = state_prepare(s, e, m->name, gone, arg, &change)) !=
	    LSM_OK ||
	    (rc = record_encode(m, RECORD_EDIT, e, m->size, m->sum, &record,
	    &sum)) != LSM_OK ||
	    (rc = record_store(m, buffer_bytes(&record), sum)) != LSM_OK)
		goto done;
	version_retire(before, change.version);
	state_commit(s, &change);
	s->manifest_size = m->size;
	s->manifest_sum = m->sum;
done:
	*fatal = m->broken;
	state_abandon(&change);
	buffer_free(&record);
	return rc;
}

bool
manifest_wants_restart(const struct manifest *m)
{
	return m->size > RESTART_MIN && m->size / RESTART_TIMES >
	    m->first_size;
}

bool
manifest_is_long(const struct manifest *m)
{
	uint64_t edits = m->size - m->first_size;

	return m->appended > 0 && edits > LONG_MIN &&
	    edits > m->first_size / LONG_PARTS;
}

uint64_t
manifest_bytes(const struct manifest *m)
{
	return m->appended;
}
