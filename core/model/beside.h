/*
 * beside.h - the names beside an installed file that its replacement writes and removes. Nobody
 * else's file may have one of them.
 */
#ifndef MODEL_BESIDE_H
#define MODEL_BESIDE_H

#include <stdbool.h>

#define BESIDE_NEW     ".update-new"       /* the new file, until it is renamed over the target */
#define BESIDE_LINK    ".update-link"      /* a second name of the old file, until it is renamed */
#define BESIDE_BACKUP  ".previous"         /* the old file */
#define BESIDE_EARLIER ".previous.earlier" /* the backup there was before */

/* All of them, ended by NULL. */
extern const char *const beside_suffixes[];

/* True when path is installed itself, or one of the names beside it. */
bool beside_has(const char *installed, const char *path);

#endif
