/*
 * Replay of three small logs, damaged at every byte and cut at every length.
 */
#include "log/replay.h"

#include "support/logkit.h"

static void
three_logs(struct logkit *k)
{
	logkit_init(k);
	logkit_start(k, 1, NULL);
	logkit_put(k, 10);
	logkit_batch(k, 2);
	logkit_sync(k);
	logkit_put(k, 20);
	logkit_rotate(k, 2);
	logkit_put(k, 3);
	logkit_sync(k);
	logkit_rotate(k, 3);
	logkit_put(k, 9);
	logkit_put(k, 300);
	for (uint64_t i = 1; i <= 3; i++)
		logkit_file(k, i)->n = 5000;
}

/* Refused, or a prefix that is not shorter than what was proven durable. */
static void
check_outcome(struct logkit *k, uint64_t durable, uint64_t where)
{
	struct replayed r;
	int rc = logkit_replay(k, &r);

	if (rc == LSM_OK ? r.to < durable : rc != LSM_CORRUPT)
		test_fail(__FILE__, __LINE__, "at %llu: %s, last %llu",
		    (unsigned long long)where, lsm_strerror(rc),
		    (unsigned long long)r.to);
	logkit_replayed_release(&r);
}

TEST_SOLO("every flipped byte of three logs is refused or leaves a legal "
    "prefix")
{
	struct logkit k;

	three_logs(&k);
	CHECK_REPLAY(&k, LSM_OK, 7);
	for (uint64_t log = 1; log <= 3; log++) {
		struct logfile *f = logkit_file(&k, log);

		for (size_t i = 0; i < f->n; i++) {
			uint8_t bit = (uint8_t)(1 << i % 8);

			f->p[i] ^= bit;
			check_outcome(&k, 5, i);
			f->p[i] ^= bit;
		}
	}
	logkit_release(&k);
}

TEST_SOLO("every length of three logs is refused or leaves a legal prefix")
{
	/* A cut takes the evidence behind it along; what other logs prove
	 * stays proven. */
	static const uint64_t durable[] = { 0, 5, 5, 5 };
	struct logkit k;

	three_logs(&k);
	for (uint64_t log = 1; log <= 3; log++) {
		struct logfile *f = logkit_file(&k, log);

		for (size_t n = 0; n < 5000; n += n < 4095 ? 91 : 1) {
			f->n = n;
			check_outcome(&k, durable[log], n);
		}
		f->n = 5000;
	}
	logkit_release(&k);
}
