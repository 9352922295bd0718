/*
 * test.h - a unit test is a sentence and a block.
 *
 *	TEST("a torn tail ends the log quietly")
 *	{
 *		...
 *		CHECK_OK(log_open(...));
 *		CHECK_EQ(log_records(log), 3);
 *	}
 *
 * The first check that fails ends its test. A test that leaves memory or
 * descriptors behind fails. The program takes words: only tests whose name or
 * file contains one of them run; -l lists, -s SEED sets test_seed(),
 * -t tells what time each takes, and how much of a processor's.
 */
#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

void test_add(const char *name, const char *file, void (*run)(void));
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define TEST_CAT2(a, b) a##b
#define TEST_CAT(a, b) TEST_CAT2(a, b)
#define TEST(name) \
	static void TEST_CAT(test_, __LINE__)(void); \
	__attribute__((constructor)) static void TEST_CAT( \
	    test_add_, __LINE__)(void) \
	{ \
		test_add(name, __FILE__, TEST_CAT(test_, __LINE__)); \
	} \
	static void TEST_CAT(test_, __LINE__)(void)

/* Long, and one thread does it: ThreadSanitizer would look on for minutes and
 * see nothing that it does not see in short ones, and the seeded scheduler has
 * nothing to choose. */
#if defined(__SANITIZE_THREAD__) || defined(LSM_SCHED)
#define TEST_SOLO(name) \
	__attribute__((unused)) static void TEST_CAT(test_, __LINE__)(void)
#else
#define TEST_SOLO(name) TEST(name)
#endif

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			test_fail(__FILE__, __LINE__, "%s", #condition); \
	} while (0)

/* Whole numbers. */
#define CHECK_EQ(got, wanted) \
	do { \
		long long got_ = (long long)(got); \
		long long wanted_ = (long long)(wanted); \
		if (got_ != wanted_) \
			test_fail(__FILE__, __LINE__, \
			    "%s is %lld, not %lld", #got, got_, wanted_); \
	} while (0)

/* An lsm_code. */
#define CHECK_CODE(got, wanted) \
	do { \
		int got_ = (got), wanted_ = (wanted); \
		if (got_ != wanted_) \
			test_fail(__FILE__, __LINE__, \
			    "%s is \"%s\", not \"%s\" (%s)", #got, \
			    lsm_strerror(got_), lsm_strerror(wanted_), \
			    lsm_message()); \
	} while (0)
#define CHECK_OK(got) CHECK_CODE(got, LSM_OK)

#define CHECK_STR(got, wanted) \
	do { \
		const char *got_ = (got), *wanted_ = (wanted); \
		if (strcmp(got_, wanted_) != 0) \
			test_fail(__FILE__, __LINE__, \
			    "%s is \"%s\", not \"%s\"", #got, got_, wanted_); \
	} while (0)

/* struct bytes against text. */
#define CHECK_BYTES(got, text) \
	do { \
		struct bytes got_ = (got); \
		if (!bytes_equal(got_, bytes(text, strlen(text)))) \
			test_fail(__FILE__, __LINE__, \
			    "%s is \"%.*s\", not \"%s\"", #got, (int)got_.n, \
			    (const char *)got_.p, text); \
	} while (0)

/* The seed of this run, printed with every failure. */
uint64_t test_seed(void);

/* Does it fail? A test of tests: of one that must notice a seeded bug. */
bool test_fails(void (*run)(void));

/* An empty directory of this test's own, removed after it. */
const char *test_dir(void);
/* A path in there; it stays as it is for a few calls. */
const char *test_path(const char *name);

/* tests/data/NAME as a path (golden and damaged files). */
const char *test_data(const char *name);

static inline struct bytes
text(const char *s)
{
	return bytes(s, strlen(s));
}

#endif
