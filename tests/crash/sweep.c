/*
 * sweep.c - sweep.h.
 */
#include "crash/sweep.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flow/world_parts.h"

#define STORY_MAX   ((size_t)1 << 20)
#define TOLD_FAULTS 8

/* Every so many-eth call is a point; 0: the short form. */
static unsigned long stride(void)
{
	const char *form = getenv("BANGER_CRASH");

	if (form == NULL) {
		return 0;
	}
	return strcmp(form, "long") == 0 ? 1 : strtoul(form, NULL, 10);
}

bool sweep_is_long(void)
{
	return stride() == 1;
}

bool sweep_may_miss_a_phase(void)
{
	return stride() > 1;
}

void points_free(struct points *points)
{
	free(points->items);
	*points = (struct points){0};
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end != NULL ? end + 1 : line + strlen(line);
}

/* The same call of the same program as the line before, numbers aside. */
static bool repeats(const char *line, const char *before)
{
	const char *what = strchr(line, ' ');
	const char *what_before = before != NULL ? strchr(before, ' ') : NULL;

	return what != NULL && what_before != NULL && strstr(what, "write") != NULL &&
	       strncmp(what, what_before, strcspn(what, "\n") + 1) == 0;
}

/* How many of the points that begin at first are of one phase. */
static size_t phase_length(const struct points *points, size_t first)
{
	size_t length = 0;

	while (first + length < points->count &&
	       points->items[first + length].phase == points->items[first].phase) {
		length++;
	}
	return length;
}

/* Of each phase so many, evenly. Its first call is always the journal's: one alone is the middle.
 */
static void thin_out(struct points *points, size_t per_phase)
{
	size_t kept = 0;

	for (size_t first = 0; first < points->count;) {
		size_t length = phase_length(points, first);
		size_t take = length < per_phase ? length : per_phase;

		for (size_t i = 0; i < take; i++) {
			size_t offset = take == 1 ? length / 2 : i * length / take;

			points->items[kept++] = points->items[first + offset];
		}
		first += length;
	}
	points->count = kept;
}

struct points points_choose(const struct tried *counted, size_t per_phase)
{
	struct points points = {.items = calloc(counted->total + 1, sizeof(*points.items))};
	unsigned long every = stride();
	const char *before = NULL;
	unsigned phase = 0;

	must(points.items != NULL && counted->list != NULL);
	for (const char *line = counted->list; *line != '\0'; line = next_line(line)) {
		if (line[0] == '-') {
			phase += tried_is_end_of_phase(line + 1);
			continue;
		}
		unsigned long at = strtoul(line, NULL, 10);

		if (every > 0 ? at % every == 0 : !repeats(line, before)) {
			points.items[points.count++] = (struct point){at, phase};
		}
		before = line;
	}
	if (every == 0) {
		thin_out(&points, per_phase);
	}
	return points;
}

void sweep_begin(struct sweep *sweep, const struct ground *ground, const char *format, ...)
{
	va_list args;

	*sweep = (struct sweep){.ground = ground,
				.story = BUFFER_INIT(STORY_MAX),
				.started = clock_monotonic_ms()};
	va_start(args, format);
	(void)vsnprintf(sweep->title, sizeof(sweep->title), format, args);
	va_end(args);
}

static void tell_fault(struct sweep *sweep, const struct tried *tried, unsigned long at,
		       const struct buffer *complaints)
{
	sweep->faults++;
	if (sweep->faults > TOLD_FAULTS) {
		return;
	}
	/* A story too long is told as far as it goes. */
	(void)!buffer_add_format(&sweep->story,
				 "  at call %lu (%s), exit %d after %u phases:\n%.8000s%.2000s", at,
				 tried->at, tried->outcome.exit_code, tried_phases(tried),
				 buffer_text(complaints), tried->outcome.errors);
}

void sweep_add(struct sweep *sweep, const struct tried *tried, unsigned long at, enum end end,
	       struct buffer *complaints)
{
	unsigned phases = tried_phases(tried);

	sweep->points++;
	sweep->ended[end]++;
	sweep->phases[phases < PHASES_MAX ? phases : PHASES_MAX - 1]++;
	if (complaints->length > 0) {
		tell_fault(sweep, tried, at, complaints);
	}
	buffer_finish(complaints);
}

void sweep_end(struct sweep *sweep)
{
	uint64_t ms = clock_monotonic_ms() - sweep->started;
	size_t points = sweep->points > 0 ? sweep->points : 1;
	char *story = strdup(sweep->faults > 0 ? buffer_text(&sweep->story) : "");
	size_t faults = sweep->faults;

	(void)fprintf(stderr,
		      "%s: %lu calls, %zu points: %zu old, %zu new, %zu neither; %zu undone; "
		      "%zu faults; %zu ms a point\n",
		      sweep->title, sweep->calls, sweep->points, sweep->ended[END_OLD],
		      sweep->ended[END_NEW], sweep->ended[END_MIXED], sweep->undone, faults,
		      (size_t)ms / points);
	buffer_finish(&sweep->story);
	cr_assert_eq(faults, 0, "%s: %zu faults:\n%s", sweep->title, faults, story);
	free(story);
}
