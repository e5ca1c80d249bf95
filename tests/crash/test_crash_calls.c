/*
 * test_crash_calls.c - every call that changes something fails in turn: the run ends with the exit
 * code that belongs to what it left, on one release as a whole, and leaves nobody and nothing.
 *
 * Nobody is traced, so that of a build with sanitizers each of these runs is looked through for
 * leaks and the like.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "crash/sweep.h"
#include "flow/world_parts.h"

#define PER_PHASE  1 /* points, in the short form */
#define COMPLAINTS ((size_t)1 << 20)
#define NOT_BACK   5 /* exit code */

static struct ground ground;

static void finish(void)
{
	ground_finish(&ground);
}

TestSuite(calls, .fini = finish);

/* The daemon's own calls do not fail, nor do signals: they change no file. */
static struct try refusing(const char *error, bool from_on)
{
	return (struct try){
		.act = "fail",
		.error = error,
		.kinds = from_on && strcmp(error, "ENOSPC") == 0 ? "space" : "files,syncs",
		.from_on = from_on,
		.without_daemon = true,
		.untraced = true,
	};
}

static struct tried count_calls(void)
{
	struct try try = refusing(NULL, false);

	try.act = NULL;
	ground_reset(&ground);
	struct tried tried = ground_try(&ground, &try);

	cr_assert_eq(tried.outcome.exit_code, 0, "%s", tried.outcome.errors);
	return tried;
}

/* What a run may exit with, and where the host is then. 5 is an end for a call that goes on failing
 * all the way back; then it must say what a person has to do. */
static void judge_exit(const struct tried *tried, enum end end, bool from_on,
		       struct buffer *complaints)
{
	int code = tried->outcome.exit_code;
	bool fits = false;

	switch (code) {
	case 0:
		fits = end == END_NEW;
		break;
	case 3:
	case 4:
		fits = end == END_OLD;
		break;
	case NOT_BACK:
		fits = from_on && strstr(tried->outcome.errors, "  1. ") != NULL;
		break;
	default:
		break;
	}
	if (!fits) {
		must(buffer_add_format(complaints, "    exit %d, and the host is on the %s side\n",
				       code,
				       end == END_OLD ? "old"
						      : (end == END_NEW ? "new" : "wrong")) == 0);
	}
}

/* A call that tidies up was refused, or the disk stayed full: what lies there still is the next
 * recover's. */
static bool may_leave_something(const struct tried *tried, bool from_on)
{
	return from_on || strstr(tried->at, "unlink") != NULL ||
	       strstr(tried->at, "rmdir") != NULL || strstr(tried->at, "truncate") != NULL;
}

/* What a sanitizer has found in any process of the run that still had its standard error. */
static void judge_memory(const struct tried *tried, struct buffer *complaints)
{
	static const char *const words[] = {"ERROR: ", "runtime error: "};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *found = strstr(tried->outcome.errors, words[i]);

		if (found != NULL) {
			must(buffer_add_format(complaints, "    %.4000s\n", found) == 0);
		}
	}
}

static void fail_at(struct sweep *sweep, unsigned long at, const struct try *how)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);
	struct try try = *how;

	try.at = at;
	ground_reset(&ground);
	struct tried tried = ground_try(&ground, &try);

	/* A run that could not even put things back said so: what counts is what recover makes of
	 * it once the disk has room again. */
	if (tried.outcome.exit_code == NOT_BACK) {
		ground_recover(&ground, &complaints);
	}
	enum end end = ground_look(&ground, &complaints);

	judge_exit(&tried, end, how->from_on, &complaints);
	judge_memory(&tried, &complaints);
	if (may_leave_something(&tried, how->from_on)) {
		ground_recover(&ground, &complaints);
	}
	ground_look_for_leftovers(&ground, &complaints);
	sweep_add(sweep, &tried, at, end, &complaints);
	tried_free(&tried);
}

static void sweep_errors(enum story story, const char *error, bool from_on)
{
	struct sweep sweep;

	ground_make(&ground, story, NULL);
	struct tried counted = count_calls();
	struct points points = points_choose(&counted, PER_PHASE);
	struct try how = refusing(error, from_on);

	sweep_begin(&sweep, &ground, "%s%s, %s", error, from_on ? " from there on" : "",
		    story_names[story]);
	sweep.calls = counted.total;
	for (size_t i = 0; i < points.count; i++) {
		fail_at(&sweep, points.items[i].at, &how);
	}
	points_free(&points);
	tried_free(&counted);
	cr_assert_gt(sweep.ended[END_OLD], 0);
	sweep_end(&sweep);
}

Test(calls, the_disk_is_full_for_one_call)
{
	sweep_errors(FIRST_UPDATE, "ENOSPC", false);
}

Test(calls, the_disk_is_full_from_one_call_on)
{
	sweep_errors(FIRST_UPDATE, "ENOSPC", true);
}

Test(calls, the_disk_breaks)
{
	sweep_errors(FIRST_UPDATE, "EIO", false);
}

Test(calls, the_disk_breaks_for_good)
{
	sweep_errors(FIRST_UPDATE, "EIO", true);
}

Test(calls, there_are_too_many_open_files)
{
	sweep_errors(FIRST_UPDATE, "EMFILE", false);
}

Test(calls, a_signal_interrupts)
{
	sweep_errors(FIRST_UPDATE, "EINTR", false);
}

Test(calls, the_disk_is_full_for_one_call_of_a_second_update)
{
	sweep_errors(SECOND_UPDATE, "ENOSPC", false);
}

Test(calls, the_disk_breaks_in_a_second_update)
{
	sweep_errors(SECOND_UPDATE, "EIO", false);
}

Test(calls, the_disk_is_full_for_one_call_of_a_rollback)
{
	sweep_errors(ROLLBACK, "ENOSPC", false);
}

Test(calls, the_disk_breaks_in_a_rollback)
{
	sweep_errors(ROLLBACK, "EIO", false);
}
