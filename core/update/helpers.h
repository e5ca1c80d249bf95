/*
 * helpers.h - the programs in libexec, opened once at start and run by descriptor, so that a run
 * keeps its own helpers even while it replaces them.
 */
#ifndef UPDATE_HELPERS_H
#define UPDATE_HELPERS_H

#include "base/error.h"

struct helpers {
	int fetch; /* -1: not installed; only http and https need it */
	int unpack;
	int preflight_host;
};
#define HELPERS_INIT                                                                               \
	{                                                                                          \
		-1, -1, -1                                                                         \
	}
#define auto_helpers __attribute__((cleanup(helpers_close)))

/* Looks beside our own executable (../libexec/banger-update), then at the compiled path. */
MUST_CHECK int helpers_open(struct helpers *ret, struct error *err);

/* Only what --check needs: fetch, when it is there. */
void helpers_open_fetch(struct helpers *ret);
void helpers_close(struct helpers *helpers);

#endif
