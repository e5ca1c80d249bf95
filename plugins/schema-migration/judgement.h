/*
 * judgement.h - from what was seen of a database to a finding. Pure: it reads and runs nothing.
 */
#ifndef SCHEMA_JUDGEMENT_H
#define SCHEMA_JUDGEMENT_H

#include <banger/preflight.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/process.h"
#include "store/schema.h"
#include "support/judgement.h"

/* Which database and release a sentence is about. */
struct judgement_case {
	const char *database; /* its name */
	const char *path;
	const char *version; /* the release's; NULL: unknown */
};

/* The comparison with what the release knows. */
void judge_state(const struct judgement_case *about, const struct schema_state *state,
		 struct judgement *ret);

/* A database that could not be inspected; reason->code is what schema_inspect() returned. */
void judge_failure(const struct judgement_case *about, const struct error *reason,
		   struct judgement *ret);

/* There is no file. */
void judge_missing(const struct judgement_case *about, bool is_allowed, struct judgement *ret);

/* What goes back with the release is what this very release had made of it. */
void judge_restored(const struct judgement_case *about, struct judgement *ret);

/* Nobody says what the release knows. */
void judge_unknown_release(const struct judgement_case *about, struct judgement *ret);

/*
 * A command's answer: 0 and 1 count only if the first line of its output begins with the words for
 * it ("compatible"; "needed" or "migrations needed"), 75 only with "busy": a crashed script also
 * exits with 1. 2 is incompatible whatever it says. Everything else is an error.
 */
void judge_answer(const char *command, const struct process_status *status, const char *output,
		  const char *errors, struct judgement *ret);

#endif
