/*
 * cgroup.h - a control group of the test's own, in every hierarchy that systemd cares about: each
 * machine boots in one, so that two of them do not meet, and all that is left of it can be found.
 */
#ifndef SYSTEM_CGROUP_H
#define SYSTEM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#define CGROUPS_MAX 2

struct cgroups {
	char *paths[CGROUPS_MAX]; /* of the same group: cgroup v2, and v1's name=systemd */
	size_t count;
	bool is_unified; /* there is a v2 one */
};

/* Groups called name below our own. NULL, or why there can be none (static text). */
const char *cgroups_make(struct cgroups *cgroups, const char *name);
void cgroups_finish(struct cgroups *cgroups); /* only memory: the janitor removes the groups */

#endif
