/*
 * plugin.c - operations: is anything in flight that the update would cut off?
 *
 * Asks the daemon, or a command, until nothing is or the time to wait is over. To be asked after
 * all others (last = yes), so that its answer is fresh when the daemon is stopped.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "ask.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "inflight.h"
#include "support/answer.h"
#include "support/subject.h"

#define POLL_MS   500
#define ANSWER_MS 5000 /* for one answer */
#define REPLY_MAX (1u * MIB)
#define CORRECT   "correct it in section [plugin operations]"

struct job {
	const struct pf_host *h;
	char *socket; /* NULL: the command is asked */
	struct command command;
	uint64_t drain_ms;
};

static void job_finish(struct job *job)
{
	free(job->socket);
	command_finish(&job->command);
}

static int ask_daemon(const struct job *job, struct strings *ret, struct error *err)
{
	auto_buffer struct buffer reply = BUFFER_INIT(REPLY_MAX);
	int64_t left = job->h->remaining_ms(job->h);
	uint64_t patience = left < ANSWER_MS ? (uint64_t)left : ANSWER_MS;
	int rc = ask_socket(job->socket, clock_deadline(patience), &reply, err);

	return rc < 0 ? rc : inflight_parse_reply(buffer_text(&reply), reply.length, ret, err);
}

static int ask_command(const struct job *job, struct strings *ret, struct error *err)
{
	auto_process_result struct process_result result = {0};
	char end[PROCESS_STATUS_TEXT_MAX];
	char line[ANSWER_LINE_MAX];
	int rc = answer_ask(job->h, &job->command, NULL, &result, err);

	if (rc < 0) {
		return rc;
	}
	if (!process_succeeded(&result.status)) {
		return error_set(err, -EREMOTEIO, "%s %s and said: %s", job->command.line,
				 process_status_text(&result.status, end),
				 answer_line(buffer_text(&result.errors),
					     buffer_text(&result.output), line));
	}
	return inflight_parse_lines(buffer_text(&result.output), ret) < 0 ? error_no_memory(err)
									  : 0;
}

static int ask(const struct job *job, struct strings *ret, struct error *err)
{
	strings_finish(ret);
	*ret = (struct strings){0};
	return job->socket != NULL ? ask_daemon(job, ret, err) : ask_command(job, ret, err);
}

/* Until nothing is in flight, or drain is over. */
static int wait_for_none(const struct job *job, struct strings *operations, uint64_t *ret_waited,
			 struct error *err)
{
	uint64_t begun = clock_monotonic_ms();
	uint64_t deadline = clock_deadline(job->drain_ms);
	int rc = ask(job, operations, err);

	*ret_waited = 0;
	while (rc == 0 && operations->count > 0 && clock_left(deadline) > 0) {
		int left = clock_left(deadline);

		(void)poll(NULL, 0, left < POLL_MS ? left : POLL_MS);
		if (job->h->cancelled(job->h)) {
			return error_set(err, -ECANCELED, "ended while waiting");
		}
		rc = ask(job, operations, err);
		*ret_waited = clock_monotonic_ms() - begun;
	}
	return rc;
}

/* Whether a service runs, as far as the updater knows; a service it says nothing of may. */
static bool may_run(const struct pf_host *h)
{
	auto_strings struct strings names = {0};
	bool stopped = subject_lines(h->subject(h, "services"), &names) == 0 && names.count > 0;

	for (size_t i = 0; i < names.count && stopped; i++) {
		const char *state = subject_entry(h, "service", names.items[i], "state");

		stopped = state != NULL && strcmp(state, "stopped") == 0;
	}
	return !stopped;
}

static int report_failure(const struct job *job, int code, const struct error *err)
{
	const struct pf_host *h = job->h;

	if ((code == -ENOENT || code == -ECONNREFUSED) && job->socket != NULL && !may_run(h)) {
		return h->finding(h, PF_COMPATIBLE, "operations.stopped",
				  "no service runs, so that nothing is in flight", NULL);
	}
	if (code == -EPERM || code == -EACCES) {
		return h->finding(h, PF_ERROR, "operations.unknown", err->text,
				  "where only root may ask the daemon, write grant = root in "
				  "section [plugin operations]");
	}
	return h->finding(h, PF_ERROR, "operations.unknown", err->text,
			  "see that the daemon runs and that socket = or command = in section "
			  "[plugin operations] is right");
}

static int bad_option(const struct pf_host *h, const char *text)
{
	int rc = h->finding(h, PF_ERROR, "operations.option", text, CORRECT);

	return rc < 0 ? rc : 1;
}

static int read_drain(struct job *job)
{
	const struct pf_host *h = job->h;

	if (text_parse_duration(h->config(h, "drain"), &job->drain_ms) < 0) {
		return bad_option(h, "drain is no duration like 30s");
	}
	if (job->drain_ms > (uint64_t)h->remaining_ms(h)) {
		return bad_option(h, "drain is longer than this check may take: set timeout = in "
				     "its section to more than a tenth above drain");
	}
	return 0;
}

/* Reads the options. 1: one is wrong, and a finding says so. */
static int read_options(struct job *job)
{
	const struct pf_host *h = job->h;
	const char *socket = h->config(h, "socket");
	const char *line = h->config(h, "command");
	struct error err;

	if (socket[0] != '\0' && line[0] != '\0') {
		return bad_option(h, "socket and command exclude each other");
	}
	if (line[0] != '\0') {
		if (command_parse(line, &job->command, &err) < 0) {
			return bad_option(h, err.text);
		}
		return read_drain(job);
	}
	if (socket[0] != '/') {
		return bad_option(h, "socket is no absolute path");
	}
	job->socket = path_join(h->subject(h, "root"), socket);
	return job->socket != NULL ? read_drain(job) : -ENOMEM;
}

static int find_out(struct job *job)
{
	auto_strings struct strings operations = {0};
	const struct pf_host *h = job->h;
	struct judgement judgement;
	struct error err;
	uint64_t waited = 0;
	int rc = wait_for_none(job, &operations, &waited, &err);

	if (rc < 0 && h->cancelled(h)) {
		return -ECANCELED;
	}
	if (rc < 0) {
		return report_failure(job, rc, &err);
	}
	(void)h->fact_i64(h, "operations", (int64_t)operations.count);
	(void)h->fact_i64(h, "waited_ms", (int64_t)waited);
	inflight_judge(&operations, waited, &judgement);
	return judgement_report(h, &judgement);
}

static int check(const struct pf_host *h)
{
	__attribute__((cleanup(job_finish))) struct job job = {.h = h};

	if (h->config(h, "socket")[0] == '\0' && h->config(h, "command")[0] == '\0') {
		return h->finding(h, PF_SKIP, "operations.unconfigured",
				  "neither socket nor command is configured",
				  "set one of them in section [plugin operations]");
	}
	int rc = read_options(&job);

	return rc == 0 ? find_out(&job) : rc < 0 ? rc : 0;
}

static const struct pf_option options[] = {
	{"socket", "", "the daemon's Unix socket, which answers operations.list"},
	{"command", "", "a command instead that prints a line for each operation in flight"},
	{"drain", "0s", "how long to wait for operations to end"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "operations", .version = "1", .needs = PF_NEED_DATABASE,
	  .summary = "is anything in flight that the update would cut off?", .options = options,
	  .check = check);
