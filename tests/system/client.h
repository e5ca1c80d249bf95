/*
 * client.h - somebody who connects to a service every millisecond, and what they saw of it.
 */
#ifndef SYSTEM_CLIENT_H
#define SYSTEM_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "system/machine.h"

struct seen {
	long old; /* answers that name 0.1.0 */
	long new; /* others */
	long refused;
	long unanswered;
	long longest_wait_us; /* from one connection to its answer */
	long longest_gap_us;  /* from one answer to the next: how long nobody was served */
};

struct client {
	pid_t pid;
	int report;
};

/* path: a socket in the machine; request: what is sent first (NULL: nothing, the service speaks).
 */
struct client client_start(const struct machine *machine, const char *path, const char *request);
struct seen client_stop(struct client *client);
/* When its test has failed. */
void client_end(struct client *client);

#endif
