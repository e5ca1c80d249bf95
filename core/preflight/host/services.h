/*
 * services.h - struct pf_host: what a plugin may ask of us and tell us.
 */
#ifndef HOST_SERVICES_H
#define HOST_SERVICES_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "banger/preflight.h"
#include "preflight/host/report.h"
#include "preflight/request.h"

struct services {
	struct pf_host table; /* its ctx is this struct */
	struct report *report;
	const struct request *request;
	const struct pf_plugin *plugin; /* its declared options; set before check() */
	uint64_t soft_deadline;
	pthread_t thread; /* who may speak */
	pid_t process;
	int refused; /* the first reason why a finding was not accepted; 0: none */
};

/* Fills *ret, which stays where it is. SIGTERM sets cancelled() from here on. */
void services_init(struct services *ret, struct report *report, const struct request *request);

/* True in the process that services_init() ran in: a plugin's fork may come back out of check(). */
bool services_are_ours(const struct services *services);

#endif
