/*
 * notify.h - tells the service manager how the daemon is, by sd_notify(3)'s protocol.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "base/error.h"

/* Sends state ("READY=1") to NOTIFY_SOCKET; success as well when there is none. */
MUST_CHECK int notify_send(const char *state, struct error *err);

#endif
