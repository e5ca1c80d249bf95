/*
 * bus.c - bus.h: connecting, calling, and what the manager's errors mean.
 */
#include "service/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define SYSTEM_SOCKET "/run/systemd/private"
#define ADDRESS       "unix:path="
#define PATH_SIZE     64
#define USEC_PER_MS   1000u

/* How long systemd may need to execute itself anew (systemctl daemon-reexec). */
#define RECONNECT_MS      10000
#define RECONNECT_STEP_MS 50

int bus_error(struct error *err, int code, const char *what)
{
	return error_set(err, code, "%s: %s", what, strerror(-code));
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* The updater keeps no variables of its caller's; sd_bus_open_user(3) would find it here as well.
 */
static void write_path(char path[static PATH_SIZE])
{
	if (geteuid() == 0) {
		(void)snprintf(path, PATH_SIZE, "%s", SYSTEM_SOCKET);
	} else {
		(void)snprintf(path, PATH_SIZE, "/run/user/%u/systemd/private",
			       (unsigned)geteuid());
	}
}

static int refuse_connection(struct error *err, int code, const char *path)
{
	if (code == -ENOENT || code == -ECONNREFUSED) {
		return error_set(err, -ENOENT,
				 "no systemd answers at %s: set manager = command where another "
				 "init runs the services",
				 path);
	}
	return error_set(err, code, "cannot connect to systemd at %s: %s", path, strerror(-code));
}

static int start(struct bus *bus, const char *address)
{
	int rc = bus->lib->sd_bus_new(&bus->connection);

	rc = rc < 0 ? rc : bus->lib->sd_bus_set_address(bus->connection, address);
	return rc < 0 ? rc : bus->lib->sd_bus_start(bus->connection);
}

/* Not by bus_call(), which would connect again. */
static int subscribe(struct bus *bus, struct error *err)
{
	static const struct bus_call call = {.interface = BUS_MANAGER, .member = "Subscribe"};
	sd_bus_message *message = NULL;
	int rc = bus->lib->sd_bus_match_signal(bus->connection, NULL, NULL, BUS_PATH, BUS_MANAGER,
					       "JobRemoved", bus->on_job_removed, bus->userdata);

	if (rc < 0) {
		return bus_error(err, rc, "listening to systemd");
	}
	rc = bus_begin(bus, &call, &message, err);
	return rc < 0 ? rc : bus_send(bus, &call, message, NULL, err);
}

static int connect_once(struct bus *bus, const char *path, struct error *err)
{
	char address[PATH_SIZE + sizeof(ADDRESS)];

	(void)snprintf(address, sizeof(address), ADDRESS "%s", path);
	int rc = start(bus, address);

	rc = rc < 0 ? refuse_connection(err, rc, path) : subscribe(bus, err);
	if (rc < 0) {
		bus_close(bus);
	}
	return rc;
}

int bus_connect(struct bus *bus, struct error *err)
{
	uint64_t deadline = clock_deadline(bus->was_connected ? RECONNECT_MS : 0);
	char path[PATH_SIZE];

	if (bus->connection != NULL) {
		return 0;
	}
	int rc = sdlib_load(&bus->lib, err);

	if (rc < 0) {
		return rc;
	}
	write_path(path);
	rc = connect_once(bus, path, err);
	while (rc < 0 && clock_left(deadline) > 0) {
		(void)poll(NULL, 0, RECONNECT_STEP_MS);
		rc = connect_once(bus, path, err);
	}
	bus->was_connected = rc == 0;
	return rc;
}

void bus_close(struct bus *bus)
{
	if (bus->connection != NULL) {
		(void)bus->lib->sd_bus_close_unref(bus->connection);
		bus->connection = NULL;
	}
}

/* ---- calling --------------------------------------------------------------------------------- */

/* Of systemd's errors those that somebody decides by; the sentence is systemd's own. */
static int code_of(const struct sdlib *lib, const sd_bus_error *error)
{
	static const struct {
		const char *name;
		int code;
	} rows[] = {
		{BUS_NAME ".NoSuchUnit", -ENOENT},
		{BUS_NAME ".NoSuchJob", -ESRCH},
		{SD_BUS_ERROR_UNKNOWN_OBJECT, -ESRCH},
		{SD_BUS_ERROR_INVALID_ARGS, -EINVAL},
		{BUS_NAME ".UnitMasked", -EPERM},
		{BUS_NAME ".UnitExists", -EEXIST},
		{BUS_NAME ".ShuttingDown", -ESHUTDOWN},
		{BUS_NAME ".TransactionIsDestructive", -ESHUTDOWN},
		{SD_BUS_ERROR_ACCESS_DENIED, -EACCES},
		{SD_BUS_ERROR_UNKNOWN_INTERFACE, -ENXIO},
		{SD_BUS_ERROR_NO_REPLY, -ETIMEDOUT},
		{SD_BUS_ERROR_TIMEOUT, -ETIMEDOUT},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (lib->sd_bus_error_has_name(error, rows[i].name) != 0) {
			return rows[i].code;
		}
	}
	return -EIO;
}

static bool is_lost(int rc)
{
	return rc == -ECONNRESET || rc == -ENOTCONN || rc == -EPIPE;
}

void bus_message_free(struct bus *bus, sd_bus_message **message)
{
	if (*message != NULL) {
		(void)bus->lib->sd_bus_message_unref(*message);
		*message = NULL;
	}
}

int bus_begin(struct bus *bus, const struct bus_call *call, sd_bus_message **ret, struct error *err)
{
	int rc = bus_connect(bus, err);

	if (rc < 0) {
		return rc;
	}
	rc = bus->lib->sd_bus_message_new_method_call(bus->connection, ret, BUS_NAME,
						      call->path != NULL ? call->path : BUS_PATH,
						      call->interface, call->member);
	return rc < 0 ? bus_error(err, rc, call->member) : 0;
}

int bus_send(struct bus *bus, const struct bus_call *call, sd_bus_message *message,
	     sd_bus_message **ret_reply, struct error *err)
{
	uint64_t timeout_ms = call->timeout_ms != 0 ? call->timeout_ms : BUS_TIMEOUT_MS;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int rc = bus->lib->sd_bus_call(bus->connection, message, timeout_ms * USEC_PER_MS, &error,
				       ret_reply);

	bus_message_free(bus, &message);
	if (is_lost(rc)) {
		bus_close(bus);
		(void)error_set(err, -ECONNRESET, "the connection to systemd was lost");
		rc = -ECONNRESET;
	} else if (rc < 0) {
		rc = error_set(err, code_of(bus->lib, &error), "%s",
			       error.message != NULL ? error.message : strerror(-rc));
		text_sanitize(err->text);
	}
	bus->lib->sd_bus_error_free(&error);
	return rc < 0 ? rc : 0;
}

static int call_once(struct bus *bus, const struct bus_call *call, sd_bus_message **ret_reply,
		     struct error *err, const char *types, va_list arguments)
{
	sd_bus_message *message = NULL;
	int rc = bus_begin(bus, call, &message, err);

	if (rc < 0) {
		return rc;
	}
	rc = types[0] == '\0' ? 0 : bus->lib->sd_bus_message_appendv(message, types, arguments);
	if (rc < 0) {
		bus_message_free(bus, &message);
		return bus_error(err, rc, call->member);
	}
	return bus_send(bus, call, message, ret_reply, err);
}

int bus_call(struct bus *bus, const struct bus_call *call, sd_bus_message **ret_reply,
	     struct error *err, const char *types, ...)
{
	va_list arguments;

	va_start(arguments, types);
	int rc = call_once(bus, call, ret_reply, err, types, arguments);

	va_end(arguments);
	if (rc != -ECONNRESET) {
		return rc;
	}
	/* systemd has executed itself anew; what was asked is asked of the same manager. */
	va_start(arguments, types);
	rc = call_once(bus, call, ret_reply, err, types, arguments);
	va_end(arguments);
	return rc;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static int lose(struct bus *bus, struct error *err)
{
	bus_close(bus);
	return error_set(err, -ECONNRESET, "the connection to systemd was lost");
}

int bus_wait(struct bus *bus, uint64_t deadline, int interrupts, struct error *err)
{
	int rc = bus_connect(bus, err);

	if (rc < 0) {
		return rc;
	}
	rc = bus->lib->sd_bus_process(bus->connection, NULL);
	if (rc != 0) {
		return rc > 0 ? 0 : lose(bus, err);
	}
	int events = bus->lib->sd_bus_get_events(bus->connection);
	struct pollfd ends[] = {
		{.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN},
		{.fd = bus->lib->sd_bus_get_fd(bus->connection), .events = (short)events},
	};

	if (events < 0 || ends[1].fd < 0) {
		return lose(bus, err);
	}
	int ready = poll(ends, 2, clock_left(deadline));

	if (ready > 0 && ends[0].revents != 0) {
		return error_set(err, -EINTR, "interrupted");
	}
	return ready == 0 ? error_set(err, -ETIMEDOUT, "no answer in time") : 0;
}
