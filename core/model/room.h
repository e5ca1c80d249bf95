/*
 * room.h - what a database takes beside it while it is updated: one sum for who asks beforehand and
 * for who reserves it.
 */
#ifndef MODEL_ROOM_H
#define MODEL_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

/* What SQLite and the file system need beside the pages. */
#define ROOM_SPARE (8u * MIB)

struct room {
	uint64_t copy;  /* the snapshot */
	uint64_t aside; /* the failed database, kept when the old one is put back */
	uint64_t back;  /* the log through which that is written */
};

/* In bytes, for a database of so many, its WAL included, on its own file system. put_back: may it
 * be put back? */
struct room room_of_database(uint64_t size, bool put_back);

#endif
