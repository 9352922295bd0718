/*
 * options.c - options of a handle, checked, and those kept in the database.
 */
#include "db/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem/memtable.h"
#include "table/compress.h"

enum {
	PAGE_SIZE_MIN = 4096,
	PAGE_SIZE_MAX = 16384,
	FILTER_BITS_MAX = 20,
	WORKERS_MAX = 1
};
#define TABLE_SIZE_MIN ((uint64_t)4096)
#define TABLE_SIZE_MAX ((uint64_t)8 << 30)

void
lsm_options_init(lsm_options *o)
{
	*o = (lsm_options){
		.struct_size = sizeof *o,
		.memtable_size = (size_t)16 << 20,
		.cache_size = (size_t)8 << 20,
		.reads = LSM_READS_MAPPED,
		.workers = 1,
		.max_open_tables = 500,
		.codec = LSM_CODEC_DEFAULT,
		.page_size = PAGE_SIZE_MIN,
		.filter_bits = 10,
		.table_size = (uint64_t)64 << 20,
	};
}

static int
option_bad(const char *name, const char *reason)
{
	return status_set(LSM_INVALID, "option %s: %s", name, reason);
}

static int
handle_check(const lsm_options *o)
{
	if (o->memtable_size < MEMTABLE_LIMIT_MIN ||
	    o->memtable_size > MEMTABLE_LIMIT_MAX)
		return option_bad("memtable_size", "not in 512 bytes to 1 GiB");
	if (o->reads != LSM_READS_MAPPED && o->reads != LSM_READS_STRICT)
		return option_bad("reads", "neither mapped nor strict");
	if (o->workers < 0 || o->workers > WORKERS_MAX)
		return option_bad("workers", "not 0 or 1");
	if (o->max_open_tables < 1)
		return option_bad("max_open_tables", "below 1");
	if (o->read_only && (o->create || o->exclusive))
		return option_bad("create", "contradicts read_only");
	if (o->exclusive && !o->create)
		return option_bad("exclusive", "needs create");
	return LSM_OK;
}

static int
stored_check(const struct stored *s)
{
	if (s->page_size < PAGE_SIZE_MIN || s->page_size > PAGE_SIZE_MAX ||
	    s->page_size % PAGE_SIZE_MIN != 0)
		return option_bad("page_size",
		    "not 4096, 8192, 12288 or 16384");
	if (s->filter_bits > FILTER_BITS_MAX)
		return option_bad("filter_bits", "above 20");
	if (s->table_size < TABLE_SIZE_MIN || s->table_size > TABLE_SIZE_MAX)
		return option_bad("table_size", "not in 4 KiB to 8 GiB");
	return LSM_OK;
}

int
options_check(const lsm_options *given, lsm_options *o)
{
	struct stored s;
	int rc;

	lsm_options_init(o);
	if (given == NULL)
		return LSM_OK;
	if (given->struct_size == 0 || given->struct_size > sizeof *o)
		return option_bad("struct_size", "call lsm_options_init first");
	memcpy(o, given, given->struct_size);
	o->struct_size = sizeof *o;
	if (o->codec == LSM_CODEC_DEFAULT)
		o->codec = codec_default();
	if (!codec_built_in(o->codec))
		return option_bad("codec", "not built in");
	s = (struct stored){ o->codec, o->page_size, o->filter_bits,
		o->table_size };
	if ((rc = stored_check(&s)) != LSM_OK)
		return rc;
	return handle_check(o);
}

static int
edit_set_number(struct edit *e, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, value);
	return edit_set_option(e, name, text);
}

int
stored_edit(const lsm_options *o, struct edit *e)
{
	int rc = edit_set_option(e, "codec", codec_name(o->codec));

	if (rc == LSM_OK)
		rc = edit_set_number(e, "page_size", o->page_size);
	if (rc == LSM_OK)
		rc = edit_set_number(e, "filter_bits", o->filter_bits);
	if (rc == LSM_OK)
		rc = edit_set_number(e, "table_size", o->table_size);
	return rc;
}

/* The manifest proved itself, but it may come from a later library. */
static int
number_read(const struct state *s, const char *name, uint64_t *value)
{
	const char *text = state_option(s, name);
	char *end;

	if (text == NULL)
		return LSM_OK;
	*value = strtoull(text, &end, 10);
	if (*text == '\0' || *end != '\0')
		return status_set(LSM_UNSUPPORTED,
		    "manifest: option %s: \"%s\" is not a number", name, text);
	return LSM_OK;
}

int
stored_read(const struct state *s, struct stored *out)
{
	const char *codec = state_option(s, "codec");
	uint64_t page_size = PAGE_SIZE_MIN, filter_bits = 10;
	int rc;

	*out = (struct stored){ .codec = LSM_CODEC_NONE,
		.table_size = (uint64_t)64 << 20 };
	if (codec != NULL && (rc = codec_parse(codec, &out->codec)) != LSM_OK)
		return rc;
	if ((rc = number_read(s, "page_size", &page_size)) != LSM_OK ||
	    (rc = number_read(s, "filter_bits", &filter_bits)) != LSM_OK ||
	    (rc = number_read(s, "table_size", &out->table_size)) != LSM_OK)
		return rc;
	out->page_size = page_size > UINT32_MAX ? 0 : (uint32_t)page_size;
	out->filter_bits = filter_bits > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)filter_bits;
	return stored_check(out);
}
