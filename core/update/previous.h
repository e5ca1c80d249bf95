/*
 * previous.h - the release that `rollback` goes back to: what the run that replaced it has kept,
 * held against what the configuration names now. For `rollback`, and for `status`, which promises
 * it.
 *
 * previous is that run's plan, version the release that it replaced.
 */
#ifndef UPDATE_PREVIOUS_H
#define UPDATE_PREVIOUS_H

#include "install/plan.h"

/* How the file at install was replaced; NULL: it was not. */
const struct swap_plan *previous_swap(const struct plan *previous, const char *install);

/* What was kept of the database at path; NULL: nothing, or there is no previous run. */
const struct snapshot *previous_snapshot(const struct plan *previous, const char *path);

/* A sentence and -ESTALE: somebody else has changed what is installed. */
MUST_CHECK int previous_is_unknown(struct error *err);

/* -ESTALE: an artifact was added to the configuration since, or is not in it any more. */
MUST_CHECK int previous_check_artifacts(const struct plan *previous, const struct host *now,
					const char *version, struct error *err);

/* *ret: what a database that goes back is put back from. -ENOENT: nothing is there. */
MUST_CHECK int previous_need_snapshot(const struct plan *previous, const struct database *database,
				      const char *version, const struct snapshot **ret,
				      struct error *err);

/* Can all databases go back? -ENOENT: one has no snapshot; -ESTALE: one has, and is not in the
 * configuration any more. */
MUST_CHECK int previous_check_databases(const struct plan *previous, const struct host *now,
					const char *version, struct error *err);

/* The next database from *index on that there was or is, and that is not in the configuration any
 * more, and *index behind it; NULL: there is none. */
const struct database *previous_dropped_database(const struct plan *previous,
						 const struct host *now, size_t *index);

#endif
