/*
 * bus.h - the connection to a service manager over D-Bus: root's is the system's, anybody else's
 * their own.
 *
 * The manager's private socket is used, as systemctl does: it works while the bus itself is not up
 * or is being restarted. A lost connection (systemd executed itself anew) is made again.
 */
#ifndef SERVICE_BUS_H
#define SERVICE_BUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "service/sdlib.h"

struct bus {
	const struct sdlib *lib;
	sd_bus *connection; /* NULL: none yet */
	sd_bus_message_handler_t on_job_removed;
	void *userdata; /* of on_job_removed */
	bool was_connected;
};

/* Connects unless that was done. on_job_removed hears of the manager's jobs from then on. -ENOENT:
 * no systemd runs here. */
MUST_CHECK int bus_connect(struct bus *bus, struct error *err);
void bus_close(struct bus *bus);

/* What the manager answers to calls. */
#define BUS_TIMEOUT_MS 25000

struct bus_call {
	const char *path; /* NULL: the manager's */
	const char *interface;
	const char *member;
	uint64_t timeout_ms; /* 0: BUS_TIMEOUT_MS */
};

/*
 * One call with arguments as sd_bus_message_append(3) takes them. *ret_reply (may be NULL) is given
 * back with bus_message_free(). -ENOENT: no such unit; -ESRCH: no such job; -EACCES: not
 * allowed; -EPERM: the unit is masked; -EEXIST; -ESHUTDOWN: the host goes down; else -EIO.
 */
MUST_CHECK int bus_call(struct bus *bus, const struct bus_call *call, sd_bus_message **ret_reply,
			struct error *err, const char *types, ...);

/* For arguments that do not fit into a list: begun, appended to, called. Frees the message. */
MUST_CHECK int bus_begin(struct bus *bus, const struct bus_call *call, sd_bus_message **ret,
			 struct error *err);
MUST_CHECK int bus_send(struct bus *bus, const struct bus_call *call, sd_bus_message *message,
			sd_bus_message **ret_reply, struct error *err);
void bus_message_free(struct bus *bus, sd_bus_message **message);

/* Handles what has arrived, and waits for more until the deadline (clock.h), or until interrupts
 * (0: none) can be read: -EINTR. -ETIMEDOUT; -ECONNRESET: the connection is gone. */
MUST_CHECK int bus_wait(struct bus *bus, uint64_t deadline, int interrupts, struct error *err);

/* An error of sd-bus's own, which is no answer of the manager. */
int bus_error(struct error *err, int code, const char *what);

#define BUS_NAME       "org.freedesktop.systemd1"
#define BUS_PATH       "/org/freedesktop/systemd1"
#define BUS_MANAGER    "org.freedesktop.systemd1.Manager"
#define BUS_UNIT       "org.freedesktop.systemd1.Unit"
#define BUS_SERVICE    "org.freedesktop.systemd1.Service"
#define BUS_JOB        "org.freedesktop.systemd1.Job"
#define BUS_PROPERTIES "org.freedesktop.DBus.Properties"

#endif
