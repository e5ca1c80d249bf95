/*
 * state.h - from a service's state, as the updater words it, to a finding. Pure.
 */
#ifndef SERVICES_STATE_H
#define SERVICES_STATE_H

#include <stdbool.h>

#include "support/judgement.h"

struct service_state {
	const char *name;
	const char *state;         /* service.N.state; NULL: the updater does not say */
	const char *reason;        /* NULL: none */
	const char *ends_children; /* service.N.ends_children; NULL: nothing does */
	bool left_pid_file;        /* it does not run, but its pid file names a process */
};

/* *ret has verdict 0 when the service is well. */
void state_judge(const struct service_state *service, struct judgement *ret);

/* The content of a pid file names a process: a number greater than 0, and nothing else. */
bool state_names_a_process(const char *pid_file);

#endif
