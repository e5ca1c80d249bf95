/*
 * strays.h - nobody is left behind: processes that left the group they were started in.
 *
 * Killing a group does not reach who called setsid(2). While plugins or a start command run, we are
 * therefore the one to whom orphans return (PR_SET_CHILD_SUBREAPER), and at the end it ends those
 * that it has not started itself.
 */
#ifndef BASE_STRAYS_H
#define BASE_STRAYS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct strays {
	int was_reaper;
	pid_t *known; /* children that were there before */
	size_t known_count;
};

/* Remembers our children and becomes the reaper. A kernel without
 * /proc/PID/task/TID/children has nothing to offer here: that is no error. */
MUST_CHECK int strays_begin(struct strays *ret, struct error *err);

/* Kills and reaps whoever has come to us since, and all below; only when none of our own new
 * children is left. Ends as well when they multiply. */
void strays_end(struct strays *strays);

/* Lets them be: they are what was wanted. Nobody comes to us any more. */
void strays_keep(struct strays *strays);

#endif
