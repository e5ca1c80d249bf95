/*
 * confine.h - what this process gives up before it lets foreign code in.
 */
#ifndef HOST_CONFINE_H
#define HOST_CONFINE_H

#include <stdbool.h>

#include "base/error.h"
#include "preflight/request.h"

/* What is in force afterwards, for the report. */
struct confined {
	bool is_whole;  /* every part of it is */
	char text[512]; /* "user 65534, PID namespace, Landlock 7, seccomp", and what is missing */
};

/*
 * Limits and gives up rights, as far as this kernel and our own rights go. Must come after
 * everything that needs them and before dlopen(3) or execve(2), so that a plugin's constructors are
 * already inside. Takes the filter of HOST_DENIAL_FD, and closes it; results is the pipe that
 * tells whether the updater is still there. An error: a step that must work failed, and nothing may
 * be loaded.
 */
MUST_CHECK int confine(const struct request *request, int results, struct confined *ret,
		       struct error *err);

#endif
