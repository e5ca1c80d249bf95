/*
 * systemd_link.h - what the files behind systemd.h share: one connection and what is held by it.
 */
#ifndef SERVICE_SYSTEMD_LINK_H
#define SERVICE_SYSTEMD_LINK_H

#include "service/jobs.h"

struct systemd {
	struct jobs jobs;
	unsigned windows; /* closed so far */
	int window;       /* our end of the closed window's line; -1: it is open */
	int inhibitor;    /* -1: none */
};

#endif
