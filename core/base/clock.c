/*
 * clock.c - clock.h: the wall clock and the monotonic one.
 */
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>

time_t clock_wall(const struct clock *clock)
{
	if (clock != NULL && clock->source != NULL) {
		return clock->source(clock->data);
	}
	return time(NULL);
}

const char *clock_text(time_t when, char text[CLOCK_TEXT_SIZE])
{
	struct tm utc;

	text[0] = '\0';
	if (gmtime_r(&when, &utc) != NULL && utc.tm_year >= -900 && utc.tm_year <= 8099) {
		(void)strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
	}
	return text;
}

uint64_t clock_monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_deadline(uint64_t after_ms)
{
	uint64_t now = clock_monotonic_ms();

	return after_ms > UINT64_MAX - now ? UINT64_MAX : now + after_ms;
}

int clock_left(uint64_t deadline)
{
	uint64_t now = clock_monotonic_ms();

	if (now >= deadline) {
		return 0;
	}
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}
