/*
 * run.c - run.h: the table of results, and identifiers of runs.
 */
#include "model/run.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>

#define STAMP_LENGTH 16 /* of "20261122T163400Z" */

static const struct {
	const char *word;
	int exit_code;
} results[] = {
	[RESULT_UPDATED] = {"updated", 0},
	[RESULT_UP_TO_DATE] = {"up-to-date", 0},
	[RESULT_AVAILABLE] = {"available", 1},
	[RESULT_WOULD_UPDATE] = {"available", 0},
	[RESULT_REFUSED] = {"refused", 2},
	[RESULT_BUSY] = {"busy", 75},
	[RESULT_ERROR] = {"error", 3},
	[RESULT_ROLLED_BACK] = {"rolled-back", 4},
	[RESULT_ROLLBACK_INCOMPLETE] = {"rollback-incomplete", 5},
	[RESULT_USAGE] = {"error", 64},
	[RESULT_HELD] = {"held", 0},
};

const char *result_word(enum result result)
{
	return results[result].word;
}

int result_exit_code(enum result result)
{
	return results[result].exit_code;
}

int run_id_make(time_t when, char ret[RUN_ID_SIZE], struct error *err)
{
	struct tm utc;
	char stamp[RUN_ID_SIZE];
	uint16_t random = 0;

	/* Any other length is a year without four digits. */
	if (gmtime_r(&when, &utc) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc) != STAMP_LENGTH) {
		return error_set(err, -EINVAL, "the clock is beyond the calendar");
	}
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		return error_set(err, -EIO, "no random numbers to be had");
	}
	(void)snprintf(ret, RUN_ID_SIZE, "%.*s-%04x", STAMP_LENGTH, stamp, random);
	return 0;
}
