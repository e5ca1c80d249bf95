/*
 * clock.h - time: wall clock as RFC 3339 in UTC, and monotonic milliseconds for deadlines.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The wall clock as a parameter, so that tests bring their own; NULL means time(2). */
typedef time_t (*clock_source)(void *data);

struct clock {
	clock_source source;
	void *data;
};

time_t clock_wall(const struct clock *clock);

/* "2026-11-22T16:34:00Z" (RFC 3339 section 5.6), "" when the year has not four digits. */
#define CLOCK_TEXT_SIZE 21
const char *clock_text(time_t when, char text[CLOCK_TEXT_SIZE]);

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t clock_monotonic_ms(void);

/* A point on the monotonic clock, after_ms from now; how many milliseconds are left until then
 * (0 when it is over, at most INT_MAX: fit for poll(2)). */
uint64_t clock_deadline(uint64_t after_ms);
int clock_left(uint64_t deadline);

#endif
