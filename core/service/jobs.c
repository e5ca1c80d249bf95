/*
 * jobs.c - jobs.h: the signal JobRemoved says how a job ended.
 */
#include "service/jobs.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define MODE "replace" /* what waits for the unit already gives way */

/* Without signals, since the connection was lost, the job itself is asked for that often. */
#define LOOK_MS 500

/* Whose connection is lost again and again asks no more often than that. */
#define LOST_STEP_MS 50

static int hear(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct jobs *jobs = data;
	const char *path = NULL;
	const char *unit = NULL;
	const char *result = NULL;
	uint32_t number = 0;

	(void)error;
	if (jobs->bus.lib->sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) >=
		    0 &&
	    strcmp(path, jobs->waited) == 0) {
		(void)snprintf(jobs->result, sizeof(jobs->result), "%s", result);
	}
	return 0;
}

void jobs_init(struct jobs *jobs)
{
	*jobs = (struct jobs){.bus = {.on_job_removed = hear, .userdata = jobs}};
}

void jobs_finish(struct jobs *jobs)
{
	bus_close(&jobs->bus);
}

/* Whether systemd no longer knows the job: that it does not answer says nothing. */
static bool is_gone(struct jobs *jobs)
{
	const struct bus_call call = {
		.path = jobs->waited,
		.interface = BUS_PROPERTIES,
		.member = "Get",
	};
	struct error ignored;

	return bus_call(&jobs->bus, &call, NULL, &ignored, "ss", BUS_JOB, "Id") == -ESRCH;
}

void jobs_cancel(struct jobs *jobs)
{
	const struct bus_call call = {
		.path = jobs->waited,
		.interface = BUS_JOB,
		.member = "Cancel",
	};
	struct error ignored;

	(void)!bus_call(&jobs->bus, &call, NULL, &ignored, "");
}

int jobs_begin(struct jobs *jobs, const char *member, const char *unit, struct error *err)
{
	const struct bus_call call = {.interface = BUS_MANAGER, .member = member};
	sd_bus_message *reply = NULL;
	const char *path = NULL;
	int rc = bus_call(&jobs->bus, &call, &reply, err, "ss", unit, MODE);

	if (rc < 0) {
		return rc;
	}
	rc = jobs->bus.lib->sd_bus_message_read(reply, "o", &path);
	if (rc < 0) {
		rc = bus_error(err, rc, member);
	} else {
		rc = jobs_follow(jobs, path, err);
	}
	bus_message_free(&jobs->bus, &reply);
	return rc;
}

int jobs_follow(struct jobs *jobs, const char *path, struct error *err)
{
	int length = snprintf(jobs->waited, sizeof(jobs->waited), "%s", path);

	jobs->result[0] = '\0';
	return (size_t)length < sizeof(jobs->waited)
		       ? 0
		       : error_set(err, -ENAMETOOLONG, "systemd names a job too long: %s", path);
}

/* A lost connection does not make a wait longer, and nobody deaf. */
static int pause_lost(uint64_t deadline, int interrupts, struct error *err)
{
	struct pollfd interrupt = {.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN};
	int left = clock_left(deadline);

	if (poll(&interrupt, 1, left < LOST_STEP_MS ? left : LOST_STEP_MS) > 0) {
		return error_set(err, -EINTR, "interrupted");
	}
	return left > 0
		       ? 0
		       : error_set(err, -ETIMEDOUT, "the connection to systemd was lost too often");
}

/* 1: it is over; 0: not yet. */
static int step(struct jobs *jobs, uint64_t deadline, int interrupts, struct error *err)
{
	uint64_t look = clock_deadline(LOOK_MS);
	int rc = bus_wait(&jobs->bus, look < deadline ? look : deadline, interrupts, err);

	if (jobs->result[0] != '\0') {
		return 1;
	}
	if (rc == -ECONNRESET) {
		rc = pause_lost(deadline, interrupts, err);
	} else if (rc == -ETIMEDOUT && clock_left(deadline) > 0) {
		rc = 0;
	} else {
		return rc;
	}
	return rc == 0 && is_gone(jobs) ? 1 : rc;
}

int jobs_wait(struct jobs *jobs, uint64_t timeout_ms, int interrupts, struct error *err)
{
	uint64_t deadline = clock_deadline(timeout_ms);
	int rc = 0;

	while (rc == 0) {
		rc = jobs->result[0] != '\0' ? 1 : step(jobs, deadline, interrupts, err);
	}
	return rc < 0 ? rc : 0;
}
