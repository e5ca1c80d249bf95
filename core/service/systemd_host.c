/*
 * systemd_host.c - systemd.h: the manager itself, the units that it knows, and the shutdown of its
 * host.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "service/systemd.h"
#include "service/systemd_link.h"
#include "service/unit.h"

#define LOGIND            "org.freedesktop.login1"
#define LOGIND_TIMEOUT_US 2000000u
#define RELOAD_TIMEOUT_MS 90000

int systemd_reload(struct systemd *systemd, struct error *err)
{
	static const struct bus_call call = {
		.interface = BUS_MANAGER,
		.member = "Reload",
		.timeout_ms = RELOAD_TIMEOUT_MS,
	};
	int rc = bus_call(&systemd->jobs.bus, &call, NULL, err, "");

	return rc < 0 ? error_prefix(err, "systemd does not read its units again") : 0;
}

bool systemd_has_unit(struct systemd *systemd, const char *name)
{
	auto_unit struct unit unit = {0};
	struct error ignored;

	return unit_read(&systemd->jobs.bus, name, &unit, &ignored) < 0 || unit_runs(&unit) ||
	       !unit_is(unit.load_state, "not-found");
}

bool systemd_is_stopping(struct systemd *systemd)
{
	static const struct bus_call call = {.interface = BUS_PROPERTIES, .member = "Get"};
	struct bus *bus = &systemd->jobs.bus;
	sd_bus_message *reply = NULL;
	const char *state = "";
	struct error ignored;

	if (bus_call(bus, &call, &reply, &ignored, "ss", BUS_MANAGER, "SystemState") < 0) {
		return false;
	}
	bool is_stopping = bus->lib->sd_bus_message_read(reply, "v", "s", &state) >= 0 &&
			   strcmp(state, "stopping") == 0;

	bus_message_free(bus, &reply);
	return is_stopping;
}

static int ask_logind(const struct sdlib *lib, sd_bus *system, const char *why, int *ret_fd)
{
	sd_bus_message *message = NULL;
	sd_bus_message *reply = NULL;
	int fd = -1;
	int rc = lib->sd_bus_message_new_method_call(system, &message, LOGIND,
						     "/org/freedesktop/login1", LOGIND ".Manager",
						     "Inhibit");

	rc = rc < 0 ? rc
		    : lib->sd_bus_message_append(message, "ssss", "shutdown", "banger-update", why,
						 "block");
	rc = rc < 0 ? rc : lib->sd_bus_call(system, message, LOGIND_TIMEOUT_US, NULL, &reply);
	rc = rc < 0 ? rc : lib->sd_bus_message_read(reply, "h", &fd);
	/* The message keeps its own descriptor. */
	*ret_fd = rc < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)lib->sd_bus_message_unref(message);
	(void)lib->sd_bus_message_unref(reply);
	return rc;
}

void systemd_inhibit_shutdown(struct systemd *systemd, const char *why)
{
	sd_bus *system = NULL;
	const struct sdlib *lib = NULL;
	struct error ignored;

	if (systemd->inhibitor >= 0 || geteuid() != 0 || sdlib_load(&lib, &ignored) < 0 ||
	    access("/run/dbus/system_bus_socket", F_OK) < 0 ||
	    lib->sd_bus_open_system(&system) < 0) {
		return;
	}
	(void)ask_logind(lib, system, why, &systemd->inhibitor);
	(void)lib->sd_bus_close_unref(system);
}
