/*
 * test_caps.c - limits go down and not up again. Each case is a child's: there is no way back.
 */
#include "base/caps.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "base/sanitizer.h"
#include "child_case.h"

/* What is there before, what is asked for, and what is in force then; RLIM_INFINITY: none. */
struct change {
	struct rlimit before;
	struct cap cap;
	rlim_t after;
};

enum {
	AS_EXPECTED,
	CANNOT_BEGIN,
	REFUSED,
	WRONG_SOFT,
	WRONG_HARD,
	CAN_BE_RAISED,
};

static int make_change(const void *argument)
{
	const struct change *change = argument;
	struct rlimit limit = change->before;

	if (setrlimit(change->cap.resource, &limit) < 0) {
		return CANNOT_BEGIN;
	}
	if (caps_set(&change->cap, 1) < 0) {
		return REFUSED;
	}
	(void)getrlimit(change->cap.resource, &limit);
	if (limit.rlim_cur != change->after) {
		return WRONG_SOFT;
	}
	if (limit.rlim_max != change->after) {
		return WRONG_HARD;
	}
	limit.rlim_cur = change->after + 1;
	return setrlimit(change->cap.resource, &limit) == 0 ? CAN_BE_RAISED : AS_EXPECTED;
}

static const struct change changes[] = {
	{{1000, 2000}, {10, RLIMIT_FSIZE, true}, 10},
	{{1000, 2000}, {0, RLIMIT_FSIZE, true}, 0},
	/* The soft one is stricter, then both are. */
	{{1000, 2000}, {1500, RLIMIT_FSIZE, true}, 1000},
	{{1000, 1000}, {1500, RLIMIT_FSIZE, true}, 1000},
	{{20, 20}, {64, RLIMIT_NOFILE, true}, 20},
	{{0, 0}, {1, RLIMIT_CORE, true}, 0},
};

Test(caps, go_down_only_and_for_good)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		cr_assert_eq(child_run(make_change, &changes[i]), AS_EXPECTED, "change %zu", i);
	}
}

static int set_for_plain_builds(const void *argument)
{
	const struct cap caps[] = {{5, RLIMIT_FSIZE, false}, {7, RLIMIT_NOFILE, true}};
	struct rlimit file;
	struct rlimit files;

	(void)argument;
	if (caps_set(caps, 2) < 0) {
		return REFUSED;
	}
	(void)getrlimit(RLIMIT_FSIZE, &file);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	bool is_set = file.rlim_max == 5;

	return files.rlim_max == 7 && is_set == !SANITIZED_ADDRESSES ? AS_EXPECTED : WRONG_HARD;
}

Test(caps, that_a_sanitizer_cannot_live_with_are_left_out_of_its_builds)
{
	cr_assert_eq(child_run(set_for_plain_builds, NULL), AS_EXPECTED);
}

static int set_what_there_is_not(const void *argument)
{
	const struct cap caps[] = {{1, (__rlimit_resource_t)999, true}, {3, RLIMIT_CORE, true}};

	(void)argument;
	return caps_set(caps, 2) == -EINVAL ? AS_EXPECTED : REFUSED;
}

Test(caps, a_limit_that_the_kernel_does_not_know_is_an_error)
{
	cr_assert_eq(child_run(set_what_there_is_not, NULL), AS_EXPECTED);
}
