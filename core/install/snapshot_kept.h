/*
 * snapshot_kept.h - failed databases under names of their own: PATH.failed-RUN, then
 * PATH.failed-RUN-2 and so on. What has such a name is never overwritten or removed.
 */
#ifndef INSTALL_SNAPSHOT_KEPT_H
#define INSTALL_SNAPSHOT_KEPT_H

#include <stdbool.h>

#include "base/error.h"

/* Gives the finished copy a name that is free; removes it when one with the same content is there.
 * *ret: the name, freed by the caller. */
MUST_CHECK int snapshot_keep_copy(const char *live, const char *run, const char *copy, char **ret,
				  struct error *err);

/* File by file, linked: for what SQLite cannot read. The live names are to get new files. *ret is
 * left alone when there is no live database. Idempotent. */
MUST_CHECK int snapshot_keep_files(const char *live, const char *run, char **ret,
				   struct error *err);

/* Is the live database a file that is kept? Then nothing may be written to it. */
MUST_CHECK int snapshot_keeps_files(const char *live, const char *run, bool *ret,
				    struct error *err);

/* The last of the run's names that is taken; *ret is left alone when none is. */
MUST_CHECK int snapshot_kept_last(const char *live, const char *run, char **ret, struct error *err);

#endif
