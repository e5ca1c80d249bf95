/*
 * first.h - process 1 of a PID namespace, which the plugin should not be.
 *
 * To process 1 the kernel delivers no signal that it has no handler for, not even its own: abort(3)
 * would not end it, and a plugin that crashes by raise(3) would run on.
 */
#ifndef HOST_FIRST_H
#define HOST_FIRST_H

#include "base/error.h"

/* An exit code that stands for a signal, as shells have it. */
#define FIRST_SIGNALLED 128

/*
 * As process 1: returns in a child, and stays behind itself to reap and to exit as that child does,
 * with FIRST_SIGNALLED + number when a signal ends it. As any other process it does nothing.
 */
MUST_CHECK int first_stay_behind(struct error *err);

#endif
