/*
 * revive.c - start and health, and the same for the old release on the way back: a new process,
 * which is the right one, ready, healthy, and still there a while later.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "service/runners.h"
#include "update/bar.h"
#include "update/update.h"
#include "update/window.h"

#define SETTLE_STEP_MS 100

/* Nothing ends a wait of the way back, however often somebody asks. */
#define NO_INTERRUPTS 0

/* The first that failed is the one to look at. */
static void remember_failed(struct update *update, const struct service *service)
{
	update->failed_unit = update->failed_unit != NULL ? update->failed_unit : service->name;
}

static int blame(struct update *update, const struct service *service, struct error *err)
{
	remember_failed(update, service);
	return error_prefix(err, "service %s", service->name);
}

/* Starts one service and makes sure that what runs then is what lies on the disk now. */
static int start_one(struct update *update, struct service_run *run, int interrupts,
		     struct error *err)
{
	struct command_values values = update_values(update);
	struct service_context context = update_context(update, &values);

	context.interrupts = interrupts;
	int rc = update->manager->start(&context, run->service, err);

	if (rc == 0) {
		rc = service_identify(update->manager, &context, run->service,
				      update_binary_path(update, run->service), run->before,
				      &run->after, err);
		if (rc == -EAGAIN) {
			rc = error_set(err, -ESRCH, "its process ended right after its start");
		}
		if (rc == -ESRCH && update->manager->explain != NULL) {
			update->manager->explain(&context, run->service, &run->after, err);
		}
	}
	return rc < 0 ? blame(update, run->service, err) : 0;
}

int update_start(struct update *update, struct error *err)
{
	size_t started = 0;
	int rc = window_open(update, err);

	update->tried = update->tried || rc == 0;
	rc = rc < 0 ? rc : window_start_sockets(update, err);
	for (size_t i = 0; i < update->plan.host->service_count && rc == 0; i++) {
		struct service_run *run = &update->services[i];

		if (run->wanted && update_has_program(update, run->service)) {
			rc = start_one(update, run, update->interrupts, err);
			started++;
		}
	}
	rc = rc < 0 ? rc : window_start_dependents(update, err);
	if (rc < 0) {
		return rc;
	}
	report_detail(&update->report, "%zu service%s", started, started == 1 ? "" : "s");
	return 0;
}

static int ask_to_stop(struct update *update, const struct service *service, struct error *err)
{
	struct command_values values = update_values(update);
	struct service_context context = update_context(update, &values);
	bool killed = false;

	return update->manager->stop(&context, service, &killed, err);
}

/* While the host boots nothing was started yet, and nothing is to be: it is only made sure that
 * nobody runs what is about to be taken away. */
static int expect_nobody(struct update *update, const struct service *service, struct error *err)
{
	const char *path = update_binary_path(update, service);
	pid_t pid = 0;
	int rc = path == NULL || service->keeps_children ? 0 : runners_find(path, &pid, err);

	if (rc < 0 && rc != -ENOENT) {
		return rc;
	}
	return pid == 0 ? 0
			: error_set(err, -EBUSY, "process %d executes %s already", (int)pid, path);
}

typedef int (*service_step)(struct update *update, const struct service *service,
			    struct error *err);

/* One step for each service of the new release; what fails is left to a person. */
static int for_each_new(struct update *update, service_step step, struct error *err)
{
	int worst = 0;

	for (size_t i = update->plan.host->service_count; i-- > 0;) {
		const struct service_run *run = &update->services[i];
		struct error one = {0};
		int rc = run->wanted ? step(update, run->service, &one) : 0;

		if (rc < 0) {
			update->unstoppable = true;
			worst = update_leave_to_person(update, rc, err,
						       "stop service %s by hand: %s",
						       run->service->name, one.text);
		}
	}
	return worst;
}

int update_stop_new(struct update *update, struct error *err)
{
	if (update->boot) {
		return for_each_new(update, expect_nobody, err);
	}
	struct error why = {0};

	/* Who is started by somebody else meanwhile is a leftover, then. */
	if (window_close_again(update, &why) < 0) {
		report_problem(&update->report, why.text);
	}
	int rc = for_each_new(update, ask_to_stop, err);

	/* Not before all were asked: several services may execute one file. */
	return rc < 0 ? rc : for_each_new(update, update_end_leftovers, err);
}

static int tell_of_end(struct update *update, const struct service_context *context,
		       const struct service_run *run, bool has_successor, struct error *err)
{
	remember_failed(update, run->service);
	(void)error_set(err, -ESRCH, "service %s was ready, then %s", run->service->name,
			has_successor ? "another process took its place" : "its process ended");
	if (update->manager->explain != NULL) {
		update->manager->explain(context, run->service, &run->after, err);
	}
	return -ESRCH;
}

/* Every service that was started still is the same process. */
static int all_alive(void *data, struct error *err)
{
	struct update *update = data;
	struct command_values values = update_values(update);
	struct service_context context = update_context(update, &values);

	for (size_t i = 0; i < update->plan.host->service_count; i++) {
		const struct service_run *run = &update->services[i];
		struct service_process now = {0};

		if (run->after.pid == 0) {
			continue;
		}
		int rc = update->manager->find(&context, run->service, &now, err);

		/* -EAGAIN: nobody, and somebody is about to start. */
		if (rc < 0 && rc != -EAGAIN) {
			return blame(update, run->service, err);
		}
		if (now.pid != run->after.pid || now.start_time != run->after.start_time) {
			return tell_of_end(update, &context, run, now.pid != 0, err);
		}
	}
	return 0;
}

static int settle(struct update *update, int interrupts, struct error *err)
{
	struct pollfd interrupt = {.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN};
	uint64_t deadline = clock_deadline(update->plan.host->health.settle_ms);

	for (;;) {
		int rc = all_alive(update, err);
		int left = clock_left(deadline);

		if (rc < 0 || left == 0) {
			return rc;
		}
		if (poll(&interrupt, 1, left < SETTLE_STEP_MS ? left : SETTLE_STEP_MS) > 0) {
			return error_set(err, -EINTR, "interrupted before it had settled");
		}
	}
}

/* As well as baseline; NULL: well. */
static int become_healthy(struct update *update, const struct health_answer *baseline,
			  int interrupts, struct error *err)
{
	struct command_values values = update_values(update);
	const struct health *health = &update->plan.host->health;

	if (!command_is_set(&health->command)) {
		return 0;
	}
	return health_wait(health, &values, baseline, interrupts, all_alive, update, err);
}

int update_health(struct update *update, struct error *err)
{
	const struct health *health = &update->plan.host->health;
	bool goes_back = update->previous.host != NULL;
	int rc = become_healthy(update, goes_back ? NULL : &update->plan.baseline,
				update->interrupts, err);

	rc = rc < 0 ? rc : settle(update, update->interrupts, err);
	if (rc == 0) {
		report_detail(&update->report, "%s, and still up after %.1f s",
			      command_is_set(&health->command) ? "healthy" : "running",
			      (double)health->settle_ms / 1000);
	}
	return rc;
}

/* Whether somebody runs the service already, from the file that is installed: a stop that failed
 * left the old process, or it was started since, by a recovery that was cut short or at boot. */
static bool runs_already(struct update *update, struct service_run *run)
{
	struct command_values values = update_values(update);
	struct service_context context = update_context(update, &values);
	struct service_process now = {0};
	struct error ignored;

	if (update->manager->find(&context, run->service, &now, &ignored) < 0 || now.pid == 0) {
		return false;
	}
	return service_identify(update->manager, &context, run->service,
				update_binary_path(update, run->service), NULL, &run->after,
				&ignored) == 0;
}

static int leave_start(struct update *update, int rc, const struct error *why, struct error *err)
{
	return update_leave_to_person(update, rc, err, "start the old release by hand: %s",
				      why->text);
}

/* One whose service runs already is refused by systemd: that costs nobody else his start. */
static int start_old_sockets(struct update *update, struct error *err)
{
	struct error why = {0};
	int rc = window_start_sockets(update, &why);

	return rc == 0 ? 0
		       : update_leave_to_person(
				 update, rc, err,
				 "start it by hand, with the service that it belongs to stopped "
				 "for that moment: %s",
				 why.text);
}

/* Each of them, although another did not start: the fewer are down the better. */
static int start_old_ones(struct update *update, struct error *err)
{
	int worst = start_old_sockets(update, err);

	for (size_t i = 0; i < update->plan.host->service_count; i++) {
		struct service_run *run = &update->services[i];
		struct error why = {0};

		run->after = (struct service_process){0};
		if (!run->stopped || runs_already(update, run)) {
			continue;
		}
		int rc = start_one(update, run, NO_INTERRUPTS, &why);

		if (rc < 0) {
			worst = leave_start(update, rc, &why, err);
		}
	}
	struct error why = {0};
	int rc = window_start_dependents(update, &why);

	return rc < 0 ? leave_start(update, rc, &why, err) : worst;
}

bool update_is_comparable(const struct update *update)
{
	const struct health_answer *baseline = &update->plan.baseline;

	return baseline->healthy || baseline->failed.count > 0;
}

static int old_is_well(struct update *update, struct error *err)
{
	const struct health_answer *baseline = &update->plan.baseline;
	int rc = update_is_comparable(update) ? become_healthy(update, baseline, NO_INTERRUPTS, err)
					      : 0;

	return rc < 0 ? rc : settle(update, NO_INTERRUPTS, err);
}

/* systemd keeps them from starting until they have been made whole (window.h, bar.h). */
static int leave_services(struct update *update, struct error *err)
{
	bool is_held = update->plan.host->manager == MANAGER_SYSTEMD;

	return update_leave_to_person(update, -ECANCELED, err,
				      "then %s: nothing was started that could meet files or a "
				      "database of another release",
				      is_held ? "run banger-update recover, which lets the "
						"services start again"
					      : "start the services by hand");
}

/*
 * The old release runs again, is itself, and as well as it was before. After a step back that
 * failed nothing is started: old code on a new database, or the other way round, is what this
 * program exists to prevent.
 */
int update_start_old(struct update *update, struct error *err)
{
	struct error why = {0};

	if (update->incomplete) {
		return leave_services(update, err);
	}
	if (update->boot) {
		return 0;
	}
	/* Files and databases are whole again. */
	bar_lift(update, update->product);
	if (window_host_stops(update)) {
		update->left_open = true;
		return update_leave_to_person(update, -ESHUTDOWN, err,
					      "wait for the next boot: the host goes down now; the "
					      "old release was put back, and is looked at then");
	}
	int rc = window_open(update, &why);

	rc = rc < 0 ? leave_start(update, rc, &why, err) : start_old_ones(update, err);
	if (rc < 0) {
		return rc;
	}
	rc = old_is_well(update, &why);
	return rc == 0 ? 0
		       : update_leave_to_person(
				 update, rc, err,
				 "look after the old release, it was put back but is not well: %s",
				 why.text);
}

/* The first that failed is told by the caller. */
static int add_missing(struct update *update, int worst, int rc, const struct error *why,
		       struct error *err)
{
	struct error ignored;

	if (rc < 0 && worst == 0) {
		*err = *why;
	} else if (rc < 0 && update->recovers) {
		(void)!update_leave_to_person(update, rc, &ignored, "start it by hand: %s",
					      why->text);
	} else if (rc < 0) {
		report_problem(&update->report, why->text);
	}
	return worst < 0 ? worst : rc;
}

int update_start_missing(struct update *update, struct error *err)
{
	struct error why = {0};

	bar_lift(update, update->product);
	int worst = window_start_sockets(update, err);

	if (worst < 0) {
		(void)error_prefix(err,
				   "with the service that it belongs to stopped for that moment");
	}
	for (size_t i = 0; i < update->plan.host->service_count; i++) {
		struct service_run *run = &update->services[i];

		run->after = (struct service_process){0};
		if (run->before->pid == 0 || !update_has_program(update, run->service) ||
		    runs_already(update, run)) {
			continue;
		}
		int rc = start_one(update, run, NO_INTERRUPTS, &why);

		worst = add_missing(update, worst, rc, &why, err);
	}
	int rc = window_start_dependents(update, &why);

	return add_missing(update, worst, rc, &why, err);
}
