/*
 * reader_stop.c - why the records of a file end where they end.
 *
 * Behind the last record of a log lies prepared space: zeros, or what a
 * recycled file held before. Neither is told from a record that was torn by
 * looking at one place, so the whole rest is looked at: records that verify
 * there, wherever they begin, prove that something before them is gone.
 */
#include "log/reader.h"

#include "base/status.h"

/* Bytes summed up in a scan, in sizes of what is scanned. False records are
 * old ones, which lie behind each other, and logs stored as values in logs;
 * more is a file made to be slow. */
enum { SCAN_SUMS = 16 };

struct scan {
	struct log_reader *reader;
	struct log_beyond *beyond;
	uint64_t budget;		/* bytes that may still be summed */
	bool frames;			/* saw what looks like a record */
};

static bool
zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Is there a record at `at`, whose header is at hand? *size is 0 if not. */
static int
scan_one(struct scan *s, uint64_t at, uint64_t claimed, uint64_t *size)
{
	struct log_reader *r = s->reader;
	struct record record;
	const uint8_t *p;
	uint64_t want;
	size_t n;
	int rc;

	*size = 0;
	s->frames = true;
	if (claimed > s->budget)
		return status_set(LSM_CORRUPT, "%s: offset %llu: too many "
		    "false records to search", r->name,
		    (unsigned long long)at);
	s->budget -= claimed;
	rc = log_reader_fill(r, at, (size_t)claimed, &p, &n);
	if (rc != LSM_OK)
		return rc;
	if (!record_read(p, n, r->seed, at, &record, &want))
		return LSM_OK;
	*size = record.size;
	s->beyond->records++;
	if (record.watermark > s->beyond->watermark)
		s->beyond->watermark = record.watermark;
	return LSM_OK;
}

/* Go on to the next place in the window that looks like a record. */
static bool
frame_find(const struct log_reader *r, uint64_t *at, const uint8_t *p,
    size_t n, uint64_t *claimed)
{
	uint32_t previous;

	for (; n >= RECORD_HEADER; n -= RECORD_ALIGN, p += RECORD_ALIGN) {
		if (record_framed(p, &previous, claimed) &&
		    *claimed <= r->limit - *at)
			return true;
		*at += RECORD_ALIGN;
	}
	return false;
}

static int
scan_all(struct scan *s, uint64_t at)
{
	struct log_reader *r = s->reader;
	uint64_t claimed, size;
	const uint8_t *p;
	size_t n;
	int rc;

	while (at < r->limit && r->limit - at >= RECORD_HEADER) {
		rc = log_reader_fill(r, at, RECORD_HEADER, &p, &n);
		if (rc != LSM_OK)
			return rc;
		if (!frame_find(r, &at, p, n, &claimed))
			continue;
		if ((rc = scan_one(s, at, claimed, &size)) != LSM_OK)
			return rc;
		at += size ? size : RECORD_ALIGN;
	}
	return LSM_OK;
}

int
log_reader_scan(struct log_reader *r, uint64_t offset,
    struct log_beyond *beyond, bool *frames)
{
	struct scan s = { .reader = r, .beyond = beyond };
	int rc;

	*beyond = (struct log_beyond){ 0 };
	if (r->limit > offset)
		s.budget = (r->limit - offset) * SCAN_SUMS;
	rc = scan_all(&s, offset);
	*frames = s.frames;
	return rc;
}

static int
rest_zero(struct log_reader *r, bool *all)
{
	uint64_t at = r->offset;
	const uint8_t *p;
	size_t n;
	int rc;

	for (*all = true; *all && at < r->limit; at += n) {
		if ((rc = log_reader_fill(r, at, 1, &p, &n)) != LSM_OK)
			return rc;
		*all = zero(p, n);
	}
	return LSM_OK;
}

/* Does what stands at the end claim to follow our last record? */
static int
torn(struct log_reader *r, bool *is, bool *fits)
{
	uint32_t previous;
	const uint8_t *p;
	uint64_t size;
	size_t n;
	int rc;

	*is = *fits = false;
	rc = log_reader_fill(r, r->offset, RECORD_HEADER, &p, &n);
	if (rc != LSM_OK || n < RECORD_HEADER)
		return rc;
	*is = record_framed(p, &previous, &size) &&
	    previous == (uint32_t)r->sum;
	*fits = size <= r->limit - r->offset;
	return LSM_OK;
}

static int
judge(struct log_reader *r, const struct log_beyond *beyond, bool frames,
    const char **reason)
{
	bool zeros, is_torn, fits;
	int rc;

	*reason = NULL;
	if ((rc = rest_zero(r, &zeros)) != LSM_OK ||
	    (rc = torn(r, &is_torn, &fits)) != LSM_OK)
		return rc;
	if (is_torn)
		*reason = fits ? "record: wrong checksum" :
		    "record: longer than the file";
	else if (beyond->records)
		*reason = "no record, but records follow";
	else if (r->offset == r->limit)
		return LSM_OK;
	else if (r->header.id.kind != FILE_LOG)
		*reason = zeros ? "zeros instead of a record" : "no record";
	else if (!zeros && !frames)
		*reason = "neither a record nor prepared space";
	return LSM_OK;
}

static enum log_stop
quiet_end(const struct log_reader *r, const char **reason)
{
	if (r->header.id.kind == FILE_LOG && r->last == RECORD_LEAVE) {
		*reason = "leave mark";
		return LOG_STOP_LEFT;
	}
	*reason = r->offset == r->limit ? "the file ends" : "prepared space";
	return LOG_STOP_END;
}

int
log_reader_stop(struct log_reader *r, enum log_stop *stop,
    const char **reason, struct log_beyond *beyond)
{
	struct log_beyond found;
	bool frames;
	int rc;

	*stop = LOG_STOP_CLOSED;
	*reason = "close mark";
	if (beyond != NULL)
		*beyond = (struct log_beyond){ 0 };
	if (r->header.id.kind == FILE_LOG && r->last == RECORD_CLOSE)
		return LSM_OK;
	*stop = LOG_STOP_BAD;
	if ((rc = log_reader_scan(r, r->offset, &found, &frames)) != LSM_OK ||
	    (rc = judge(r, &found, frames, reason)) != LSM_OK)
		return rc;
	if (beyond != NULL)
		*beyond = found;
	if (*reason == NULL)
		*stop = quiet_end(r, reason);
	return LSM_OK;
}
