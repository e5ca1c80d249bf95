/*
 * manager.h - starting and stopping services, whatever runs them: one table of functions for each
 * way (command.c, systemd.c).
 */
#ifndef SERVICE_MANAGER_H
#define SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/command.h"
#include "base/error.h"
#include "model/host.h"

struct systemd;

struct service_context {
	const struct command_values *values; /* placeholders of commands */
	int lock_fd;    /* what stops a service keeps this open: it must not outlive us unnoticed */
	int interrupts; /* can be read: start waits no longer (-EINTR); 0: nothing ends a wait */
	struct systemd *systemd; /* the connection for manager = systemd (systemd.h) */
};

/* How a service is, in the words of <banger/preflight.h>: running, stopped, unwell, failed,
 * restarting, masked, missing, unknown. */
struct service_state {
	const char *word;
	struct error reason; /* text "": none */
	/* For one that keeps_children: what would end or wipe them with it; text "": nothing */
	struct error ends_children;
	pid_t pid;
};

struct service_manager {
	const char *name;
	/* How it is, for a person and for plugins; changes nothing. */
	struct service_state (*look)(const struct service_context *context,
				     const struct service *service);
	/* The process of the service now; pid 0 when it is not running. */
	int (*find)(const struct service_context *context, const struct service *service,
		    struct service_process *ret, struct error *err);
	/* Starts it and waits until it is ready (ready_timeout). *err has the tail of its output.
	 * -ETIMEDOUT: not ready in time; -ESRCH: it died meanwhile; -ECHILD: its start command
	 * failed; -ESHUTDOWN: the host goes down. What was started is then still there, for stop.
	 */
	int (*start)(const struct service_context *context, const struct service *service,
		     struct error *err);
	/* Stops it and waits until its process is gone (stop_timeout, then SIGKILL, told in
	 * *ret_killed). Not running is success. */
	int (*stop)(const struct service_context *context, const struct service *service,
		    bool *ret_killed, struct error *err);
	/* Adds to err's sentence what is known of the end of process (pid 0: of whoever it was);
	 * NULL: nothing is. */
	void (*explain)(const struct service_context *context, const struct service *service,
			const struct service_process *process, struct error *err);
};

const struct service_manager *service_manager(enum manager manager);
const struct service_manager *service_manager_command(void);
const struct service_manager *service_manager_systemd(void);

/*
 * The running process is not `before` (may be NULL) and, when the service names a binary, executes
 * binary_path's file (device and inode of /proc/PID/exe; it has two seconds to get to its
 * execve(2)). -ESRCH: nothing runs; -EEXIST: still the old process; -EXDEV: another file.
 */
MUST_CHECK int service_identify(const struct service_manager *manager,
				const struct service_context *context,
				const struct service *service, const char *binary_path,
				const struct service_process *before, struct service_process *ret,
				struct error *err);

#endif
