/*
 * trust.h - whose hands could a file have passed through?
 *
 * A file is trusted when nobody but its trusted owner could have put it there: the file and every
 * directory above it is owned by root or by us, and not writable for group or world. A sticky
 * ancestor owned by root (/tmp) is fine, since others cannot rename what lies in it. A link on the
 * way is followed when it and the directories it lies in are trusted as well.
 * Model: sudo's secure_path.c, extended to the whole chain.
 */
#ifndef BASE_TRUST_H
#define BASE_TRUST_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Checks path (absolute; a file or a directory, no symlink at the end) and all its ancestors up
 * to "/". Owners allowed: root and owner (the running user). -EPERM names the path and the owner
 * or the mode bit that is in the way; -EINVAL: not absolute; also the errno values of lstat(2).
 */
MUST_CHECK int trust_check_chain(const char *path, uid_t owner, struct error *err);

/*
 * The same for a directory in which we are about to make a thing of our own, whose name is to stand
 * for it from then on: a sticky directory of root's will do, and a link at the end is followed.
 */
MUST_CHECK int trust_check_place(const char *path, uid_t owner, struct error *err);

#endif
