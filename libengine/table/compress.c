/*
 * compress.c - codecs: by number, by name, and what they do to a payload.
 *
 * A codec is a row of a table. What a writer keeps between two pages (zlib's
 * and Zstandard's hash tables, LZ4's state) lives in its compressor. What
 * readers keep (zlib's and Zstandard's tables again) lies in their inflaters,
 * where each takes one and gives it back. The codecs take their memory from
 * base/alloc.h as well.
 */
#include "table/compress.h"

#include <string.h>
#include <zlib.h>
#ifdef HAVE_LZ4
#include <lz4.h>
#endif
#ifdef HAVE_ZSTD
#define ZSTD_STATIC_LINKING_ONLY	/* to give it our allocator */
#include <zstd.h>
#include <zstd_errors.h>
#endif

#include "base/alloc.h"
#include "base/status.h"
#include "base/sync.h"

enum {
	INFLATERS_MAX = 4,	/* kept for each codec */
	ZLIB_LEVEL = 1,
	ZSTD_LEVEL = 1,
	LZ4_ACCELERATION = 1,
	LZ4_ACCELERATION_QUICK = 2
};

/* `state` is what open made; deflate sets *size to 0 when it does not fit. */
struct codec {
	const char *name;
	uint32_t ratio;		/* raw bytes per stored byte, at most */
	int (*open)(void **state);
	void (*close)(void *state);
	int (*deflate)(void *state, bool quick, struct bytes raw,
	    uint8_t *out, size_t room, size_t *size);
	/* Likewise for inflating; NULL where nothing is kept. */
	int (*inflate_open)(void **state);
	void (*inflate_close)(void *state);
	int (*inflate)(void *state, struct bytes stored, uint8_t *out,
	    size_t raw);
};

struct compressor {
	const struct codec *codec;
	bool quick;
	void *state;
};

static int
inflate_failed(const char *name)
{
	return status_set(LSM_CORRUPT, "%s: malformed or of another length",
	    name);
}

static void *
zlib_alloc(void *opaque, uInt items, uInt size)
{
	(void)opaque;
	return mem_alloc((size_t)items * size);
}

static void
zlib_free(void *opaque, void *p)
{
	(void)opaque;
	mem_free(p);
}

static int
zlib_open(void **state)
{
	z_stream *z = mem_zalloc(sizeof *z);

	if (z == NULL)
		return mem_exhausted(sizeof *z);
	z->zalloc = zlib_alloc;
	z->zfree = zlib_free;
	if (deflateInit(z, ZLIB_LEVEL) != Z_OK) {
		mem_free(z);
		return status_set(LSM_NO_MEMORY, "out of memory: zlib");
	}
	*state = z;
	return LSM_OK;
}

static void
zlib_close(void *state)
{
	deflateEnd(state);
	mem_free(state);
}

static int
zlib_deflate(void *state, bool quick, struct bytes raw, uint8_t *out,
    size_t room, size_t *size)
{
	z_stream *z = state;

	(void)quick;		/* the level that there is, is the quickest */
	if (deflateReset(z) != Z_OK)
		return status_set(LSM_BUG, "zlib: %s",
		    z->msg ? z->msg : "reset");
	z->next_in = (Bytef *)(uintptr_t)raw.p;
	z->avail_in = (uInt)raw.n;
	z->next_out = out;
	z->avail_out = (uInt)room;
	*size = deflate(z, Z_FINISH) == Z_STREAM_END ? z->total_out : 0;
	return LSM_OK;
}

static int
zlib_inflate_open(void **state)
{
	z_stream *z = mem_zalloc(sizeof *z);

	if (z == NULL)
		return mem_exhausted(sizeof *z);
	z->zalloc = zlib_alloc;
	z->zfree = zlib_free;
	if (inflateInit(z) != Z_OK) {
		mem_free(z);
		return status_set(LSM_NO_MEMORY, "out of memory: zlib");
	}
	*state = z;
	return LSM_OK;
}

static void
zlib_inflate_close(void *state)
{
	inflateEnd(state);
	mem_free(state);
}

static int
zlib_inflate(void *state, struct bytes stored, uint8_t *out, size_t raw)
{
	z_stream *z = state;

	if (inflateReset(z) != Z_OK)
		return inflate_failed("zlib");
	z->next_in = (Bytef *)(uintptr_t)stored.p;
	z->avail_in = (uInt)stored.n;
	z->next_out = out;
	z->avail_out = (uInt)raw;
	return inflate(z, Z_FINISH) == Z_STREAM_END && z->total_out == raw &&
	    z->avail_in == 0 ? LSM_OK : inflate_failed("zlib");
}

#ifdef HAVE_LZ4
/* As LZ4_compress_fast_extState(), but that clears the state first, which is
 * larger than most pages. Only the archive has it: with a shared library it is
 * NULL. */
extern int LZ4_compress_fast_extState_fastReset(void *, const char *, char *,
    int, int, int) __attribute__((weak));

static int
lz4_open(void **state)
{
	size_t size = (size_t)LZ4_sizeofState();

	if ((*state = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	LZ4_initStream(*state, size);
	return LSM_OK;
}

static int
lz4_deflate(void *state, bool quick, struct bytes raw, uint8_t *out,
    size_t room, size_t *size)
{
	int (*run)(void *, const char *, char *, int, int, int) =
	    LZ4_compress_fast_extState_fastReset;

	if (run == NULL)
		run = LZ4_compress_fast_extState;
	*size = (size_t)run(state, (const char *)raw.p, (char *)out,
	    (int)raw.n, (int)room, quick ? LZ4_ACCELERATION_QUICK :
	    LZ4_ACCELERATION);
	if (*size == 0)		/* then nothing is said of the state */
		LZ4_initStream(state, (size_t)LZ4_sizeofState());
	return LSM_OK;
}

static int
lz4_inflate(void *state, struct bytes stored, uint8_t *out, size_t raw)
{
	int n = LZ4_decompress_safe((const char *)stored.p, (char *)out,
	    (int)stored.n, (int)raw);

	(void)state;
	return n >= 0 && (size_t)n == raw ? LSM_OK : inflate_failed("LZ4");
}
#endif

#ifdef HAVE_ZSTD
static void *
zstd_alloc(void *opaque, size_t size)
{
	(void)opaque;
	return mem_alloc(size);
}

static void
zstd_free(void *opaque, void *p)
{
	(void)opaque;
	mem_free(p);
}

static const ZSTD_customMem zstd_memory = { zstd_alloc, zstd_free, NULL };

static int
zstd_open(void **state)
{
	*state = ZSTD_createCCtx_advanced(zstd_memory);
	return *state ? LSM_OK :
	    status_set(LSM_NO_MEMORY, "out of memory: Zstandard");
}

static void
zstd_close(void *state)
{
	ZSTD_freeCCtx(state);
}

static int
zstd_deflate(void *state, bool quick, struct bytes raw, uint8_t *out,
    size_t room, size_t *size)
{
	size_t n = ZSTD_compressCCtx(state, out, room, raw.p, raw.n,
	    ZSTD_LEVEL);

	(void)quick;		/* see zlib */
	*size = ZSTD_isError(n) ? 0 : n;
	if (ZSTD_isError(n) &&
	    ZSTD_getErrorCode(n) != ZSTD_error_dstSize_tooSmall)
		return status_set(LSM_NO_MEMORY, "Zstandard: %s",
		    ZSTD_getErrorName(n));
	return LSM_OK;
}

static int
zstd_inflate_open(void **state)
{
	*state = ZSTD_createDCtx_advanced(zstd_memory);
	return *state ? LSM_OK :
	    status_set(LSM_NO_MEMORY, "out of memory: Zstandard");
}

static void
zstd_inflate_close(void *state)
{
	ZSTD_freeDCtx(state);
}

static int
zstd_inflate(void *state, struct bytes stored, uint8_t *out, size_t raw)
{
	size_t n = ZSTD_decompressDCtx(state, out, raw, stored.p, stored.n);

	return n == raw ? LSM_OK : inflate_failed("Zstandard");
}
#endif

/* The ratios: deflate's is proven, LZ4 adds 255 a byte, and Zstandard's
 * smallest block is 4 bytes for at most 128 KiB. */
static const struct codec codecs[] = {
	[LSM_CODEC_NONE] = { .name = "none", .ratio = 1 },
	[LSM_CODEC_ZLIB] = { "zlib", 1032, zlib_open, zlib_close,
	    zlib_deflate, zlib_inflate_open, zlib_inflate_close,
	    zlib_inflate },
#ifdef HAVE_LZ4
	[LSM_CODEC_LZ4] = { "lz4", 255, lz4_open, mem_free,
	    lz4_deflate, NULL, NULL, lz4_inflate },
#else
	[LSM_CODEC_LZ4] = { .name = "lz4" },
#endif
#ifdef HAVE_ZSTD
	[LSM_CODEC_ZSTD] = { "zstd", 32768, zstd_open, zstd_close,
	    zstd_deflate, zstd_inflate_open, zstd_inflate_close,
	    zstd_inflate },
#else
	[LSM_CODEC_ZSTD] = { .name = "zstd" },
#endif
};

enum { CODECS = sizeof codecs / sizeof *codecs };

const char *
lsm_codecs(void)
{
	return "none zlib"
#ifdef HAVE_LZ4
	    " lz4"
#endif
#ifdef HAVE_ZSTD
	    " zstd"
#endif
	    ;
}

int
codec_default(void)
{
	return codec_built_in(LSM_CODEC_LZ4) ? LSM_CODEC_LZ4 : LSM_CODEC_NONE;
}

static _Atomic int missing = -1;

void
codec_missing(int codec)
{
	store_relaxed(&missing, codec);
}

bool
codec_built_in(int codec)
{
	return codec >= 0 && codec < CODECS && codecs[codec].ratio != 0 &&
	    codec != load_relaxed(&missing);
}

const char *
codec_name(int codec)
{
	return codec >= 0 && codec < CODECS ? codecs[codec].name : "unknown";
}

bool
codec_parse(const char *name, size_t n, int *codec)
{
	*codec = LSM_CODEC_NONE;
	for (int i = 0; i < CODECS; i++)
		if (strlen(codecs[i].name) == n &&
		    memcmp(codecs[i].name, name, n) == 0) {
			*codec = i;
			return true;
		}
	return false;
}

int
codec_require(int codec, const char *name)
{
	if (codec_built_in(codec))
		return LSM_OK;
	return status_set(LSM_UNSUPPORTED,
	    "%s: needs codec %s (%d), which is not built in", name,
	    codec_name(codec), codec);
}

int
compressor_new(int codec, bool quick, struct compressor **out)
{
	struct compressor *c;
	int rc;

	*out = NULL;
	if ((rc = codec_require(codec, "table")) != LSM_OK)
		return rc;
	if ((c = mem_zalloc(sizeof *c)) == NULL)
		return mem_exhausted(sizeof *c);
	c->codec = &codecs[codec];
	c->quick = quick;
	if (c->codec->open != NULL &&
	    (rc = c->codec->open(&c->state)) != LSM_OK) {
		mem_free(c);
		return rc;
	}
	*out = c;
	return LSM_OK;
}

void
compressor_free(struct compressor *c)
{
	if (c == NULL)
		return;
	if (c->codec->close != NULL)
		c->codec->close(c->state);
	mem_free(c);
}

int
compressor_run(struct compressor *c, struct bytes raw, uint8_t *out,
    size_t room, size_t *size)
{
	*size = 0;
	if (c->codec->deflate == NULL)
		return LSM_OK;
	return c->codec->deflate(c->state, c->quick, raw, out, room, size);
}

bool
codec_plausible(int codec, uint64_t stored, uint64_t raw)
{
	return codec_built_in(codec) && stored <= raw &&
	    raw <= stored * codecs[codec].ratio;
}

/* Waiting to be used again, the last one used on top. */
struct inflaters {
	struct mutex mu;
	struct {
		size_t count;
		void *states[INFLATERS_MAX];
	} of[CODECS];
};

int
inflaters_new(struct inflaters **out)
{
	struct inflaters *f = mem_zalloc(sizeof *f);

	*out = f;
	if (f == NULL)
		return mem_exhausted(sizeof *f);
	mutex_init(&f->mu);
	return LSM_OK;
}

void
inflaters_free(struct inflaters *f)
{
	if (f == NULL)
		return;
	for (int i = 0; i < CODECS; i++)
		while (f->of[i].count > 0)
			codecs[i].inflate_close(
			    f->of[i].states[--f->of[i].count]);
	mutex_release(&f->mu);
	mem_free(f);
}

static int
inflater_take(struct inflaters *f, int codec, void **state)
{
	*state = NULL;
	if (f != NULL) {
		mutex_lock(&f->mu);
		if (f->of[codec].count > 0)
			*state = f->of[codec].states[--f->of[codec].count];
		mutex_unlock(&f->mu);
	}
	return *state ? LSM_OK : codecs[codec].inflate_open(state);
}

static void
inflater_give(struct inflaters *f, int codec, void *state)
{
	if (f != NULL) {
		mutex_lock(&f->mu);
		if (f->of[codec].count < INFLATERS_MAX) {
			f->of[codec].states[f->of[codec].count++] = state;
			state = NULL;
		}
		mutex_unlock(&f->mu);
	}
	if (state != NULL)
		codecs[codec].inflate_close(state);
}

int
codec_inflate(struct inflaters *f, int codec, struct bytes stored,
    uint8_t *out, size_t raw)
{
	void *state = NULL;
	int rc = codec_require(codec, "payload");

	if (rc != LSM_OK)
		return rc;
	if (codecs[codec].inflate_open != NULL &&
	    (rc = inflater_take(f, codec, &state)) != LSM_OK)
		return rc;
	if (codecs[codec].inflate != NULL)
		rc = codecs[codec].inflate(state, stored, out, raw);
	else if (stored.n != raw)
		rc = inflate_failed("none");
	else
		memcpy(out, stored.p, raw);
	if (state != NULL)
		inflater_give(f, codec, state);
	return rc;
}
