/*
 * test_crash_kill.c - SIGKILL before every call that changes something, then recover: the host is
 * on one release as a whole, and a second recover finds nothing to do.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "crash/sweep.h"

#define LEAST_CALLS  200 /* an update has some 330 */
#define SHORT_POINTS 40
#define COMPLAINTS   ((size_t)1 << 20)

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
	struct tried tried = ground_try(&ground, &(struct try){.at = at, .act = act});

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
	for (unsigned i = 0; i <= phases; i++) {
		cr_assert_gt(sweep->phases[i], 0, "nobody was killed when %u phases were over", i);
	}
}

static void sweep_kills(enum story story, const char *act)
{
	struct sweep sweep;

	ground_make(&ground, story, NULL);
	struct tried counted = count_calls();
	struct points points = points_choose(&counted, SHORT_POINTS);

	sweep_begin(&sweep, &ground, "%s, %s", act, story_names[story]);
	sweep.calls = counted.total;
	for (size_t i = 0; i < points.count; i++) {
		kill_at(&sweep, points.items[i], act);
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
