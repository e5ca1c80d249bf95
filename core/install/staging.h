/*
 * staging.h - the run's own directory beside the target: same mount, not noexec, gone afterwards.
 */
#ifndef INSTALL_STAGING_H
#define INSTALL_STAGING_H

#include <stdbool.h>

#include "base/error.h"
#include "model/host.h"

/*
 * The directory's name: <directory of the first artifact>/.banger-update-<product>/<run>, or the
 * same below staging_dir when that is set. To be recorded before it is made. *ret is freed by the
 * caller. -ENAMETOOLONG.
 */
MUST_CHECK int staging_name(const char *product, const char *staging_dir,
			    const struct artifact *first, const char *run, char **ret,
			    struct error *err);

/*
 * Makes it, 0700; make_base: what it lies in as well (a staging_dir). What a killed earlier run
 * left beside it is removed first (the caller holds the lock). -EPERM, -ENOTDIR: something that is
 * not ours lies there, or, as root, others could exchange what we make; -EACCES: mounted noexec, so
 * that the staged release could not be asked anything.
 */
MUST_CHECK int staging_make(const char *path, bool make_base, struct error *err);

/* Lets everybody read what is staged and run it; writing stays ours. */
MUST_CHECK int staging_share(const char *path, struct error *err);

/* Where plugins of the run may write: beside path. The caller frees it; NULL: no memory. */
char *staging_scratch(const char *path);

/* Removes the directory, what plugins wrote beside it and, when that was the last one, the parent.
 * A missing one is success. */
MUST_CHECK int staging_remove(const char *path, struct error *err);

#endif
