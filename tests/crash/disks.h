/*
 * disks.h - file systems of the test's own under a ground, whose power can be cut.
 *
 * Images in memory, on loop devices, mounted in a mount namespace of the calling process alone
 * (another namespace would keep a dead file system alive). What is on them is prepared once and
 * put back by copying the images.
 */
#ifndef CRASH_DISKS_H
#define CRASH_DISKS_H

#include <stdbool.h>
#include <stddef.h>

#include "crash/ground.h"

/* How a host's directories lie on file systems. */
enum layout {
	ONE_DISK,    /* one for all: what is durable is durable in order */
	THREE_DISKS, /* programs, database and journal apart, as /usr, /srv and /var may be */
};

/* How the power fails. */
enum cut {
	CUT_ALL = 2,  /* what was not written is gone */
	CUT_DATA = 1, /* names and sizes are written, content is not */
	CUT_COPY = 3, /* what the device has at that moment; for file systems without the others */
};

#define DISKS_MAX 3

struct disk {
	char *where; /* mounted there */
	char *image;
	char *prepared;
};

struct disks {
	struct ground *ground;
	const char *type; /* "ext4", "xfs", "btrfs" */
	enum layout layout;
	enum cut cut;
	char *store;  /* images */
	char *cutter; /* the program that cuts, for try.before */
	size_t loser; /* see disks_choose() */
	struct disk items[DISKS_MAX];
	size_t count;
};

/* Why this process cannot have disks of its own, or NULL. */
const char *disks_missing(const char *type);

/* Moves what is saved of the ground onto them; ground_reset() puts it back from now on. */
void disks_make(struct disks *disks, struct ground *ground, const char *type, enum layout layout,
		enum cut cut);
void disks_finish(struct disks *disks);

/* From now on this one of several disks loses what it has not written, and the others do not, as if
 * they had been quicker: each order between disks is legal. DISKS_MAX: all of them lose. */
void disks_choose(struct disks *disks, size_t loser);

/* Leaves so many bytes on this one of several disks, and gives the rest back. */
void disks_fill(struct disks *disks, size_t index, unsigned long left);
void disks_empty(struct disks *disks, size_t index);

/* What is prepared, mounted afresh. */
void disks_reset(struct disks *disks);
/* Cuts the power, unless that was done. */
void disks_cut(struct disks *disks);
/* After the cut: everybody is dead, what was durable is mounted again, /run is empty. */
void disks_boot(struct disks *disks);

#endif
