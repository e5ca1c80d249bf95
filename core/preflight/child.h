/*
 * child.h - one plugin's process, from its start to its report.
 *
 * The runner owns the waiting: it polls a child's descriptors and calls the function that
 * fits. A child never blocks, has a deadline, and what it says is kept even when it then fails.
 */
#ifndef PREFLIGHT_CHILD_H
#define PREFLIGHT_CHILD_H

#include "base/buffer.h"
#include "base/process.h"
#include "preflight/frames.h"
#include "preflight/request.h"
#include "preflight/runner.h"

struct child {
	struct plugin_report *report; /* where its words go; borrowed */
	size_t entry;                 /* the runner's: whose process this is, */
	bool as_database;             /* which time it runs, */
	char *scratch;                /* and which directory it has; NULL: none */
	struct process process;
	int results; /* pipes' read ends; -1: at their end */
	int output;
	int answer;      /* stdout of a program, whose words it is; else never open */
	bool is_program; /* it is executed, not loaded */
	bool own_pids;   /* its process 1 tells us by its exit code how the plugin ended */
	uint64_t timeout_ms;
	uint64_t started;
	uint64_t deadline;
	bool timed_out;             /* SIGTERM was sent; deadline is the end of its grace */
	struct frame_sequence seen; /* frames so far */
	int32_t result;             /* of check(), once seen.is_done */
	struct buffer pending;      /* bytes of a frame that is not complete */
	struct buffer text;         /* stdout, stderr and log lines */
	struct buffer said;         /* what came over answer */
	bool wants_database;        /* to be started again, as the user of the databases */
	int broken;                 /* -EPROTO: it broke the protocol, and reason says how */
	struct error reason;
};

void child_finish(struct child *child);

/* Starts helper_fd on request, with the filter in denial_fd (-1: none). Memory and processes that
 * cannot be had are errors. */
MUST_CHECK int child_start(int helper_fd, int denial_fd, const struct request *request,
			   struct plugin_report *report, struct child *ret, struct error *err);

/* Takes what a pipe holds. Negative: no memory. A broken protocol is noted, not returned. */
MUST_CHECK int child_read_results(struct child *child);
MUST_CHECK int child_read_output(struct child *child);
MUST_CHECK int child_read_answer(struct child *child);

/* True when nothing more is wanted of it although it still runs. */
bool child_is_broken(const struct child *child);

/* The deadline has passed: SIGTERM and 200 ms of grace; true when those are over, too. */
bool child_expire(struct child *child);

/* It has ended or must end now: no process of its group is left. Writes the rest of the report. */
MUST_CHECK int child_end(struct child *child);

#endif
