/*
 * plugin_new.h - a folder to begin a plugin with.
 */
#ifndef UPDATE_PLUGIN_NEW_H
#define UPDATE_PLUGIN_NEW_H

#include "base/error.h"

/* Writes the template as folder name, below the current directory, under the name. -EINVAL: no name
 * of a plugin; -EEXIST: there is something. What failed half-way is removed. */
MUST_CHECK int plugin_new(const char *name, struct error *err);

#endif
