/*
 * chain.c - how logs follow each other.
 */
#include "log/chain.h"

#include "base/status.h"

/* The beginning of a log that the chain may or may not contain. */
struct look {
	bool header;		/* there, and it proves itself */
	bool started;
	struct log_start start;
};

int
log_list_need(struct env_dir *dir, uint64_t first, struct log_list *l)
{
	struct env_names names;
	const char *name = NULL;
	uint64_t number;
	int rc;

	if (l->read)
		return LSM_OK;
	if ((rc = dir->env->ops->dir_list(dir, &names)) != LSM_OK)
		return rc;
	while (rc == LSM_OK && (name = env_names_next(&names, name)) != NULL)
		if (file_parse(name, &number) == FILE_LOG && number >= first)
			rc = numbers_add(&l->numbers, number);
	env_names_free(&names);
	numbers_sort(&l->numbers);
	l->read = rc == LSM_OK;
	return rc;
}

static int
start_look(struct log_reader *reader, struct look *look)
{
	struct record r;
	int rc = log_reader_next(reader, &r);

	look->started = rc == LSM_OK && r.kind == RECORD_START &&
	    log_start_decode(r.payload, &look->start);
	return rc == LSM_NOTFOUND ? LSM_OK : rc;
}

/* A file that is no log, or not yet, is an answer here. One that has begun
 * stays open, ready to be read. */
static int
look_at(const struct log_replay_in *in, uint64_t number, struct segment *s,
    struct look *look)
{
	struct file_id id = in->id;
	struct log_reader *reader;
	char name[FILE_NAME_MAX];
	int rc;

	*look = (struct look){ 0 };
	log_reader_free(s->ready);
	s->ready = NULL;
	id.kind = FILE_LOG;
	id.number = number;
	file_name(name, FILE_LOG, number);
	rc = log_reader_open(in->dir, name, &id, bytes(NULL, 0), 0, &reader);
	if (rc == LSM_NOTFOUND || rc == LSM_CORRUPT)
		return LSM_OK;
	if (rc != LSM_OK)
		return rc;
	look->header = true;
	rc = start_look(reader, look);
	if (rc == LSM_OK && look->started)
		s->ready = reader;
	else
		log_reader_free(reader);
	return rc;
}

static int
missing(uint64_t number)
{
	char name[FILE_NAME_MAX];

	return status_set(LSM_CORRUPT, "%s: missing or without a header, and "
	    "the log needs it" FILES_MADE_WHOLE, file_name(name, FILE_LOG,
	    number));
}

int
chain_head(const struct log_replay_in *in, struct log_list *list,
    struct segment *s, uint64_t *number)
{
	struct look look;
	int rc;

	*number = 0;
	if (in->first != 0) {
		if ((rc = look_at(in, in->first, s, &look)) != LSM_OK)
			return rc;
		if (!look.header)
			return missing(in->first);
		if (look.started) {
			*number = in->first;
			return LSM_OK;
		}
	}
	rc = log_list_need(in->dir, in->first, list);
	for (size_t i = 0; i < list->numbers.count && rc == LSM_OK; i++) {
		rc = look_at(in, list->numbers.list[i], s, &look);
		if (rc != LSM_OK || !look.started)
			continue;
		/* It may begin the chain only if nothing we need is before. */
		if (list->numbers.list[i] == in->first ||
		    look.start.previous == 0 ||
		    look.start.previous < in->first)
			*number = list->numbers.list[i];
		return LSM_OK;
	}
	return rc;
}

/* The log that the close mark names, if it began: it can only fit. */
static int
next_named(const struct log_replay_in *in, struct segment *s,
    const struct log_end *end, uint64_t *number)
{
	char name[FILE_NAME_MAX];
	struct look look;
	int rc;

	if ((rc = look_at(in, s->names, s, &look)) != LSM_OK ||
	    !look.started)
		return rc;
	if (!log_start_follows(&look.start, end))
		return status_set(LSM_CORRUPT, "%s: offset %d: start record "
		    "does not follow the end of %s", file_name(name, FILE_LOG,
		    s->names), BLOCK_UNIT, s->name);
	*number = s->names;
	return LSM_OK;
}

static int
next_found(const struct log_replay_in *in, struct log_list *list,
    struct segment *s, const struct log_end *end, struct numbers *aside,
    uint64_t *number, bool *begun)
{
	int rc = log_list_need(in->dir, in->first, list);
	size_t kept = aside->count;
	struct look look;

	for (size_t i = 0; i < list->numbers.count && rc == LSM_OK; i++) {
		if (list->numbers.list[i] <= end->number)
			continue;
		if ((rc = look_at(in, list->numbers.list[i], s, &look)) !=
		    LSM_OK)
			return rc;
		if (!look.started)
			continue;
		if (log_start_follows(&look.start, end)) {
			*number = list->numbers.list[i];
			return LSM_OK;
		}
		rc = numbers_add(aside, list->numbers.list[i]);
	}
	*begun = aside->count > kept;
	aside->count = kept;	/* nothing followed: to be judged */
	return rc;
}

int
chain_next(const struct log_replay_in *in, struct log_list *list,
    struct segment *s, const struct log_end *end,
    struct numbers *aside, uint64_t *number, bool *begun)
{
	struct look look;
	int rc = LSM_OK;

	*number = 0;
	*begun = false;
	if (s->last && s->names == 0)
		return LSM_OK;
	if (s->names != 0)
		rc = next_named(in, s, end, number);
	if (rc == LSM_OK && *number == 0)
		rc = next_found(in, list, s, end, aside, number, begun);
	if (rc != LSM_OK || *number != 0 || s->names == 0)
		return rc;
	/* It was whole before the close mark was written. */
	rc = look_at(in, s->names, s, &look);
	return rc == LSM_OK && !look.header ? missing(s->names) : rc;
}
