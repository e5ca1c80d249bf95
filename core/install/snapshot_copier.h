/*
 * snapshot_copier.h - the child that copies a database's files, by descriptor, without SQLite.
 *
 * What it copies is only whole while another process, the holder, keeps a read transaction open.
 * In WAL mode a torn copy of the database is repaired by replaying the WAL that is copied after
 * it: all that anybody writes to the database meanwhile lies in that WAL, and none of its
 * committed frames is overwritten before the holder lets go.
 */
#ifndef INSTALL_SNAPSHOT_COPIER_H
#define INSTALL_SNAPSHOT_COPIER_H

#include "install/snapshot_place.h"

enum copier_command {
	COPIER_COPY = 'c',  /* the database as it is, anew */
	COPIER_PATCH = 'p', /* makes an earlier copy equal to the database as it is */
	COPIER_ROUND = 'r', /* what was committed to the WAL since the last round */
	COPIER_WAL = 'w',   /* the rest of the WAL, all of it durable; nobody writes any more */
	COPIER_PLAIN = 's', /* no WAL belongs to it */
};

/* Answers that are no failures of the copy. */
#define COPIER_BROKEN   (-EBADMSG) /* the WAL does not hold what its index says */
#define COPIER_UNCLEAR  (-EAGAIN)  /* the index cannot be read: the holder has to repair it */
#define COPIER_REPLACED (-ESTALE)  /* the files are not the ones that were copied */

/* A servant_serve; data is a struct snapshot_place. COPIER_WAL answers COPIER_EMPTY when the
 * database alone is everything. */
#define COPIER_EMPTY "empty"
void snapshot_copier_serve(int line, void *data);

#endif
