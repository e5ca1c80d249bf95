/*
 * test_crash_power.c - the power fails before every call that changes something; the host boots,
 * recovers, and is on one release as a whole.
 */
#include <criterion/criterion.h>

#include "crash/power.h"
#include "crash/sweep.h"

#define PER_PHASE  1 /* points, in the short form */
#define COMPLAINTS ((size_t)1 << 20)

static struct power power;

static void finish(void)
{
	power_finish(&power);
}

TestSuite(power, .fini = finish);

static void cut_at(struct sweep *sweep, unsigned long at)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);
	enum end end = END_MIXED;
	struct tried tried = power_try(&power, (struct try){.at = at}, &end, &complaints);

	sweep_add(sweep, &tried, at, end, &complaints);
	tried_free(&tried);
}

static void sweep_disks(enum story story, size_t loser)
{
	static const char *const cuts[] = {"", "log written, data lost", "all lost", "as it is"};
	static const char *const losers[] = {"of the programs", "of the database", "of the journal",
					     "all"};
	const struct disks *disks = &power.disks;
	struct tried counted = power_count(&power, false);
	struct points points = points_choose(&counted, PER_PHASE);
	struct sweep sweep;

	sweep_begin(&sweep, &power.ground, "%s, %s, %zu disks, %s: %s", story_names[story],
		    disks->type, disks->count, losers[loser], cuts[disks->cut]);
	sweep.calls = counted.total;
	for (size_t i = 0; i < points.count; i++) {
		cut_at(&sweep, points.items[i].at);
	}
	/* And when all is over. */
	cut_at(&sweep, counted.total + 1000);
	points_free(&points);
	tried_free(&counted);
	cr_assert_gt(sweep.ended[END_OLD], 0);
	cr_assert_gt(sweep.ended[END_NEW], 0);
	sweep_end(&sweep);
}

static void sweep_cuts(enum story story, const char *type, enum layout layout, enum cut cut)
{
	power_make(&power, story, type, layout, cut);
	sweep_disks(story, DISKS_MAX);
}

/* One disk is slower than the others: each in turn. */
static void sweep_losers(enum story story, const char *type, enum cut cut)
{
	power_make(&power, story, type, THREE_DISKS, cut);
	for (size_t loser = 0; loser < power.disks.count; loser++) {
		disks_choose(&power.disks, loser);
		sweep_disks(story, loser);
	}
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

Test(power, one_of_three_disks_loses_all)
{
	sweep_losers(FIRST_UPDATE, "ext4", CUT_ALL);
}

Test(power, one_of_three_disks_loses_data)
{
	sweep_losers(FIRST_UPDATE, "xfs", CUT_DATA);
}

Test(power, a_second_update)
{
	sweep_cuts(SECOND_UPDATE, "ext4", THREE_DISKS, CUT_DATA);
}

Test(power, a_rollback)
{
	sweep_cuts(ROLLBACK, "xfs", THREE_DISKS, CUT_ALL);
}
