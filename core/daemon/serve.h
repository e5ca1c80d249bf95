/*
 * serve.h - the running daemon: from the socket over the store to the last client.
 */
#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include "daemon/daemon.h"

/*
 * Runs until SIGTERM or SIGINT. The socket comes first, so that a second daemon has failed before
 * it could migrate anything. Errors are listener_open()'s and store_open()'s.
 */
MUST_CHECK int daemon_serve(const struct daemon_release *release, const char *database,
			    const char *socket, struct error *err);

#endif
