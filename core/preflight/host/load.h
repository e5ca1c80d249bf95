/*
 * load.h - from a file to a plugin that may be called.
 */
#ifndef HOST_LOAD_H
#define HOST_LOAD_H

#include "banger/preflight.h"
#include "base/error.h"

/*
 * Loads path and checks its descriptor. The plugin is never unloaded: the process ends instead.
 * -ELIBBAD: dlopen(3) refused it or it has no descriptor; -EPROTONOSUPPORT: the descriptor is not
 * one we can use; the sentence says why.
 */
MUST_CHECK int load_plugin(const char *path, const char *name, const struct pf_plugin **ret,
			   struct error *err);

/* The checks on the descriptor alone. */
MUST_CHECK int load_check(const struct pf_plugin *plugin, const char *name, struct error *err);

#endif
