/*
 * snapshot_place.h - where a run keeps what of a database, once links are resolved.
 */
#ifndef INSTALL_SNAPSHOT_PLACE_H
#define INSTALL_SNAPSHOT_PLACE_H

#include "base/error.h"
#include "model/host.h"

#define SNAPSHOT_DIRECTORY ".banger-update"

struct snapshot_place {
	char *live;
	char *wal;       /* live-wal */
	char *shm;       /* live-shm */
	char *directory; /* of the database */
	char *snapshots; /* directory/.banger-update */
	char *run;       /* snapshots/RUN */
	char *copy;      /* run/NAME.db: when it is there, it is complete */
	char *copy_wal;  /* run/NAME.db-wal */
	char *temporary; /* run/NAME.db.new */
	char *aside;     /* run/NAME.aside: reserved for the failed database kept aside */
	char *back;      /* run/NAME.back: reserved for putting the snapshot back */
	char *restored; /* live.restored-RUN: to replace it, whose files are incomplete meanwhile */
};
#define auto_place __attribute__((cleanup(snapshot_place_finish)))

void snapshot_place_finish(struct snapshot_place *place);
MUST_CHECK int snapshot_place_find(const struct database *database, const char *run,
				   struct snapshot_place *ret, struct error *err);

/* The run's own directory, durable: a snapshot in it must not vanish with it. -EPERM, -ENOTDIR:
 * somebody planted something there. */
MUST_CHECK int snapshot_place_make(const struct snapshot_place *place, const char *run,
				   struct error *err);

/* Removes what is not complete: the reserve, the temporary copy, a WAL without its database; then
 * the directories that are empty. */
MUST_CHECK int snapshot_place_clear(const struct snapshot_place *place, struct error *err);

#endif
