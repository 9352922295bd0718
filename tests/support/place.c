/*
 * place.c - a directory whose logs hold records that prove themselves.
 */
#include "support/place.h"

#include "env/files.h"
#include "support/envkit.h"

const uint8_t place_id[16] = "a database's id";

void
place_open(struct place *p, lsm_env *env, bool writer)
{
	memset(p, 0, sizeof *p);
	p->ops = env->ops;
	p->dir = envkit_dir(env, test_dir());
	CHECK_OK(p->ops->lock_open(p->dir, writer, &p->lock));
	if (!writer)
		return;
	CHECK_OK(p->ops->lock_hold(p->lock, 0, 1, ENV_EXCLUSIVE));
	CHECK_OK(p->ops->log_open(p->dir, p->lock, place_id, &p->log,
	    &p->tail));
}

void
place_close(struct place *p)
{
	p->ops->log_close(p->log);
	p->ops->lock_close(p->lock);
	p->ops->dir_close(p->dir);
}

void
place_switch(struct place *p, struct case_cursor next, uint64_t recycled)
{
	char name[FILE_NAME_MAX], old[FILE_NAME_MAX];
	uint8_t head[CASE_START] = "head", first[CASE_HEADER];

	file_name(name, FILE_LOG, next.number);
	if (recycled > 0)
		file_name(old, FILE_LOG, recycled);
	CHECK_OK(p->ops->log_prepare(p->dir, name, recycled > 0 ? old : NULL,
	    PLACE_SEGMENT, bytes(head, sizeof head)));
	case_write(first, &next, sizeof first, CASE_PUT, NULL);
	CHECK_OK(p->ops->log_switch(p->log, name, next.number, CASE_START,
	    bytes(first, sizeof first)));
	p->at = next;
	p->at.offset += sizeof first;
	p->at.sequence++;
}

void
place_start(struct place *p, lsm_env *env)
{
	place_open(p, env, true);
	place_switch(p, case_first(), 0);
}

void
place_attach(struct place *p, uint64_t number, uint64_t from,
    struct bytes missing)
{
	char name[FILE_NAME_MAX];

	file_name(name, FILE_LOG, number);
	CHECK_OK(p->ops->log_attach(p->log, name, number, from, missing));
}

int
place_put(struct place *p, uint32_t size, uint32_t kind)
{
	uint8_t *to;
	int rc = p->ops->log_reserve(p->log, size, &to);

	if (rc != LSM_OK)
		return rc;
	case_write(to, &p->at, size, kind, NULL);
	if ((rc = p->ops->log_commit(p->log, size)) != LSM_OK)
		return rc;
	p->at.offset += size;
	p->at.sequence++;
	return LSM_OK;
}

size_t
place_file(struct place *p, uint64_t number, uint8_t *to, size_t n)
{
	char name[FILE_NAME_MAX];
	struct env_file *file;
	size_t got;

	memset(to, 0, n);
	file_name(name, FILE_LOG, number);
	if (p->ops->file_open(p->dir, name, ENV_READ, &file) != LSM_OK)
		return 0;
	CHECK_OK(p->ops->file_read(file, 0, to, n, &got));
	CHECK_OK(p->ops->file_close(file));
	return got;
}

bool
place_image(struct place *p, uint64_t number, uint8_t *to, size_t n,
    struct env_tail *tail)
{
	struct buffer ring = { 0 };

	if (place_file(p, number, to, n) == 0)
		return false;
	CHECK_OK(p->ops->log_tail(p->dir, p->lock, place_id, number,
	    CASE_START, &ring, tail));
	if (ring.n > 0)
		memcpy(to + (uint32_t)tail->committed - ring.n, ring.p,
		    ring.n);
	buffer_free(&ring);
	return true;
}

bool
place_follow(struct place *p, struct case_cursor *c,
    struct env_tail *tail)
{
	static uint8_t image[4 << 20];
	bool whole = true;

	CHECK(place_image(p, c->number, image, sizeof image, tail));
	CHECK(tail->trusted);
	if (tail->committed >> 32 == c->number)
		return case_follow_all(c, image + c->offset,
		    (uint32_t)tail->committed);
	while (whole && !c->closed)
		whole = case_follow(c, image + c->offset,
		    sizeof image - c->offset);
	return whole;
}
