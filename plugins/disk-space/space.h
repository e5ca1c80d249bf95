/*
 * space.h - what an update will write, added up for each file system, against what is free there.
 * Pure: it looks at nothing; device numbers and what is free come in.
 */
#ifndef DISK_SPACE_H
#define DISK_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/judgement.h"

#define SPACE_FILESYSTEMS 64 /* more than any sane host mounts for one product */
#define SPACE_REASONS_MAX 512

/* One file system, and what is free there for us. */
struct place {
	const char *path; /* one on it, for the sentence; borrowed */
	uint64_t device;
	uint64_t bytes_free;
	uint64_t inodes_free; /* UINT64_MAX: it does not count them */
};

struct filesystem {
	struct place place;
	uint64_t bytes; /* needed */
	uint64_t inodes;
	char reasons[SPACE_REASONS_MAX]; /* "a snapshot of database state (1.0 MiB), …" */
};

struct space {
	struct filesystem items[SPACE_FILESYSTEMS];
	size_t count;
};

/* What a database of so many bytes needs beside it. */
struct database_needs {
	uint64_t snapshot;  /* the copy that is taken before the swap */
	uint64_t growth;    /* what the migrations may add */
	uint64_t set_aside; /* the migrated database, kept when it is put back */
	uint64_t restore;   /* the log through which the old rows are written back */
	uint64_t spare;     /* what SQLite and the file system need beside the pages */
};
#define DATABASE_INODES 6 /* snapshot and its WAL, its two directories, what is reserved */

/* growth in percent of size; without_restore: the database is never put back. */
struct database_needs space_of_database(uint64_t size, uint64_t growth, bool without_restore);

/* Adds to what is needed at place. -E2BIG: too many file systems. */
MUST_CHECK int space_need(struct space *space, const struct place *place, uint64_t bytes,
			  uint64_t inodes, const char *what);

/* reserve: what has to be left free, in bytes. */
void space_judge(const struct filesystem *filesystem, uint64_t reserve, struct judgement *ret);

/* a + b and a * b, or the largest number there is. */
uint64_t space_plus(uint64_t a, uint64_t b);
uint64_t space_times(uint64_t a, uint64_t b);

#endif
