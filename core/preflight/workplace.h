/*
 * workplace.h - the one directory that a plugin may write to.
 */
#ifndef PREFLIGHT_WORKPLACE_H
#define PREFLIGHT_WORKPLACE_H

#include "preflight/runner.h"

/* Makes base/name for the user, for nobody else to read; what lay there is removed. base is made,
 * too, for all to walk through. The caller frees *ret. */
MUST_CHECK int workplace_make(const char *base, const char *name, const struct preflight_user *user,
			      char **ret, struct error *err);

/* Removes it with all that is in it, and base when that is empty. What cannot be removed stays for
 * the owner of base. */
void workplace_remove(const char *base, const char *path);

#endif
