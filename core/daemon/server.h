/*
 * server.h - answers many clients at once in one thread; none of them can keep it from the others.
 */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include "daemon/daemon.h"

/*
 * Serves clients of listener until a signal arrives at signals (signalfd(2)). A client that says
 * nothing for half a minute is dropped; when there are too many, the one silent for the longest.
 */
MUST_CHECK int server_run(const struct daemon_release *release, int listener, int signals,
			  struct error *err);

#endif
