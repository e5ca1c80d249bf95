/*
 * look.h - a connection that only looks at a database of somebody else's.
 *
 * SQLite alone cannot promise that: as root it creates and leaves -wal and -shm beside a WAL
 * database, and told not to (immutable=1) it ignores the WAL. The way in is therefore chosen from
 * what lies beside the file and who has it locked, and the answer counts only if nothing was
 * written meanwhile.
 */
#ifndef STORE_LOOK_H
#define STORE_LOOK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* What was found at the path and beside it. */
struct survey {
	struct stat main;
	struct stat wal; /* st_nlink == 0: not there */
	bool has_shm;
	bool wal_format;  /* the header says WAL */
	bool hot_journal; /* a rollback journal that is not ended */
	bool locked;      /* by another connection */
};

struct look {
	const char *path; /* borrowed */
	int fd;           /* the database file, for lstat and locks */
	sqlite3 *db;      /* in a read transaction; NULL for an empty file, which has no tables */
	struct survey survey;
	uint64_t deadline;
	bool needs_quiet; /* the way in does not take SQLite's locks */
};

#define LOOK_INIT                                                                                  \
	{                                                                                          \
		.fd = -1                                                                           \
	}
#define auto_look __attribute__((cleanup(look_close)))
void look_close(struct look *look);

/*
 * Opens path and begins one read transaction. look stays where it is until it is closed. -EAGAIN:
 * somebody is at it just now; *err says who should be gone by the next try.
 */
MUST_CHECK int look_open(const char *path, struct look *look, struct error *err);

/*
 * 0: what was read since look_open() was one consistent state. -EAGAIN: it may not have been, nor
 * need an error be true. To be asked as well when look_open() failed and left a descriptor.
 */
MUST_CHECK int look_confirm(const struct look *look, struct error *err);

#endif
