/*
 * swap_names.h - the names beside a target that a swap uses, for swap.c and swap_back.c.
 *
 * They follow from the target's name alone, so that recovery finds whatever a killed run left.
 */
#ifndef INSTALL_SWAP_NAMES_H
#define INSTALL_SWAP_NAMES_H

#include <sys/types.h>

#include "base/error.h"

struct swap_names {
	char *new;     /* the new file, until it is renamed over the target */
	char *link;    /* a second name of the old file, until it is renamed */
	char *backup;  /* NAME.previous */
	char *earlier; /* the NAME.previous there was before */
};
#define auto_swap_names __attribute__((cleanup(swap_names_finish)))

/* -ENAMETOOLONG: the longest of our suffixes does not fit behind install. */
MUST_CHECK int swap_names_make(const char *install, struct swap_names *ret, struct error *err);
void swap_names_finish(struct swap_names *names);

/* unlink(2) that takes a missing file for success. */
MUST_CHECK int swap_unlink(const char *path, struct error *err);

/* Gives from's file the second name to, which is not there: a hard link, or where the file system
 * has none a durable copy with all attributes and times. */
MUST_CHECK int swap_link(const char *from, const char *to, struct error *err);

/* The inode of what is at path, not following a link; 0: nothing is. */
MUST_CHECK int swap_inode(const char *path, ino_t *ret, struct error *err);

#endif
