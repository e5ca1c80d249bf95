/*
 * power.c - power.h.
 */
#include "crash/power.h"

#include <criterion/criterion.h>
#include <stdio.h>

void power_make(struct power *power, enum story story, const char *type, enum layout layout,
		enum cut cut)
{
	const char *why = disks_missing(type);

	if (why != NULL) {
		(void)fprintf(stderr, "%s: %s\n", type, why); /* for ctest, see CMakeLists.txt */
		cr_skip_test("%s: %s", type, why);
	}
	ground_make(&power->ground, story, NULL);
	disks_make(&power->disks, &power->ground, type, layout, cut);
}

void power_finish(struct power *power)
{
	disks_finish(&power->disks);
	ground_finish(&power->ground);
}

struct tried power_count(struct power *power, bool without_daemon)
{
	ground_reset(&power->ground);
	struct tried tried =
		ground_try(&power->ground, &(struct try){.without_daemon = without_daemon});

	cr_assert_eq(tried.outcome.exit_code, 0, "%s", tried.outcome.errors);
	return tried;
}

/* What a host does when it comes up: recovery first, then the daemon, then the verification. */
static void boot(struct power *power, struct buffer *complaints)
{
	disks_boot(&power->disks);
	ground_boot(&power->ground, complaints);
	ground_recover(&power->ground, complaints);
}

struct tried power_try(struct power *power, struct try try, enum end *end,
		       struct buffer *complaints)
{
	try.act = "kill";
	try.before = power->disks.cutter;
	ground_reset(&power->ground);
	struct tried tried = ground_try(&power->ground, &try);

	if (!tried.acted) {
		disks_cut(&power->disks);
	}
	boot(power, complaints);
	*end = ground_look(&power->ground, complaints);
	ground_look_for_leftovers(&power->ground, complaints);
	return tried;
}
