/*
 * snapshot_keeper.h - the child that makes a snapshot and keeps its hold until the daemon is
 * stopped.
 *
 * It has neither a connection to the database nor a lock. Its own children have: the holder, whose
 * read transaction makes a copy of a changing database whole; the copier; the checker. Between the
 * two halves it goes on looking whether the hold harms anybody, so that the updater may do
 * something else, and lets go when it does.
 */
#ifndef INSTALL_SNAPSHOT_KEEPER_H
#define INSTALL_SNAPSHOT_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest.h"
#include "base/servant.h"
#include "install/snapshot_holder.h"
#include "install/snapshot_place.h"
#include "install/snapshot_watch.h"

struct keeper {
	const struct database *database;
	const char *run;
	struct snapshot_place place;
	struct holder_job job;
	struct servant holder;
	struct servant copier;
	struct servant checker;
	struct snapshot_watch watch;
	uint64_t deadline; /* of what is being done */
	bool exists;
	bool complete;
	bool live;           /* the hold stands, and what was copied under it counts */
	bool retries;        /* it was let go for a reason that may be over */
	bool checked;        /* quick_check said ok */
	bool wal_empty;      /* the database alone is everything */
	char mode;           /* HOLDER_WAL or HOLDER_PLAIN */
	uint64_t wal_copied; /* the WAL's size at the last round */
	uint64_t read_mark;  /* the lock byte that the holder has */
	const char *why;     /* not live: half a sentence */
	char fingerprint[DIGEST_HEX_SIZE]; /* "": nobody but the daemon can read it */
};

/* What the updater tells it, and what it answers. */
enum keeper_command {
	KEEPER_BEGIN = 'b',    /* "" for a missing database; KEEPER_HELD and three numbers: device
				* and inode of the database, inode of its -shm; KEEPER_ALONE */
	KEEPER_COPY = 'c',     /* fingerprint, way and path, a line each */
	KEEPER_STRANGER = 's', /* the same; a process has it open without SQLite's locks */
	KEEPER_COMPLETE = 'e', /* the same, after the stop */
};
#define KEEPER_HELD  "held"
#define KEEPER_ALONE "alone"

/* A servant_serve; data is a struct snapshot_job with database and run set. When nobody is there
 * any more it lets go and removes what is not complete. */
void snapshot_keeper_serve(int line, void *data);

/* ---- its parts: holding (snapshot_keeper_hold.c) ---- */

/* Tries to have it live. 0 also when that cannot be: keeper->live, keeper->why. -EUCLEAN. */
MUST_CHECK int keeper_hold(struct keeper *keeper, struct error *err);

/* Starts the holder if there is none, and has it do that; mode and fingerprint are told in *ret. */
MUST_CHECK int keeper_ask_holder(struct keeper *keeper, char command, char *ret_mode,
				 char ret_fingerprint[DIGEST_HEX_SIZE], struct error *err);

/* At once: the daemon may be waiting. */
void keeper_let_go(struct keeper *keeper, const char *why, bool retries);

/* The hold's end when all is well. */
void keeper_leave(struct keeper *keeper);

/* The holder still has the lock it had, and nobody else has the database open. */
MUST_CHECK int keeper_confirm(struct keeper *keeper, struct error *err);

/* Tells a child to do something and watches until it has answered. */
MUST_CHECK int keeper_attend(struct keeper *keeper, const struct servant *servant, char command,
			     struct buffer *output, struct error *err);

/* One look at what could be wrong with the hold. */
void keeper_look(struct keeper *keeper);

/* ---- copying (snapshot_keeper_copy.c) ---- */

/* Before the stop; keeper->live tells how far it went. */
MUST_CHECK int keeper_copy(struct keeper *keeper, struct error *err);

/* The WAL has grown by much since the last round: another one. */
MUST_CHECK int keeper_keep_up(struct keeper *keeper, struct error *err);

/* After the stop: copied and durable under its temporary name; the fingerprint as it is now. */
MUST_CHECK int keeper_finish(struct keeper *keeper, char ret_fingerprint[DIGEST_HEX_SIZE],
			     struct error *err);

#endif
