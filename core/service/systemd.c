/*
 * systemd.c - manager.h for manager = systemd: jobs over D-Bus, and what is left when they are
 * done.
 *
 * A job that is done proves little: a process of Type=simple may be gone a moment later. What runs
 * is therefore looked at again, by its main process.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/process.h"
#include "service/manager.h"
#include "service/pidfile.h"
#include "service/systemd.h"
#include "service/systemd_link.h"
#include "service/unit.h"
#include "service/unitlog.h"

#define KILL_GRACE_MS 5000
#define DOWN_STEP_MS  100

struct systemd *systemd_new(void)
{
	struct systemd *systemd = calloc(1, sizeof(*systemd));

	if (systemd != NULL) {
		jobs_init(&systemd->jobs);
		systemd->window = -1;
		systemd->inhibitor = -1;
	}
	return systemd;
}

void systemd_free(struct systemd **systemd)
{
	if (*systemd != NULL) {
		guard_close(&(*systemd)->window);
		guard_close(&(*systemd)->inhibitor);
		jobs_finish(&(*systemd)->jobs);
		free(*systemd);
		*systemd = NULL;
	}
}

/* ---- who runs -------------------------------------------------------------------------------- */

static int find_main(const struct unit *unit, struct service_process *ret, struct error *err)
{
	if (unit->main_pid == 0 && unit_is(unit->active_state, "active")) {
		return error_set(
			err, -ENOTSUP,
			"it runs without a main process (%s%s), so nobody could tell which "
			"release it is: give it Type=notify, exec, simple or forking",
			unit->type[0] != '\0' ? "Type=" : "it is no service", unit->type);
	}
	if (unit->main_pid == 0 || unit_is(unit->active_state, "deactivating")) {
		return error_set(err, -EAGAIN, "it is %s (%s) now: try again when it runs",
				 unit->active_state, unit->sub_state);
	}
	struct service_process process = {.pid = (pid_t)unit->main_pid};

	if (process_start_time(process.pid, &process.start_time) == 0) {
		(void)snprintf(process.invocation, sizeof(process.invocation), "%s",
			       unit->invocation);
		*ret = process;
	}
	return 0;
}

static int find(const struct service_context *context, const struct service *service,
		struct service_process *ret, struct error *err)
{
	auto_unit struct unit unit = {0};
	int rc = unit_read(&context->systemd->jobs.bus, service->name, &unit, err);

	*ret = (struct service_process){0};
	if (rc < 0 || !unit_runs(&unit)) {
		return rc;
	}
	rc = unit_check_startable(&unit, err);
	return rc < 0 ? rc : find_main(&unit, ret, err);
}

/* ---- how it is ------------------------------------------------------------------------------- */

static const char *word_of(const struct unit *unit)
{
	bool runs = unit_runs(unit);

	if (unit_is(unit->load_state, "masked")) {
		return "masked";
	}
	if (!runs && unit_is(unit->load_state, "not-found")) {
		return "missing";
	}
	if (!unit_is(unit->load_state, "loaded")) {
		return "unknown";
	}
	if (unit_is(unit->active_state, "failed")) {
		return "failed";
	}
	if (unit_is(unit->sub_state, "auto-restart")) {
		return "restarting";
	}
	return runs ? "running" : "stopped";
}

/* What a stop of the unit does to processes that shall live on (systemd.kill(5)) and to their
 * sockets (systemd.exec(5), RuntimeDirectoryPreserve=): it is a stop and a start, and no restart.
 */
static void judge_children(const struct unit *unit, struct error *ret)
{
	bool ends_all = unit_is(unit->kill_mode, "control-group") ||
			(unit_is(unit->kill_mode, "mixed") && unit->sends_sigkill);
	bool wipes = unit->runtime_directories.count > 0 && !unit_is(unit->preserve, "yes");

	if (ends_all) {
		(void)error_set(ret, -EPERM,
				"KillMode=%s ends the processes that shall live on; it takes "
				"KillMode=process",
				unit->kill_mode);
	} else if (wipes) {
		(void)error_set(ret, -EPERM,
				"RuntimeDirectoryPreserve=%s removes /run/%s under the processes "
				"that shall live on; it takes RuntimeDirectoryPreserve=yes",
				unit->preserve, unit->runtime_directories.items[0]);
	}
}

static struct service_state look(const struct service_context *context,
				 const struct service *service)
{
	auto_unit struct unit unit = {0};
	struct service_state state = {.word = "unknown"};

	if (unit_read(&context->systemd->jobs.bus, service->name, &unit, &state.reason) < 0) {
		return state;
	}
	state.word = word_of(&unit);
	state.pid = (pid_t)unit.main_pid;
	if (service->keeps_children) {
		judge_children(&unit, &state.ends_children);
	}
	if (unit_is(unit.active_state, "failed")) {
		(void)error_set(&state.reason, -EIO, "Result=%s", unit.result);
	} else if (unit_is(state.word, "unknown")) {
		(void)error_set(&state.reason, -EIO, "its unit is %s", unit.load_state);
	}
	return state;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* What systemd's word for the end of a service means (systemd.exec(5), "$SERVICE_RESULT"). */
static const struct ending {
	const char *result;
	int code;
	bool has_status;
	const char *text;
} endings[] = {
	{"exit-code", -ESRCH, true, "its process exited with"},
	{"signal", -ESRCH, true, "its process was killed by signal"},
	{"core-dump", -ESRCH, true, "its process dumped core on signal"},
	{"timeout", -ETIMEDOUT, false, "it was not ready within the time that its unit allows"},
	{"watchdog", -ESRCH, false, "its watchdog ran out"},
	{"protocol", -ESRCH, false, "it did not do what its Type= promises"},
	{"start-limit-hit", -ESRCH, false, "systemd refuses to start it so often"},
	{"oom-kill", -ESRCH, false, "it was killed for want of memory"},
	{"resources", -ECHILD, false, "systemd could not start its process"},
};

/* job: what became of the job that started it; "": not known. */
static int tell_result(const struct unit *unit, const char *job, struct error *err)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const struct ending *ending = &endings[i];

		if (!unit_is(unit->result, ending->result)) {
			continue;
		}
		return ending->has_status ? error_set(err, ending->code, "%s %d", ending->text,
						      unit->exit_status)
					  : error_set(err, ending->code, "%s", ending->text);
	}
	bool is_told = job[0] != '\0' && !unit_is(job, "done");

	return error_set(err, -ESRCH, "it is %s (%s) and not active%s%s", unit->active_state,
			 unit->sub_state, is_told ? ": systemd's word for its start is " : "",
			 is_told ? job : "");
}

/* The job is over: does the unit run? */
static int expect_active(struct systemd *systemd, const char *name, struct error *err)
{
	auto_unit struct unit unit = {0};
	int rc = unit_read(&systemd->jobs.bus, name, &unit, err);

	if (rc < 0 || unit_is(unit.active_state, "active") ||
	    unit_is(unit.active_state, "reloading")) {
		return rc;
	}
	if (!unit_is(unit.load_state, "loaded")) {
		return error_set(err, -EPERM, "its unit is %s", unit.load_state);
	}
	rc = tell_result(&unit, systemd->jobs.result, err);
	(void)unitlog_append(systemd->jobs.bus.lib, unit.invocation, err);
	return rc;
}

/* A release that crashed before is not to blame the one that is started now (systemd.unit(5),
 * StartLimitBurst=). A unit that is not loaded has nothing to be reset. */
static void reset_failed(struct systemd *systemd, const char *name)
{
	static const struct bus_call call = {.interface = BUS_MANAGER, .member = "ResetFailedUnit"};
	struct error ignored;

	(void)!bus_call(&systemd->jobs.bus, &call, NULL, &ignored, "s", name);
}

/* Its own lines say why it was not ready in time. */
static void add_log(struct systemd *systemd, const char *name, struct error *err)
{
	auto_unit struct unit unit = {0};
	struct error ignored;

	if (unit_read(&systemd->jobs.bus, name, &unit, &ignored) == 0) {
		(void)unitlog_append(systemd->jobs.bus.lib, unit.invocation, err);
	}
}

static int start_unit(struct systemd *systemd, const char *name, uint64_t timeout_ms,
		      int interrupts, struct error *err)
{
	reset_failed(systemd, name);
	int rc = jobs_begin(&systemd->jobs, "StartUnit", name, err);

	if (rc < 0) {
		return rc;
	}
	rc = jobs_wait(&systemd->jobs, timeout_ms, interrupts, err);
	if (rc == 0) {
		return expect_active(systemd, name, err);
	}
	jobs_cancel(&systemd->jobs);
	if (rc == -ETIMEDOUT) {
		(void)error_set(err, rc, "it was not ready within %g s", (double)timeout_ms / 1000);
		add_log(systemd, name, err);
	}
	return rc;
}

static int start(const struct service_context *context, const struct service *service,
		 struct error *err)
{
	int rc = start_unit(context->systemd, service->name, service->ready_timeout_ms,
			    context->interrupts, err);

	return rc < 0 ? error_prefix(err, "cannot start %s", service->name) : 0;
}

int systemd_start_dependent(struct systemd *systemd, const char *unit, uint64_t timeout_ms,
			    struct error *err)
{
	auto_unit struct unit now = {0};
	int rc = unit_read(&systemd->jobs.bus, unit, &now, err);
	bool is_active = unit_is(now.active_state, "active");

	/* A task that was cut off begins anew, and takes as long as it takes. What is active still
	 * may be about to stop, once the service has, which this takes back: it has nothing to
	 * wait for but the start of that service. */
	if (rc == 0 && (unit_is(now.type, "oneshot") || (is_active && now.has_job))) {
		rc = jobs_begin(&systemd->jobs, "StartUnit", unit, err);
	} else if (rc == 0 && !is_active) {
		rc = start_unit(systemd, unit, timeout_ms, 0, err);
	}
	return rc < 0 ? error_prefix(err, "cannot start %s again", unit) : 0;
}

/* ---- stopping -------------------------------------------------------------------------------- */

/* Its stop job is still there; once nobody is left, the job is over, too. */
static int kill_unit(struct systemd *systemd, const struct service *service, struct error *err)
{
	static const struct bus_call call = {.interface = BUS_MANAGER, .member = "KillUnit"};
	int rc = bus_call(&systemd->jobs.bus, &call, NULL, err, "ssi", service->name,
			  service->keeps_children ? "main" : "all", SIGKILL);

	rc = rc < 0 ? rc : jobs_wait(&systemd->jobs, KILL_GRACE_MS, 0, err);
	return rc == -ETIMEDOUT ? error_set(err, rc, "its processes did not end even when killed")
				: rc;
}

/* Whatever the job came to: is it down, and did systemd have to kill it? */
static int expect_down(struct systemd *systemd, const char *name, bool *ret_killed,
		       struct error *err)
{
	auto_unit struct unit unit = {0};
	int rc = unit_read(&systemd->jobs.bus, name, &unit, err);

	if (rc < 0) {
		return rc;
	}
	if (unit_runs(&unit)) {
		return error_set(err, -EBUSY, "it is %s (%s) still", unit.active_state,
				 unit.sub_state);
	}
	*ret_killed = *ret_killed || unit_is(unit.result, "timeout");
	return 0;
}

/* systemd has not answered, but will do what it was asked for once it has time: nobody is killed
 * who may not even know yet that he has to end. */
static int await_down(struct systemd *systemd, const struct service *service, struct error *err)
{
	uint64_t deadline = clock_deadline(service->stop_timeout_ms);
	int rc = -ETIMEDOUT;

	while (rc == -ETIMEDOUT && clock_left(deadline) > 0) {
		auto_unit struct unit unit = {0};

		rc = unit_read(&systemd->jobs.bus, service->name, &unit, err);
		if (rc == 0 && unit_runs(&unit)) {
			rc = error_set(err, -ETIMEDOUT, "systemd has not answered, and it is %s",
				       unit.active_state);
			(void)poll(NULL, 0, DOWN_STEP_MS);
		}
	}
	return rc;
}

static int stop_unit(struct systemd *systemd, const struct service *service, bool *ret_killed,
		     struct error *err)
{
	int rc = jobs_begin(&systemd->jobs, "StopUnit", service->name, err);

	if (rc == -ENOENT) {
		return 0;
	}
	if (rc == -ETIMEDOUT) {
		return await_down(systemd, service, err);
	}
	rc = rc < 0 ? rc : jobs_wait(&systemd->jobs, service->stop_timeout_ms, 0, err);
	if (rc == -ETIMEDOUT) {
		*ret_killed = true;
		rc = kill_unit(systemd, service, err);
	}
	return rc < 0 ? rc : expect_down(systemd, service->name, ret_killed, err);
}

/* With KillMode=none, or after a stop command that did nothing, a unit is down and its process is
 * not: it would go on with the database. */
static int await_main(const struct service *service, int pidfd, uint64_t deadline, bool *ret_killed,
		      struct error *err)
{
	if (pidfile_await_end(pidfd, deadline) == 0) {
		return 0;
	}
	*ret_killed = true;
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	return pidfile_await_end(pidfd, clock_deadline(KILL_GRACE_MS)) == 0
		       ? 0
		       : error_set(err, -ETIMEDOUT,
				   "the main process of %s did not end even when killed",
				   service->name);
}

/* Our own descriptor of the main process, since systemd forgets it; -1: nobody runs. */
static int open_main(struct systemd *systemd, const struct service *service, int *ret_fd,
		     struct error *err)
{
	auto_unit struct unit unit = {0};
	struct service_process process;
	int rc = unit_read(&systemd->jobs.bus, service->name, &unit, err);

	*ret_fd = -1;
	return rc < 0 ? rc : pidfile_open_process((pid_t)unit.main_pid, ret_fd, &process, err);
}

static int stop(const struct service_context *context, const struct service *service,
		bool *ret_killed, struct error *err)
{
	uint64_t deadline = clock_deadline(service->stop_timeout_ms);
	auto_close int pidfd = -1;

	*ret_killed = false;
	int rc = open_main(context->systemd, service, &pidfd, err);

	rc = rc < 0 ? rc : stop_unit(context->systemd, service, ret_killed, err);
	if (rc == 0 && pidfd >= 0) {
		rc = await_main(service, pidfd, deadline, ret_killed, err);
	}
	return rc < 0 ? error_prefix(err, "cannot stop %s", service->name) : 0;
}

/* Behind the sentence that is there. */
static void append(struct error *err, const char *text)
{
	char sentence[ERROR_TEXT_MAX];

	memcpy(sentence, err->text, sizeof(sentence));
	(void)error_set(err, err->code, "%s: %s", sentence, text);
}

/* ---- why it went ----------------------------------------------------------------------------- */

static void explain(const struct service_context *context, const struct service *service,
		    const struct service_process *process, struct error *err)
{
	auto_unit struct unit unit = {0};
	struct bus *bus = &context->systemd->jobs.bus;
	struct error ignored;

	if (unit_read(bus, service->name, &unit, &ignored) < 0) {
		return;
	}
	/* The unit tells of its last process only. */
	if (process->invocation[0] == '\0' || unit_is(process->invocation, unit.invocation)) {
		struct error ending = {0};

		if (!unit_is(unit.result, "success")) {
			(void)tell_result(&unit, "", &ending);
			append(err, ending.text);
		}
	}
	(void)unitlog_append(bus->lib,
			     process->invocation[0] != '\0' ? process->invocation : unit.invocation,
			     err);
}

static const struct service_manager manager = {
	.name = "systemd",
	.look = look,
	.find = find,
	.start = start,
	.stop = stop,
	.explain = explain,
};

const struct service_manager *service_manager_systemd(void)
{
	return &manager;
}

const struct service_manager *service_manager(enum manager kind)
{
	return kind == MANAGER_SYSTEMD ? service_manager_systemd() : service_manager_command();
}
