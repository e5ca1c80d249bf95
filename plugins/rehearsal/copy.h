/*
 * copy.h - a copy of a live database that a stranger may migrate, and whether it is whole.
 *
 * The live database is only read, in one transaction, and nothing is left beside it.
 */
#ifndef REHEARSAL_COPY_H
#define REHEARSAL_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "outcome.h"

/* Asked now and then while it takes long; true: give up. */
struct patience {
	bool (*is_over)(void *data);
	void *data;
};

/* The bytes of a database with its logs; 0 when there is no file. */
MUST_CHECK int copy_size(const char *path, uint64_t *ret, struct error *err);

/*
 * Copies the database at from to to, which must not exist, by SQLite's backup API. -EBUSY: somebody
 * wrote in a way that cannot be copied from; -ETIMEDOUT: the patience was over; -ENOSPC, -EFBIG,
 * -EACCES, -EUCLEAN.
 */
MUST_CHECK int copy_database(const char *from, const char *to, const struct patience *patience,
			     struct error *err);

/*
 * Whether the copy is whole (store/dbcheck.h), and foreign_key_check of each table. Damage is no
 * error, but in *ret.
 */
MUST_CHECK int copy_check(const char *path, const struct patience *patience, struct health *ret,
			  struct error *err);

/* Removes the copy and what lies beside it. */
void copy_remove(const char *path);

#endif
