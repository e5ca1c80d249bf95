/*
 * helpers.h - the programs in libexec, opened once at start and run by descriptor, so that a run
 * keeps its own helpers even while it replaces them.
 */
#ifndef UPDATE_HELPERS_H
#define UPDATE_HELPERS_H

#include "base/error.h"

struct helpers {
	int unpack;
	int preflight_host;
};
#define HELPERS_INIT                                                                               \
	{                                                                                          \
		-1, -1                                                                             \
	}
#define auto_helpers __attribute__((cleanup(helpers_close)))

/* Looks beside our own executable (../libexec/banger-update), then at the compiled path. */
MUST_CHECK int helpers_open(struct helpers *ret, struct error *err);
void helpers_close(struct helpers *helpers);

#endif
