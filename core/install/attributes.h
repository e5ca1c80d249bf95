/*
 * attributes.h - what a new file takes over from the one it replaces: owner, group, mode, ACL,
 * security.* and user.* attributes.
 *
 * All of it is applied by descriptor, before the file gets the name under which it counts. What
 * cannot be kept is an error that names it, never silently lost.
 */
#ifndef INSTALL_ATTRIBUTES_H
#define INSTALL_ATTRIBUTES_H

#include "base/error.h"
#include "model/host.h"

/*
 * Gives new what artifact asks for and else what old has; old is -1 when there was no file: then
 * 0755, owned by root (by us when we are not root). name is for the sentence.
 */
MUST_CHECK int attributes_apply(int new, int old, const struct artifact *artifact, const char *name,
				struct error *err);

#endif
