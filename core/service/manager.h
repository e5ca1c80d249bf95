/*
 * manager.h - starting and stopping services, whatever runs them: one table of functions for each
 * way (service/command.c; systemd comes beside it).
 */
#ifndef SERVICE_MANAGER_H
#define SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/command.h"
#include "base/error.h"
#include "model/host.h"

struct service_context {
	const struct command_values *values; /* placeholders of commands */
	int lock_fd;    /* what stops a service keeps this open: it must not outlive us unnoticed */
	int interrupts; /* can be read: start waits no longer (-EINTR); 0: nothing ends a wait */
};

struct service_manager {
	const char *name;
	/* The process of the service now; pid 0 when it is not running. */
	int (*find)(const struct service_context *context, const struct service *service,
		    struct service_process *ret, struct error *err);
	/* Starts it and waits until it is ready (ready_timeout). *err has the tail of its output.
	 * -ETIMEDOUT: not ready in time; -ESRCH: it died meanwhile; -ECHILD: its start command
	 * failed. What was started is then still there, for stop. */
	int (*start)(const struct service_context *context, const struct service *service,
		     struct error *err);
	/* Stops it and waits until its process is gone (stop_timeout, then SIGKILL, told in
	 * *ret_killed). Not running is success. */
	int (*stop)(const struct service_context *context, const struct service *service,
		    bool *ret_killed, struct error *err);
};

/* The manager for manager = command. */
const struct service_manager *service_manager_command(void);

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
