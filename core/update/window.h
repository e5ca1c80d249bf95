/*
 * window.h - while the services are down for a run: nobody else starts them, what depended on them
 * is remembered, and systemd reads changed unit files. Nothing of it where systemd does not manage
 * them.
 */
#ifndef UPDATE_WINDOW_H
#define UPDATE_WINDOW_H

#include "update/update.h"

/* The run's manager and, for systemd, its link. When the run stops services: -EPERM: this process
 * would die with them. -ENOTSUP: the services of another root are nobody's. */
MUST_CHECK int window_prepare(struct update *update, bool stops, struct error *err);

/* While everything still runs. -EPERM: a unit that goes down with the services could not be started
 * again. */
MUST_CHECK int window_check(struct update *update, struct error *err);

/* Before the first stop. */
MUST_CHECK int window_close(struct update *update, struct error *err);

/* Once more, when the new release is stopped again: what depends on it is known already. */
MUST_CHECK int window_close_again(struct update *update, struct error *err);

/* Before the first start, forwards or backwards. */
MUST_CHECK int window_open(struct update *update, struct error *err);

/*
 * What was stopped with the services: sockets before the first start, since none can begin to
 * listen for a service that runs, the others after the last one. All of them although one fails:
 * the sentence is of the first that did.
 */
MUST_CHECK int window_start_sockets(struct update *update, struct error *err);
MUST_CHECK int window_start_dependents(struct update *update, struct error *err);

/* The host goes down: services are stopped by somebody else, and nothing can be started. */
bool window_host_stops(struct update *update);

#endif
