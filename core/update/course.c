/*
 * course.c - course.h: rows of the table, and a bit for each that is undone.
 */
#include "update/course.h"

#include <errno.h>
#include <string.h>

static uint64_t bit_of(const struct phase *phase)
{
	return (uint64_t)1 << (phase - phase_rows);
}

/* A walk back goes up the table, from the last row that was reached. When another begins, what was
 * said of its first row and of those above that counts no more: somebody may have started since
 * what lay there. */
static void follow_back(struct course *course, const struct phase *phase, bool is_undone)
{
	if (course->last_back == NULL || phase >= course->last_back) {
		course->undone &= ~(2 * bit_of(phase) - 1);
	}
	course->last_back = phase;
	course->undone |= is_undone ? bit_of(phase) : 0;
}

static void follow_forth(struct course *course, const struct phase *phase)
{
	course->unknown = course->unknown || phase == NULL;
	if (phase != NULL && phase->changes_host &&
	    (course->reached == NULL || phase > course->reached)) {
		course->reached = phase;
	}
}

void course_follow(struct course *course, const char *name, const char *state)
{
	const struct phase *phase = phase_find(name);
	bool is_undone = strcmp(state, "undone") == 0;

	if (strcmp(state, "intent") == 0 && strcmp(name, "commit") != 0) {
		follow_forth(course, phase);
	} else if (phase != NULL && (is_undone || strcmp(state, "undo-failed") == 0)) {
		follow_back(course, phase, is_undone);
	}
}

static int follow(void *data, const struct journal_event *event, struct error *err)
{
	(void)err;
	course_follow(data, event->phase, event->state);
	return 0;
}

int course_read(struct journal *journal, const char *run, struct course *ret, struct error *err)
{
	struct course course = {0};
	int rc = journal_events(journal, run, follow, &course, err);

	*ret = course;
	if (rc == 0 && course.unknown) {
		rc = error_set(err, -ENOTSUP,
			       "run %s was made by another version of this program, which knows "
			       "phases that this one does not: recover with that one",
			       run);
	}
	return rc;
}

const struct phase *course_first_to_undo(const struct course *course, bool boot)
{
	const struct phase *stop = phase_find("stop");
	const struct phase *start = phase_find("start");
	bool is_back = course->reached > stop;

	for (const struct phase *phase = course->reached; phase > stop; phase--) {
		is_back = is_back && (phase->undo == NULL || phase == start ||
				      (course->undone & bit_of(phase)) != 0);
	}
	if (is_back) {
		return stop;
	}
	return !boot && course->reached > stop && course->reached < start ? start : course->reached;
}
