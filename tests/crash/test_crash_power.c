/*
 * test_crash_power.c - the power fails before every call that changes something; the host boots,
 * recovers, and is on one release as a whole.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "crash/disks.h"
#include "crash/sweep.h"

#define PER_PHASE  2 /* points, in the short form */
#define COMPLAINTS ((size_t)1 << 20)

static struct ground ground;
static struct disks disks;

static void finish(void)
{
	disks_finish(&disks);
	ground_finish(&ground);
}

TestSuite(power, .fini = finish);

static void begin(enum story story, const char *type, enum layout layout, enum cut cut)
{
	const char *why = disks_missing(type);

	if (why != NULL) {
		cr_skip_test("%s: %s", type, why);
	}
	ground_make(&ground, story, NULL);
	disks_make(&disks, &ground, type, layout, cut);
}

/* What a host does when it comes up: recovery first, then the daemon, then the verification. */
static void boot(struct buffer *complaints)
{
	disks_boot(&disks);
	ground_boot(&ground, complaints);
	ground_recover(&ground, complaints);
}

static void cut_at(struct sweep *sweep, unsigned long at, unsigned long drop)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);

	ground_reset(&ground);
	struct tried tried = ground_try(
		&ground,
		&(struct try){.at = at, .act = "kill", .before = disks.cutter, .drop = drop});

	if (!tried.acted) {
		disks_cut(&disks);
	}
	boot(&complaints);
	enum end end = ground_look(&ground, &complaints);

	ground_look_for_leftovers(&ground, &complaints);
	sweep_add(sweep, &tried, at, end, &complaints);
	tried_free(&tried);
}

static struct tried count_calls(void)
{
	ground_reset(&ground);
	struct tried tried = ground_try(&ground, &(struct try){0});

	cr_assert_eq(tried.outcome.exit_code, 0, "%s", tried.outcome.errors);
	return tried;
}

static void sweep_cuts(enum story story, const char *type, enum layout layout, enum cut cut)
{
	struct sweep sweep;

	begin(story, type, layout, cut);
	struct tried counted = count_calls();
	struct points points = points_choose(&counted, PER_PHASE);

	sweep_begin(&sweep, &ground, "cut %d, %s, %s, %s", (int)cut, type,
		    layout == ONE_DISK ? "one disk" : "three disks", story_names[story]);
	sweep.calls = counted.total;
	for (size_t i = 0; i < points.count; i++) {
		cut_at(&sweep, points.items[i].at, 0);
	}
	/* And when all is over. */
	cut_at(&sweep, counted.total + 1000, 0);
	points_free(&points);
	tried_free(&counted);
	cr_assert_gt(sweep.ended[END_OLD], 0);
	cr_assert_gt(sweep.ended[END_NEW], 0);
	sweep_end(&sweep);
}

Test(power, ext4_loses_all)
{
	sweep_cuts(FIRST_UPDATE, "ext4", ONE_DISK, CUT_ALL);
}

Test(power, ext4_loses_data)
{
	sweep_cuts(FIRST_UPDATE, "ext4", ONE_DISK, CUT_DATA);
}

Test(power, xfs_loses_all)
{
	sweep_cuts(FIRST_UPDATE, "xfs", ONE_DISK, CUT_ALL);
}

Test(power, xfs_loses_data)
{
	sweep_cuts(FIRST_UPDATE, "xfs", ONE_DISK, CUT_DATA);
}

Test(power, btrfs)
{
	sweep_cuts(FIRST_UPDATE, "btrfs", ONE_DISK, CUT_COPY);
}

Test(power, three_disks_ext4)
{
	sweep_cuts(FIRST_UPDATE, "ext4", THREE_DISKS, CUT_ALL);
}

Test(power, three_disks_xfs)
{
	sweep_cuts(FIRST_UPDATE, "xfs", THREE_DISKS, CUT_DATA);
}
