/*
 * staging.h - the run's own directory beside the target: same mount, not noexec, gone afterwards.
 */
#ifndef INSTALL_STAGING_H
#define INSTALL_STAGING_H

#include "base/error.h"
#include "model/host.h"

/*
 * Makes <directory of the first artifact>/.banger-update-<product>/<run>, 0700, or the same below
 * staging_dir (made when missing) when that is set. What a killed earlier run left there is removed
 * first (the caller holds the lock). *ret is freed by the caller. -EPERM, -ENOTDIR: something
 * that is not ours lies there; -EACCES: mounted noexec, so that the staged release could not be
 * asked anything; -ENAMETOOLONG.
 */
MUST_CHECK int staging_make(const char *product, const char *staging_dir,
			    const struct artifact *first, const char *run, char **ret,
			    struct error *err);

/* Lets everybody read what is staged and run it; writing stays ours. */
MUST_CHECK int staging_share(const char *path, struct error *err);

/* Removes the directory and, when that was the last one, its parent. A missing one is success. */
MUST_CHECK int staging_remove(const char *path, struct error *err);

#endif
