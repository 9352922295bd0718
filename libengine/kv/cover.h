/*
 * cover.h - asks a source of range deletes what covers a key.
 *
 * The answer is a span: all keys in it are covered by the same sequence, or
 * by none (0). It holds until the next question, so a walk asks again only
 * when it leaves the span. Implementations begin with struct cover.
 */
#ifndef KV_COVER_H
#define KV_COVER_H

#include "kv/range.h"

struct cover;

struct cover_ops {
	void (*free)(struct cover *);
	int (*find)(struct cover *, struct bytes key, struct range *span);
};

struct cover {
	const struct cover_ops *ops;
	struct range span;
	bool placed;			/* the span holds */
};

static inline void
cover_free(struct cover *c)
{
	if (c != NULL)
		c->ops->free(c);
}

/* Have c->span hold the key. */
static inline int
cover_at(struct cover *c, struct bytes key)
{
	int rc;

	if (c->placed && range_has(&c->span, key))
		return LSM_OK;
	rc = c->ops->find(c, key, &c->span);
	c->placed = rc == LSM_OK;
	return rc;
}

#endif
