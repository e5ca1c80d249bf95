/*
 * test_clock.c - clock.h: RFC 3339 with four-digit years, and deadlines that cannot overflow.
 */
#include "base/clock.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>

static time_t fixed(void *data)
{
	const time_t *when = data;

	return *when;
}

Test(clock, a_test_brings_its_own_wall_clock)
{
	time_t when = 1234567;
	struct clock clock = {fixed, &when};

	cr_assert_eq(clock_wall(&clock), 1234567);
}

Test(clock, without_one_it_is_the_wall_s)
{
	struct clock unset = {0};
	time_t before = time(NULL);
	time_t told = clock_wall(NULL);
	time_t unset_told = clock_wall(&unset);
	time_t after = time(NULL);

	cr_assert(before <= told && told <= after);
	cr_assert(before <= unset_told && unset_told <= after);
}

Test(clock, text_is_rfc_3339_in_utc_whatever_the_zone)
{
	char text[CLOCK_TEXT_SIZE];

	cr_assert_eq(setenv("TZ", "Asia/Kolkata", 1), 0);
	tzset();
	cr_assert_str_eq(clock_text(0, text), "1970-01-01T00:00:00Z");
	cr_assert_str_eq(clock_text(1795365240, text), "2026-11-22T16:34:00Z");
	cr_assert_str_eq(clock_text(-1, text), "1969-12-31T23:59:59Z");
	cr_assert_str_eq(clock_text(951782400, text), "2000-02-29T00:00:00Z");
}

Test(clock, a_year_without_four_digits_has_no_text)
{
	const time_t first = -30610224000; /* 1000-01-01 */
	const time_t last = 253402300799;  /* 9999-12-31, its last second */
	char text[CLOCK_TEXT_SIZE];

	cr_assert_str_eq(clock_text(first, text), "1000-01-01T00:00:00Z");
	cr_assert_str_eq(clock_text(first - 1, text), "");
	cr_assert_str_eq(clock_text(last, text), "9999-12-31T23:59:59Z");
	cr_assert_str_eq(clock_text(last + 1, text), "");
	cr_assert_str_eq(clock_text((time_t)INT64_MAX, text), "");
	cr_assert_str_eq(clock_text((time_t)INT64_MIN, text), "");
}

Test(clock, a_deadline_counts_down_and_is_over_at_once_without_time)
{
	int left = clock_left(clock_deadline(60000));

	cr_assert(left > 50000 && left <= 60000);
	cr_assert_eq(clock_left(clock_deadline(0)), 0);
	cr_assert_eq(clock_left(0), 0);
}

Test(clock, the_farthest_deadline_fits_poll)
{
	cr_assert_eq(clock_deadline(UINT64_MAX), UINT64_MAX);
	cr_assert_eq(clock_left(clock_deadline(UINT64_MAX)), INT_MAX);
	cr_assert_eq(clock_left(UINT64_MAX), INT_MAX);
	cr_assert_eq(clock_left(clock_deadline((uint64_t)INT_MAX + 100000)), INT_MAX);
}

Test(clock, the_monotonic_one_never_goes_back)
{
	uint64_t before = clock_monotonic_ms();

	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_monotonic_ms();

		cr_assert_geq(now, before);
		before = now;
	}
}
