#include "base/numbers.h"

#include "base/alloc.h"
#include "base/random.h"
#include "support/test.h"

TEST("a sorted list has the numbers that were added, and no other")
{
	struct random r = { test_seed() };
	struct numbers n = { 0 };

	CHECK(!numbers_have(&n, 0));
	numbers_sort(&n);
	for (int i = 0; i < 500; i++)
		CHECK_OK(numbers_add(&n, 2 * random_below(&r, 1000)));
	CHECK_OK(numbers_add(&n, UINT64_MAX));
	CHECK_EQ(n.count, 501);
	numbers_sort(&n);
	for (size_t i = 1; i < n.count; i++)
		CHECK(n.list[i - 1] <= n.list[i]);
	for (size_t i = 0; i < n.count; i++)
		CHECK(numbers_have(&n, n.list[i]));
	for (uint64_t odd = 1; odd < 2000; odd += 2)
		CHECK(!numbers_have(&n, odd));
	numbers_release(&n);
	CHECK_EQ(n.count, 0);
}

TEST("a number that there is no memory for is not added")
{
	struct numbers n = { 0 };
	uint64_t i = 0;
	int rc = LSM_OK;

	CHECK_OK(numbers_add(&n, i));
	mem_fail_at(1, true);
	while ((rc = numbers_add(&n, i + 1)) == LSM_OK)
		i++;
	mem_fail_at(0, false);
	CHECK_CODE(rc, LSM_NO_MEMORY);
	CHECK_EQ(n.count, i + 1);
	CHECK_OK(numbers_add(&n, i + 1));
	CHECK(numbers_have(&n, i + 1));
	numbers_release(&n);
}
