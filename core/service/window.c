/*
 * window.c - systemd.h: units of our own for the time of a run: one that the services wait for, and
 * one that keeps us alive.
 *
 * A start job waits for every job of a unit that is ordered before it (systemd.unit(5), After=),
 * whoever asked for the start. So a socket keeps listening, its connections queue, and nothing has
 * to be written below /run/systemd or read again.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/guard.h"
#include "service/systemd.h"
#include "service/systemd_link.h"
#include "service/unit.h"

#define UNIT_NAME_MAX     256
#define SCOPE_TIMEOUT_MS  10000
#define HOLDER_TIMEOUT_MS 10000
/* If nobody opens the window and nobody dies, systemd ends it. */
#define WINDOW_MAX_US ((uint64_t)2 * 60 * 60 * 1000000)

/* ---- properties of a transient unit ---------------------------------------------------------- */

static int add_text(const struct sdlib *lib, sd_bus_message *m, const char *name, const char *text)
{
	return lib->sd_bus_message_append(m, "(sv)", name, "s", text);
}

static int add_before(const struct sdlib *lib, sd_bus_message *m, const struct service *services,
		      size_t count)
{
	int rc = lib->sd_bus_message_open_container(m, 'r', "sv");

	rc = rc < 0 ? rc : lib->sd_bus_message_append(m, "s", "Before");
	rc = rc < 0 ? rc : lib->sd_bus_message_open_container(m, 'v', "as");
	rc = rc < 0 ? rc : lib->sd_bus_message_open_container(m, 'a', "s");
	for (size_t i = 0; i < count && rc >= 0; i++) {
		rc = lib->sd_bus_message_append(m, "s", services[i].name);
	}
	for (int i = 0; i < 3 && rc >= 0; i++) {
		rc = lib->sd_bus_message_close_container(m);
	}
	return rc;
}

/* ExecStart=: a(sasb), of which one. */
static int add_command(const struct sdlib *lib, sd_bus_message *m, const char *const *argv)
{
	static const struct {
		char type;
		const char *contents;
	} nested[] = {{'v', "a(sasb)"}, {'a', "(sasb)"}, {'r', "sasb"}};
	int rc = lib->sd_bus_message_open_container(m, 'r', "sv");

	rc = rc < 0 ? rc : lib->sd_bus_message_append(m, "s", "ExecStart");
	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]) && rc >= 0; i++) {
		rc = lib->sd_bus_message_open_container(m, nested[i].type, nested[i].contents);
	}
	rc = rc < 0 ? rc : lib->sd_bus_message_append(m, "s", argv[0]);
	rc = rc < 0 ? rc : lib->sd_bus_message_open_container(m, 'a', "s");
	for (size_t i = 0; argv[i] != NULL && rc >= 0; i++) {
		rc = lib->sd_bus_message_append(m, "s", argv[i]);
	}
	rc = rc < 0 ? rc : lib->sd_bus_message_close_container(m);
	rc = rc < 0 ? rc : lib->sd_bus_message_append(m, "b", 0);
	for (int i = 0; i < 4 && rc >= 0; i++) {
		rc = lib->sd_bus_message_close_container(m);
	}
	return rc;
}

/* ---- the window ------------------------------------------------------------------------------ */

struct window {
	const char *product;
	const struct service *services;
	size_t count;
	const char *const *argv;
	int input; /* its standard input */
};

static int describe_window(const struct sdlib *lib, sd_bus_message *m, const struct window *window)
{
	char text[UNIT_NAME_MAX];
	int rc = lib->sd_bus_message_open_container(m, 'a', "(sv)");

	(void)snprintf(text, sizeof(text), "Update of %.200s, which its services wait for",
		       window->product);
	rc = rc < 0 ? rc : add_text(lib, m, "Description", text);
	rc = rc < 0 ? rc : add_text(lib, m, "Type", "oneshot");
	rc = rc < 0 ? rc : add_text(lib, m, "CollectMode", "inactive-or-failed");
	rc = rc < 0 ? rc
		    : lib->sd_bus_message_append(m, "(sv)(sv)(sv)", "DefaultDependencies", "b", 0,
						 "TimeoutStartUSec", "t", WINDOW_MAX_US,
						 "StandardInputFileDescriptor", "h", window->input);
	rc = rc < 0 ? rc : add_before(lib, m, window->services, window->count);
	rc = rc < 0 ? rc : add_command(lib, m, window->argv);
	return rc < 0 ? rc : lib->sd_bus_message_close_container(m);
}

/* No two have one name, since the last one may still be ending. */
static int start_window(struct systemd *systemd, const struct window *window, struct error *err)
{
	static const struct bus_call call = {.interface = BUS_MANAGER,
					     .member = "StartTransientUnit"};
	struct bus *bus = &systemd->jobs.bus;
	sd_bus_message *m = NULL;
	char name[UNIT_NAME_MAX];
	int rc = bus_begin(bus, &call, &m, err);

	if (rc < 0) {
		return rc;
	}
	(void)snprintf(name, sizeof(name), "banger-update-window-%d-%u.service", (int)getpid(),
		       systemd->windows++);
	rc = bus->lib->sd_bus_message_append(m, "ss", name, "fail");
	rc = rc < 0 ? rc : describe_window(bus->lib, m, window);
	rc = rc < 0 ? rc : bus->lib->sd_bus_message_append(m, "a(sa(sv))", 0);
	if (rc < 0) {
		bus_message_free(bus, &m);
		return bus_error(err, rc, "describing a unit to systemd");
	}
	return bus_send(bus, &call, m, NULL, err);
}

/* That systemd has taken the unit on does not mean that its program runs. */
static int await_holder(int line, struct error *err)
{
	struct pollfd ready = {.fd = line, .events = POLLIN};
	char byte = '\0';
	int count = poll(&ready, 1, HOLDER_TIMEOUT_MS);

	if (count == 0) {
		return error_set(err, -ETIMEDOUT, "who shall hold the window does not answer");
	}
	return count > 0 && recv(line, &byte, 1, 0) == 1
		       ? 0
		       : error_set(err, -ECHILD,
				   "who shall hold the window did not start; `systemctl status "
				   "'banger-update-window-*'` may know why");
}

int systemd_close_window(struct systemd *systemd, const char *product,
			 const struct service *services, size_t count, const char *const *argv,
			 struct error *err)
{
	int ends[2];

	if (systemd->window >= 0) {
		return 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		return error_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	auto_close int input = ends[0];
	const struct window window = {product, services, count, argv, input};

	systemd->window = ends[1];
	int rc = start_window(systemd, &window, err);

	guard_close(&input);
	rc = rc < 0 ? rc : await_holder(systemd->window, err);
	if (rc < 0) {
		systemd_open_window(systemd);
		return error_prefix(err, "cannot keep others from starting the services");
	}
	return 0;
}

void systemd_open_window(struct systemd *systemd)
{
	if (systemd->window >= 0) {
		/* Who does not read it any more does not wait, either. */
		(void)!send(systemd->window, "o", 1, MSG_NOSIGNAL);
		guard_close(&systemd->window);
	}
}

/* ---- our own scope --------------------------------------------------------------------------- */

/* The unit that we are part of; "": none. */
static int find_own_unit(struct bus *bus, char ret[static UNIT_NAME_MAX], struct error *err)
{
	static const struct bus_call find = {.interface = BUS_MANAGER, .member = "GetUnitByPID"};
	struct bus_call get = {.interface = BUS_PROPERTIES, .member = "Get"};
	sd_bus_message *found = NULL;
	sd_bus_message *reply = NULL;
	const char *name = "";

	ret[0] = '\0';
	if (bus_call(bus, &find, &found, err, "u", (uint32_t)getpid()) < 0) {
		return 0;
	}
	int rc = bus->lib->sd_bus_message_read(found, "o", &get.path);

	rc = rc < 0 ? bus_error(err, rc, "reading our own unit")
		    : bus_call(bus, &get, &reply, err, "ss", BUS_UNIT, "Id");
	if (rc == 0 && bus->lib->sd_bus_message_read(reply, "v", "s", &name) >= 0) {
		(void)snprintf(ret, UNIT_NAME_MAX, "%s", name);
	}
	bus_message_free(bus, &reply);
	bus_message_free(bus, &found);
	return rc;
}

static int start_scope(struct systemd *systemd, const char *run, struct error *err)
{
	static const struct bus_call call = {.interface = BUS_MANAGER,
					     .member = "StartTransientUnit"};
	struct bus *bus = &systemd->jobs.bus;
	sd_bus_message *m = NULL;
	sd_bus_message *reply = NULL;
	const char *path = NULL;
	char name[UNIT_NAME_MAX];
	int rc = bus_begin(bus, &call, &m, err);

	if (rc < 0) {
		return rc;
	}
	(void)snprintf(name, sizeof(name), "banger-update-%s.scope", run);
	rc = bus->lib->sd_bus_message_append(m, "ssa(sv)a(sa(sv))", name, "fail", 2, "PIDs", "au",
					     1, (uint32_t)getpid(), "CollectMode", "s",
					     "inactive-or-failed", 0);
	if (rc < 0) {
		bus_message_free(bus, &m);
		return bus_error(err, rc, "describing a scope to systemd");
	}
	rc = bus_send(bus, &call, m, &reply, err);
	if (rc == 0 && bus->lib->sd_bus_message_read(reply, "o", &path) >= 0) {
		rc = jobs_follow(&systemd->jobs, path, err);
		rc = rc < 0 ? rc : jobs_wait(&systemd->jobs, SCOPE_TIMEOUT_MS, 0, err);
	}
	bus_message_free(bus, &reply);
	return rc;
}

static bool is_among(const struct service *services, size_t count, const struct strings *others,
		     const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (unit_is(services[i].name, name)) {
			return true;
		}
	}
	return strings_contain(others, name);
}

int systemd_leave_units(struct systemd *systemd, const struct service *services, size_t count,
			const char *run, struct error *err)
{
	auto_strings struct strings dependents = {0};
	char own[UNIT_NAME_MAX];
	int rc = find_own_unit(&systemd->jobs.bus, own, err);

	if (rc < 0 || own[0] == '\0') {
		return rc;
	}
	rc = systemd_dependents(systemd, services, count, &dependents, err);
	if (rc < 0 || !is_among(services, count, &dependents, own)) {
		return rc;
	}
	rc = start_scope(systemd, run, err);
	if (rc == 0 && unit_is(systemd->jobs.result, "done")) {
		return 0;
	}
	return error_set(err, -EPERM,
			 "this was started from within %s, whose stop would kill it, and cannot "
			 "leave it%s%s: start it from elsewhere, with systemd-run for instance",
			 own, rc < 0 ? ": " : "", rc < 0 ? err->text : "");
}
