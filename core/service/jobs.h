/*
 * jobs.h - jobs of systemd: asked for, followed to their end, taken back when they last too long.
 */
#ifndef SERVICE_JOBS_H
#define SERVICE_JOBS_H

#include <stdint.h>

#include "service/bus.h"

struct jobs {
	struct bus bus;
	char waited[256]; /* the path of the last job */
	char result[64];  /* and what became of it: done, failed, timeout, canceled, …; "": not
			   * known */
};

/* Connects nowhere yet. The struct must stay where it is. */
void jobs_init(struct jobs *jobs);
void jobs_finish(struct jobs *jobs);

/* Calls the manager's member (StartUnit, StopUnit) for a unit. Errors as of bus_call(). */
MUST_CHECK int jobs_begin(struct jobs *jobs, const char *member, const char *unit,
			  struct error *err);

/* The job of that path, which another call began, is the last one from now on. */
MUST_CHECK int jobs_follow(struct jobs *jobs, const char *path, struct error *err);

/* Waits until the last job is over: then jobs->result tells how, or is "" when nobody heard of it
 * (the connection was lost). -ETIMEDOUT, or -EINTR when interrupts (0: none) can be read: it goes
 * on. */
MUST_CHECK int jobs_wait(struct jobs *jobs, uint64_t timeout_ms, int interrupts, struct error *err);

/* Takes the last job back, if it is not over. */
void jobs_cancel(struct jobs *jobs);

#endif
