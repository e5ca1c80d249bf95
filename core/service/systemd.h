/*
 * systemd.h - what a run needs of systemd besides starting and stopping (manager.h): nobody else
 * starts the services meanwhile, what depended on them comes back, and the run outlives their end.
 */
#ifndef SERVICE_SYSTEMD_H
#define SERVICE_SYSTEMD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "model/host.h"

struct systemd;

/* Nothing is connected before it is needed: a boot has nobody to connect to. NULL: no memory. */
struct systemd *systemd_new(void);
void systemd_free(struct systemd **systemd);

/* systemctl daemon-reload. */
MUST_CHECK int systemd_reload(struct systemd *systemd, struct error *err);

/* False when systemd says that it knows no such unit, as of the last reload. */
bool systemd_has_unit(struct systemd *systemd, const char *name);

/* The host is on its way down: nothing can be started any more. */
bool systemd_is_stopping(struct systemd *systemd);

/* Units that run now and will be stopped with the services, since they require them, are bound to
 * them or part of them, directly or not; the services themselves are not among them. */
MUST_CHECK int systemd_dependents(struct systemd *systemd, const struct service *services,
				  size_t count, struct strings *ret, struct error *err);
/* -EPERM: one of them could not be started again. */
MUST_CHECK int systemd_check_dependents(struct systemd *systemd, const struct service *services,
					size_t count, struct error *err);
/* Starts a unit that was stopped with one of the services, unless it runs. Errors as of
 * service_manager.start. */
MUST_CHECK int systemd_start_dependent(struct systemd *systemd, const char *unit,
				       uint64_t timeout_ms, struct error *err);

/*
 * From now on until systemd_open_window() whoever starts one of the services (a socket, a timer, a
 * person) waits: a unit of our own is before them in systemd's order and does not come to its end.
 * argv (the first word absolute) runs in it. Its standard input is a socket: it sends a byte once
 * it waits, and receives one when the window opens, and end of file when we have died. Idempotent.
 */
MUST_CHECK int systemd_close_window(struct systemd *systemd, const char *product,
				    const struct service *services, size_t count,
				    const char *const *argv, struct error *err);
/* What waits goes on. Nothing when it is open. */
void systemd_open_window(struct systemd *systemd);

/* When we were started from within one of these units, moves us into a scope of our own, since
 * stopping it would kill us. Before any child is started. */
MUST_CHECK int systemd_leave_units(struct systemd *systemd, const struct service *services,
				   size_t count, const char *run, struct error *err);

/* Holds a shutdown off (systemd-inhibit(1)) until systemd_free(), where logind runs. */
void systemd_inhibit_shutdown(struct systemd *systemd, const char *why);

#endif
