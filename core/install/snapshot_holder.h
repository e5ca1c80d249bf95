/*
 * snapshot_holder.h - the child with the only connection to the live database, and one that checks
 * it. Neither opens any file of it but through SQLite: closing one would drop SQLite's locks.
 */
#ifndef INSTALL_SNAPSHOT_HOLDER_H
#define INSTALL_SNAPSHOT_HOLDER_H

#include "install/snapshot_place.h"

enum holder_command {
	HOLDER_BEGIN = 'b',   /* a read transaction; -EBUSY at once when it cannot be had */
	HOLDER_PATIENT = 'p', /* the same after the stop: waits a little for others to be gone */
	HOLDER_RENEW = 'n',   /* ends it and begins another; -ESTALE: the file was replaced */
	HOLDER_HEAL = 'h',    /* ends it, checkpoints the whole WAL, begins another */
	HOLDER_LEAVE = 'l',   /* ends it and closes; the WAL stays as it is */
	HOLDER_RELEASE = 'r', /* the same; the last one out folds the WAL into the database */
};

struct holder_job {
	const struct snapshot_place *place;
	const char *record;
};

/*
 * All but the last two answer with HOLDER_WAL or HOLDER_PLAIN and the schema's fingerprint. When
 * nobody is there any more it does as for HOLDER_RELEASE, since its view of the WAL may be the only
 * right one; to be started with SERVANT_SEES_US_END. Both are a servant_serve; data is a struct
 * holder_job.
 */
#define HOLDER_WAL   'w'
#define HOLDER_PLAIN 'j'
void snapshot_holder_serve(int line, void *data);

/* Answers what quick_check says, unasked: 0, -EUCLEAN, or why it could not be said. */
void snapshot_checker_serve(int line, void *data);

#endif
