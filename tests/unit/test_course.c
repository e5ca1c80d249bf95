/*
 * test_course.c - how far a run came and how far back, from the journal's lines.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "update/course.h"

static struct course course;

static void set_up(void)
{
	course = (struct course){0};
}

TestSuite(course, .init = set_up);

static void come_to(const char *last)
{
	for (const struct phase *phase = phase_rows; phase->name != NULL; phase++) {
		if ((phase->way & WAY_UPDATE) != 0) {
			course_follow(&course, phase->name, "intent");
		}
		if (strcmp(phase->name, last) == 0) {
			return;
		}
	}
	cr_assert_fail("there is no %s", last);
}

/* A walk back from one row to another; failed: which could not be undone, or NULL. */
static void go_back(const char *from, const char *to, const char *failed)
{
	for (const struct phase *phase = phase_find(from); phase >= phase_find(to); phase--) {
		bool is_failed = failed != NULL && strcmp(phase->name, failed) == 0;

		if (phase->undo != NULL) {
			course_follow(&course, phase->name, is_failed ? "undo-failed" : "undone");
		}
	}
}

static void expect(const char *first, bool boot)
{
	cr_assert_str_eq(course_first_to_undo(&course, boot)->name, first);
}

Test(course, what_changes_nothing_is_not_reached)
{
	come_to("snapshot");
	cr_assert_null(course.reached);
	course_follow(&course, "commit", "intent");
	cr_assert_null(course.reached);
}

Test(course, a_phase_of_another_version_is_noticed)
{
	come_to("swap");
	cr_assert(!course.unknown);
	course_follow(&course, "fly", "done");
	cr_assert(!course.unknown);
	course_follow(&course, "fly", "intent");
	cr_assert(course.unknown);
}

Test(course, a_stop_is_taken_back_alone)
{
	come_to("stop");
	expect("stop", false);
	expect("stop", true);
}

Test(course, whoever_runs_is_stopped_before_anything_is_put_back_but_at_boot)
{
	come_to("swap");
	expect("start", false);
	expect("swap", true);
	come_to("health");
	expect("health", false);
	expect("health", true);
}

Test(course, once_all_is_back_the_services_are_left)
{
	come_to("health");
	go_back("health", "snapshot", "stop");
	expect("stop", false);
	expect("stop", true);
	/* Again and again. */
	go_back("stop", "snapshot", "stop");
	expect("stop", false);
}

Test(course, one_step_that_failed_is_done_again_with_all_others)
{
	come_to("start");
	go_back("start", "snapshot", "swap");
	expect("start", false);
	go_back("start", "snapshot", "complete");
	expect("start", false);
	go_back("start", "snapshot", NULL);
	expect("stop", false);
}

Test(course, a_walk_that_was_cut_off_does_not_lean_on_the_one_before)
{
	come_to("start");
	go_back("start", "snapshot", "swap");
	go_back("start", "swap", NULL);
	expect("start", false);
	go_back("start", "complete", NULL);
	expect("stop", false);
}
