/*
 * run.h - a run of the updater: its identifier, its result and what the result exits with.
 */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <time.h>

#include "base/error.h"

enum result {
	RESULT_UPDATED,
	RESULT_UP_TO_DATE,
	RESULT_AVAILABLE,
	RESULT_WOULD_UPDATE,
	RESULT_REFUSED,
	RESULT_BUSY,
	RESULT_ERROR,
	RESULT_ROLLED_BACK,
	RESULT_ROLLBACK_INCOMPLETE,
	RESULT_USAGE,
	RESULT_HELD,
};

const char *result_word(enum result result); /* as --json writes it, and the journal */
int result_exit_code(enum result result);

/* "20261122T163400Z-1a2b": UTC, and four random hexadecimal digits. */
#define RUN_ID_SIZE 22
MUST_CHECK int run_id_make(time_t when, char ret[RUN_ID_SIZE], struct error *err);

#endif
