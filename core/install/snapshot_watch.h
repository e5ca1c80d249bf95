/*
 * snapshot_watch.h - whether a hold does harm: to a daemon that waits for it, or to the disk.
 *
 * A reader stops no writer, but a checkpoint of mode RESTART or TRUNCATE (FULL at times) waits for
 * it with the writer's lock taken, so that nobody else can write either.
 */
#ifndef INSTALL_SNAPSHOT_WATCH_H
#define INSTALL_SNAPSHOT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "install/snapshot_place.h"

struct snapshot_watch {
	const struct snapshot_place *place;
	int shm;
	uint64_t wal_most;      /* bytes */
	uint64_t free_least;    /* bytes of the file system */
	uint64_t blocked_since; /* 0: nobody waits */
};

/* The daemon is there and -shm with it. */
MUST_CHECK int snapshot_watch_open(struct snapshot_watch *watch, const struct snapshot_place *place,
				   struct error *err);
void snapshot_watch_close(struct snapshot_watch *watch);

/* NULL, or why to let go: half a sentence. To be called every SNAPSHOT_WATCH_MS. */
#define SNAPSHOT_WATCH_MS 10
const char *snapshot_watch_look(struct snapshot_watch *watch, uint64_t now_ms);

#endif
