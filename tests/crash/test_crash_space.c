/*
 * test_crash_space.c - disks that are really full, or nearly: of programs, database or journal.
 *
 * What a refused call cannot show: space that was promised and is not there when it is written, and
 * the file system's own needs. And disks that are full when a killed run is recovered.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "crash/power.h"
#include "crash/sweep.h"
#include "flow/world_parts.h"

#define COMPLAINTS ((size_t)1 << 20)
#define NOT_BACK   5 /* exit code */
#define UNRECORDED 3 /* exit code */

/* What the three disks are for, by their numbers. */
enum {
	PROGRAMS,
	DATABASE,
	JOURNAL,
};

static struct power power;

static void finish(void)
{
	power_finish(&power);
}

TestSuite(space, .fini = finish);

/* KiB that are left; a program has some 220, the database 36. */
static const unsigned long short_form[] = {0, 16, 64, 200, 500, 30000};
static const unsigned long long_form[] = {0,   4,   8,    16,   32,   48,   64,
					  96,  128, 160,  200,  240,  280,  320,
					  400, 500, 1000, 2000, 4000, 8000, 30000};

/* One release as a whole, or a word about what a person has to do. */
static bool is_honest(int exit_code, enum end end)
{
	switch (exit_code) {
	case 0:
		return end == END_NEW;
	case 3:
	case 4:
	case NOT_BACK:
		return end == END_OLD;
	default:
		return false;
	}
}

static void update_with(struct sweep *sweep, size_t disk, unsigned long left)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);

	ground_reset(&power.ground);
	disks_fill(&power.disks, disk, left << 10);
	struct tried tried = {.outcome = world_update(&power.ground.world, power.ground.line),
			      .at = strdup("a full disk")};

	disks_empty(&power.disks, disk);
	if (tried.outcome.exit_code == NOT_BACK) {
		ground_recover(&power.ground, &complaints);
	}
	enum end end = ground_look(&power.ground, &complaints);

	if (!is_honest(tried.outcome.exit_code, end)) {
		must(buffer_add_format(&complaints, "    %lu KiB left: exit %d\n", left,
				       tried.outcome.exit_code) == 0);
	}
	ground_recover(&power.ground, &complaints);
	ground_look_for_leftovers(&power.ground, &complaints);
	sweep_add(sweep, &tried, left, end, &complaints);
	tried_free(&tried);
}

static void sweep_space(size_t disk, const char *whose)
{
	const unsigned long *left = sweep_is_long() ? long_form : short_form;
	size_t count = sweep_is_long() ? sizeof(long_form) / sizeof(long_form[0])
				       : sizeof(short_form) / sizeof(short_form[0]);
	struct sweep sweep;

	power_make(&power, FIRST_UPDATE, "ext4", THREE_DISKS, CUT_ALL);
	sweep_begin(&sweep, &power.ground, "the disk of the %s is nearly full", whose);
	for (size_t i = 0; i < count; i++) {
		update_with(&sweep, disk, left[i]);
	}
	cr_assert_gt(sweep.ended[END_OLD], 0);
	cr_assert_gt(sweep.ended[END_NEW], 0);
	sweep_end(&sweep);
}

/* Killed at that call; then every byte of the disk is taken before recover is called. What a way
 * back takes of the database's is reserved; without room for a line of the journal it says so, and
 * the next one finishes it. */
static void recover_without_space(struct sweep *sweep, size_t disk, unsigned long at)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);
	const struct try try = {.at = at, .act = "kill", .spare_daemon = true};

	ground_reset(&power.ground);
	struct tried tried = ground_try(&power.ground, &try);

	disks_fill(&power.disks, disk, 0);
	sweep->undone += ground_is_broken(&power.ground);
	struct outcome outcome = world_update(&power.ground.world, "recover");

	if (outcome.exit_code == 0) {
		(void)ground_look(&power.ground, &complaints);
	} else if (disk != JOURNAL || outcome.exit_code != UNRECORDED) {
		must(buffer_add_format(&complaints, "    recover exits with %d: %s%s\n",
				       outcome.exit_code, outcome.output, outcome.errors) == 0);
	}
	disks_empty(&power.disks, disk);
	ground_recover(&power.ground, &complaints);
	enum end end = ground_look(&power.ground, &complaints);

	ground_look_for_leftovers(&power.ground, &complaints);
	outcome_free(&outcome);
	sweep_add(sweep, &tried, at, end, &complaints);
	tried_free(&tried);
}

static void sweep_recoveries(size_t disk, const char *whose)
{
	struct sweep sweep;

	power_make(&power, FIRST_UPDATE, "ext4", THREE_DISKS, CUT_ALL);
	struct tried counted = power_count(&power, false);
	struct points points = points_choose(&counted, 1);

	sweep_begin(&sweep, &power.ground, "recover with the disk of the %s full", whose);
	sweep.calls = counted.total;
	for (size_t i = 0; i < points.count; i++) {
		recover_without_space(&sweep, disk, points.items[i].at);
	}
	points_free(&points);
	tried_free(&counted);
	cr_assert_gt(sweep.undone, 0);
	sweep_end(&sweep);
}

Test(space, of_the_database_when_it_recovers)
{
	sweep_recoveries(DATABASE, "database");
}

Test(space, of_the_journal_when_it_recovers)
{
	sweep_recoveries(JOURNAL, "journal");
}

Test(space, of_the_programs)
{
	sweep_space(PROGRAMS, "programs");
}

Test(space, of_the_database)
{
	sweep_space(DATABASE, "database");
}

Test(space, of_the_journal)
{
	sweep_space(JOURNAL, "journal");
}
