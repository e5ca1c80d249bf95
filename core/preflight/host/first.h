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
 * As process 1: run(data) is a child's whole life, and what it returns the exit code; process 1
 * waits, reaps, exits as the child does, with FIRST_SIGNALLED + number when a signal ends it, and
 * does not come back from here. As any other process: run(data) is called, and *ret is its result.
 * Negative: there can be no child.
 */
MUST_CHECK int first_run(int (*run)(void *data), void *data, int *ret, struct error *err);

#endif
