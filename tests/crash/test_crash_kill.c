/*
 * test_crash_kill.c - SIGKILL before every call that changes something, then recover: the host is
 * on one release as a whole, and a second recover finds nothing to do.
 *
 * A daemon that was started is not killed with the updater: init's children are not, either.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "crash/sweep.h"

#define LEAST_CALLS    200 /* an update has some 330 */
#define PER_PHASE      2   /* points, in the short form */
#define PHASE_ENDS     8   /* enough for one near the end of a phase */
#define RECOVER_POINTS 3   /* of a recovery, in the short form */
#define COMPLAINTS     ((size_t)1 << 20)

static struct ground ground;

static void finish(void)
{
	ground_finish(&ground);
}

TestSuite(kill, .fini = finish);

/* The story, undisturbed: how many calls there are. */
static struct tried count_calls(void)
{
	ground_reset(&ground);
	struct tried tried = ground_try(&ground, &(struct try){0});

	cr_assert_eq(tried.outcome.exit_code, 0, "%s", tried.outcome.errors);
	return tried;
}

static void kill_at(struct sweep *sweep, unsigned long at, const char *act)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);

	ground_reset(&ground);
	struct tried tried =
		ground_try(&ground, &(struct try){.at = at, .act = act, .spare_daemon = true});

	sweep->undone += ground_is_broken(&ground);
	ground_recover(&ground, &complaints);
	enum end end = ground_look(&ground, &complaints);

	ground_look_for_leftovers(&ground, &complaints);
	sweep_add(sweep, &tried, at, end, &complaints);
	tried_free(&tried);
}

/* Every phase was hit, both ends were seen, and something was undone. */
static void assert_thorough(const struct sweep *sweep, unsigned phases)
{
	cr_assert_geq(sweep->calls, LEAST_CALLS);
	cr_assert_gt(sweep->ended[END_OLD], 0);
	cr_assert_gt(sweep->ended[END_NEW], 0);
	cr_assert_gt(sweep->undone, 0);
	for (unsigned i = 0; i <= phases && !sweep_may_miss_a_phase(); i++) {
		cr_assert_gt(sweep->phases[i], 0, "nobody was killed when %u phases were over", i);
	}
}

static void sweep_kills(enum story story, const char *act)
{
	struct sweep sweep;

	ground_make(&ground, story, NULL);
	struct tried counted = count_calls();
	struct points points = points_choose(&counted, PER_PHASE);

	sweep_begin(&sweep, &ground, "%s, %s", act, story_names[story]);
	sweep.calls = counted.total;
	for (size_t i = 0; i < points.count; i++) {
		kill_at(&sweep, points.items[i].at, act);
	}
	unsigned phases = tried_phases(&counted);

	points_free(&points);
	tried_free(&counted);
	assert_thorough(&sweep, phases);
	sweep_end(&sweep);
}

Test(kill, a_first_update_killed_with_its_tree)
{
	sweep_kills(FIRST_UPDATE, "kill");
}

Test(kill, a_first_update_killed_alone)
{
	sweep_kills(FIRST_UPDATE, "kill-first");
}

Test(kill, a_second_update_killed_with_its_tree)
{
	sweep_kills(SECOND_UPDATE, "kill");
}

Test(kill, a_second_update_killed_alone)
{
	sweep_kills(SECOND_UPDATE, "kill-first");
}

Test(kill, a_rollback_killed_with_its_tree)
{
	sweep_kills(ROLLBACK, "kill");
}

Test(kill, a_rollback_killed_alone)
{
	sweep_kills(ROLLBACK, "kill-first");
}

/* ---- recover, killed ------------------------------------------------------------------------- */

/* In each phase the last point that is visited: the most that is left half-done there. */
static struct points last_of_each_phase(const struct tried *counted)
{
	struct points points = points_choose(counted, PHASE_ENDS);
	size_t kept = 0;

	for (size_t i = 0; i < points.count; i++) {
		if (i + 1 == points.count || points.items[i + 1].phase != points.items[i].phase) {
			points.items[kept++] = points.items[i];
		}
	}
	points.count = kept;
	return points;
}

static void kill_recover_at(struct sweep *sweep, const struct middle *middle, unsigned long at)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);

	ground_reset_to(&ground, middle);
	struct tried tried = ground_try(
		&ground,
		&(struct try){.line = "recover", .at = at, .act = "kill", .spare_daemon = true});

	sweep->undone += ground_is_broken(&ground);
	ground_recover(&ground, &complaints);
	enum end end = ground_look(&ground, &complaints);

	ground_look_for_leftovers(&ground, &complaints);
	sweep_add(sweep, &tried, at, end, &complaints);
	tried_free(&tried);
}

/* The story is killed at one point, and the recovery from that at every one. */
static void sweep_recover(struct sweep *sweep, unsigned long killed_at)
{
	ground_reset(&ground);
	struct tried tried =
		ground_try(&ground,
			   &(struct try){.at = killed_at, .act = "kill", .spare_daemon = true});
	struct middle middle = ground_save(&ground);

	ground_reset_to(&ground, &middle);
	struct tried counted = ground_try(&ground, &(struct try){.line = "recover"});
	struct points points = points_choose(&counted, RECOVER_POINTS);

	sweep->calls += counted.total;
	for (size_t i = 0; i < points.count; i++) {
		kill_recover_at(sweep, &middle, points.items[i].at);
	}
	points_free(&points);
	tried_free(&counted);
	tried_free(&tried);
	middle_finish(&middle);
}

static void sweep_recoveries(enum story story)
{
	struct sweep sweep;

	ground_make(&ground, story, NULL);
	struct tried counted = count_calls();
	struct points ends = last_of_each_phase(&counted);

	sweep_begin(&sweep, &ground, "recover killed, %s", story_names[story]);
	for (size_t i = 0; i < ends.count; i++) {
		sweep_recover(&sweep, ends.items[i].at);
	}
	points_free(&ends);
	tried_free(&counted);
	cr_assert_gt(sweep.undone, 0);
	sweep_end(&sweep);
}

Test(kill, a_recovery_of_a_first_update)
{
	sweep_recoveries(FIRST_UPDATE);
}

Test(kill, a_recovery_of_a_rollback)
{
	sweep_recoveries(ROLLBACK);
}
