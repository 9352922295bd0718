/*
 * fences.c - where outputs are best cut: the ends of the next level's tables.
 */
#include "compact/fences.h"

void
fences_begin(struct fences *f, struct bytes from)
{
	f->passed = 0;
	f->overlap = 0;
	if (f->run != NULL)
		f->at = run_find(f->run, from);
}

static void
pass_one(struct fences *f)
{
	f->overlap += f->run->tables[f->at]->meta.size;
	f->passed++;
	f->at++;
}

bool
fences_pass(struct fences *f, struct bytes key)
{
	size_t before = f->at;

	while (f->at < f->run->count && bytes_compare(
	    f->run->tables[f->at]->meta.largest, key) < 0)
		pass_one(f);
	return f->at > before;
}

bool
fences_full(const struct fences *f, struct bytes key)
{
	const struct table_meta *next;

	if (f->passed == 0 || f->most == 0 || f->at == f->run->count)
		return false;
	next = &f->run->tables[f->at]->meta;
	return f->overlap + next->size > f->most &&
	    bytes_compare(next->smallest, key) <= 0;
}

bool
fences_divide(struct fences *f, struct bytes to, struct bytes *last)
{
	if (f->run == NULL)
		return false;
	while (f->at < f->run->count && bytes_compare(
	    f->run->tables[f->at]->meta.largest, to) < 0) {
		*last = f->run->tables[f->at]->meta.largest;
		pass_one(f);
		if (f->at < f->run->count && bytes_compare(
		    f->run->tables[f->at]->meta.smallest, to) < 0 &&
		    fences_full(f, f->run->tables[f->at]->meta.smallest))
			return true;
	}
	return false;
}
