/*
 * sweep.h - many tries on one ground, one for each point, and what they came to.
 *
 * A sweep has two forms: in the short one, part of every test run, it visits a sample of the
 * points; with BANGER_CRASH=long it visits all, with BANGER_CRASH=N every Nth.
 */
#ifndef CRASH_SWEEP_H
#define CRASH_SWEEP_H

#include "crash/ground.h"

bool sweep_is_long(void);
/* Every Nth call alone: some phases have fewer. */
bool sweep_may_miss_a_phase(void);

struct point {
	unsigned long at; /* number of a call, from 1 */
	unsigned phase;   /* how many phases are over there */
};

struct points {
	struct point *items;
	size_t count;
};
void points_free(struct points *points);

/*
 * From a try that only counted: in the long form every call, in the short one so many of each
 * phase. Of several writes in a row to one file the short form takes the first, since no other call
 * happens between them; it takes the rest evenly.
 */
struct points points_choose(const struct tried *counted, size_t per_phase);

#define PHASES_MAX 32

struct sweep {
	const struct ground *ground;
	char title[128];
	unsigned long calls; /* in an undisturbed run */
	size_t points;
	size_t ended[3];           /* by enum end */
	size_t undone;             /* recoveries that found the host broken */
	size_t phases[PHASES_MAX]; /* points by how many phases were over */
	size_t faults;
	struct buffer story; /* what was wrong where */
	uint64_t started;
};

void sweep_begin(struct sweep *sweep, const struct ground *ground, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* One point is over: where it was, how the host ended, and what was wrong, if anything. */
void sweep_add(struct sweep *sweep, const struct tried *tried, unsigned long at, enum end end,
	       struct buffer *complaints);
/* Prints the figures, and fails the test if anything was wrong. */
void sweep_end(struct sweep *sweep);

#endif
