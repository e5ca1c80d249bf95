/*
 * private.h - a directory that only we can change, made where others may have been before us.
 */
#ifndef INSTALL_PRIVATE_H
#define INSTALL_PRIVATE_H

#include "base/error.h"

/*
 * Makes (0700) or opens the directory name in parent, a descriptor. -EPERM when what is there is
 * not ours or could be written by others, -ENOTDIR when it is a symbolic link or a file: somebody
 * planted it. path is for the sentence. Returns a descriptor or a negative errno value.
 */
MUST_CHECK int private_directory(int parent, const char *name, const char *path, struct error *err);

#endif
