/*
 * test_progress.c - how far, how fast, how long.
 */
#include <criterion/criterion.h>

#include "base/limits.h"
#include "update/progress.h"

#define SECOND 1000u

Test(progress, says_nothing_of_what_is_quick)
{
	struct progress progress = {0};

	for (uint64_t now = SECOND; now < SECOND + 500; now += 10) {
		cr_assert_not(progress_look(&progress, now, now));
	}
}

Test(progress, speaks_five_times_a_second)
{
	struct progress progress = {0};
	unsigned spoken = 0;

	for (uint64_t now = SECOND; now <= 11 * SECOND; now += 10) {
		spoken += progress_look(&progress, now, now);
	}
	cr_assert(spoken >= 46 && spoken <= 50, "%u times in 10 s", spoken);
}

Test(progress, tells_rate_and_time_left)
{
	struct progress progress = {0};
	char text[PROGRESS_TEXT_MAX];

	for (uint64_t i = 0; i <= 10; i++) {
		(void)progress_look(&progress, i * MIB, (i + 1) * SECOND);
	}
	cr_assert_str_eq(progress_text(&progress, 10u * MIB, 30u * MIB, text),
			 "10.0 of 30.0 MiB, 1.0 MiB/s, 21 s left");
	cr_assert_str_eq(progress_text(&progress, 10u * MIB, 0, text), "10.0 MiB, 1.0 MiB/s");
	cr_assert_str_eq(progress_text(&progress, 10u * MIB, 610ull * MIB, text),
			 "10.0 of 610.0 MiB, 1.0 MiB/s, 10 min left");
}

Test(progress, tells_no_rate_before_anything_came)
{
	struct progress progress = {0};
	char text[PROGRESS_TEXT_MAX];

	(void)progress_look(&progress, 0, SECOND);
	cr_assert(progress_look(&progress, 0, 3 * SECOND));
	cr_assert_str_eq(progress_text(&progress, 0, 30u * MIB, text), "0.0 of 30.0 MiB");
}

Test(progress, begins_anew_with_another_document)
{
	struct progress progress = {0};
	char text[PROGRESS_TEXT_MAX];

	(void)progress_look(&progress, 0, SECOND);
	(void)progress_look(&progress, 100u * MIB, 2 * SECOND);
	cr_assert_not(progress_look(&progress, 1, 3 * SECOND));
	cr_assert_str_eq(progress_text(&progress, 1, 0, text), "0.0 MiB");
}
