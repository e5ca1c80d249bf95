/*
 * behaviour.h - how a sample daemon goes wrong: one row a way.
 */
#ifndef SAMPLES_BEHAVIOUR_H
#define SAMPLES_BEHAVIOUR_H

#include "daemon/daemon.h"

struct behaviour {
	const char *name;
	/* Called first thing when it is run as a daemon; NULL: nothing special. */
	void (*at_start)(void);
	struct daemon_hooks hooks;
};

/* NULL: there is none of that name. */
const struct behaviour *behaviour_find(const char *name);

#endif
