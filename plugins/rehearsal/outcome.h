/*
 * outcome.h - from how a rehearsed migration went to a finding. Pure.
 */
#ifndef REHEARSAL_OUTCOME_H
#define REHEARSAL_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/process.h"
#include "support/judgement.h"

/* The copy of a database at one moment. */
struct health {
	char damage[200];    /* the first words about it; "": none */
	uint64_t dangling;   /* rows that refer to nothing (foreign_key_check) */
	char reference[200]; /* the first of them, in words */
	uint64_t broken;     /* tables whose references no row can keep: "foreign key mismatch" */
	char mismatch[200];  /* the first of them, in SQLite's words */
	uint64_t unchecked;  /* tables whose references only the daemon can compare */
	char why[200];       /* the first of them */
};

/* How it went. */
struct rehearsed {
	const char *database;
	uint64_t bytes_before;
	uint64_t bytes_after;
	uint64_t migrate_ms;
	struct health before;
	struct health after;
};

/* The copy as it is before anything ran: one that is damaged cannot be migrated. Verdict 0: fine.
 */
void outcome_before(const struct rehearsed *rehearsed, struct judgement *ret);

/* The daemon's exit: 0 (verdict 0), 2 (fails on this data), anything else could not find out. */
void outcome_of_daemon(const char *database, const struct process_status *status,
		       const char *output, const char *errors, struct judgement *ret);

/* What it left: damage and dangling references that were not there before; else time and growth. */
void outcome_after(const struct rehearsed *rehearsed, struct judgement *ret);

/* A database that could not be copied or checked: code is the errno value. */
void outcome_failure(const char *database, int code, const char *reason, struct judgement *ret);

#endif
