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

#define STORY_MAX  ((size_t)1 << 20)
#define TOLD_FAULTS 8

bool sweep_is_long(void)
{
	const char *form = getenv("BANGER_CRASH");

	return form != NULL && strcmp(form, "long") == 0;
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

/* Thins them out evenly; the first and the last stay. */
static void thin_out(struct points *points, size_t about)
{
	if (sweep_is_long() || points->count <= about || about < 2) {
		return;
	}
	for (size_t i = 0; i < about; i++) {
		points->items[i] = points->items[i * (points->count - 1) / (about - 1)];
	}
	points->count = about;
}

static bool has_word(const char *line, const char *word)
{
	const char *found = word == NULL ? line : strstr(line, word);

	return found != NULL && found < next_line(line);
}

static struct points choose(const struct tried *counted, const char *word, bool leave_out_repeats,
			    size_t about)
{
	struct points points = {.items = calloc(counted->total + 1, sizeof(*points.items))};
	const char *before = NULL;

	must(points.items != NULL && counted->list != NULL);
	for (const char *line = counted->list; *line != '\0'; line = next_line(line)) {
		if (has_word(line, word) && !(leave_out_repeats && repeats(line, before))) {
			points.items[points.count++] = strtoul(line, NULL, 10);
		}
		before = line;
	}
	thin_out(&points, about);
	return points;
}

struct points points_choose(const struct tried *counted, size_t about)
{
	return choose(counted, NULL, !sweep_is_long(), about);
}

struct points points_with(const struct tried *counted, const char *word, size_t about)
{
	return choose(counted, word, false, about);
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
