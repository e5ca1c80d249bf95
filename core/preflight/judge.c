/*
 * judge.c - judge.h: the reasons why a plugin's word does not count, in the order they are asked.
 */
#include "preflight/judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preflight/answer.h"

#define TEXT_MAX (ERROR_TEXT_MAX + 256)

/* One reason: true when it applies, with text written. */
struct reason {
	const char *code;
	const char *remedy;
	bool (*applies)(const struct child *child, const struct process_status *status, char *text);
};

static bool broke_the_protocol(const struct child *child, const struct process_status *status,
			       char *text)
{
	(void)status;
	(void)snprintf(text, TEXT_MAX, "broke the protocol between plugin and updater: %s",
		       child->reason.text);
	return child->broken < 0;
}

static bool ran_too_long(const struct child *child, const struct process_status *status, char *text)
{
	bool is_short = child->timeout_ms < 1000;

	(void)status;
	(void)snprintf(text, TEXT_MAX, "did not finish within %.*f %s and was stopped",
		       is_short ? 0 : 1, (double)child->timeout_ms / (is_short ? 1.0 : 1000.0),
		       is_short ? "ms" : "s");
	return child->timed_out;
}

static bool was_killed(const struct child *child, const struct process_status *status, char *text)
{
	char end[PROCESS_STATUS_TEXT_MAX];

	(void)child;
	(void)snprintf(text, TEXT_MAX, "crashed: its process %s", process_status_text(status, end));
	return status->signal != 0 || status->timed_out;
}

static bool left_early(const struct child *child, const struct process_status *status, char *text)
{
	(void)snprintf(text, TEXT_MAX,
		       "exited with %d before its check returned; what it said so far does not "
		       "count",
		       status->exit_code);
	return !child->seen.is_done || status->exit_code != 0;
}

static bool failed(const struct child *child, const struct process_status *status, char *text)
{
	(void)status;
	if (child->result < 0) {
		(void)snprintf(text, TEXT_MAX, "its check failed: %s", strerror(-child->result));
	} else {
		(void)snprintf(text, TEXT_MAX, "its check returned %d, which means nothing",
			       child->result);
	}
	return child->result != 0;
}

static bool said_nothing(const struct child *child, const struct process_status *status, char *text)
{
	(void)status;
	(void)snprintf(text, TEXT_MAX, "ended without a finding");
	return child->report->findings.count == 0 && !child->wants_database;
}

#define REPORT_IT "report it to the plugin's author"

/* Those that have nothing to do with how it speaks. */
#define COMMON_REASONS 3

static const struct reason reasons[] = {
	{"plugin.protocol", REPORT_IT "; if builds differ, reinstall the updater",
	 broke_the_protocol},
	{"plugin.timeout",
	 "look at what it waits for with -v, or give it more time with timeout = in its section",
	 ran_too_long},
	{"plugin.crashed", REPORT_IT "; its own output is shown with -v", was_killed},
	{"plugin.silent", REPORT_IT "; its own output is shown with -v", left_early},
	{"plugin.failed", "its own output is shown with -v", failed},
	{"plugin.silent", REPORT_IT, said_nothing},
};

static int add(struct plugin_report *report, const char *code, const char *text, const char *remedy)
{
	int rc = findings_add(&report->findings, VERDICT_ERROR, code, text, remedy);

	report->verdict = findings_verdict(&report->findings);
	return rc;
}

/* A program says what it has to say in text, unless it could not be started: then the helper has
 * said why, in frames. */
static bool speaks_text(const struct child *child)
{
	return child->is_program && !child->seen.is_done;
}

static int judge_program(struct child *child, const struct process_status *status)
{
	struct error reason;
	int rc = answer_take(&child->said, status->exit_code, child->report, &reason);

	if (rc == -EPROTO) {
		return add(child->report, "plugin.answer", reason.text,
			   "correct the program: plugins/README.md says how it must answer");
	}
	if (rc == 0) {
		child->report->verdict = findings_verdict(&child->report->findings);
	}
	return rc;
}

int judge_child(struct child *child, const struct process_status *status)
{
	char text[TEXT_MAX];
	/* Of a program only the first few apply. */
	size_t count = speaks_text(child) ? COMMON_REASONS : sizeof(reasons) / sizeof(reasons[0]);

	for (size_t i = 0; i < count; i++) {
		if (reasons[i].applies(child, status, text)) {
			return add(child->report, reasons[i].code, text, reasons[i].remedy);
		}
	}
	if (speaks_text(child)) {
		return judge_program(child, status);
	}
	child->report->verdict = findings_verdict(&child->report->findings);
	return 0;
}

int judge_unstarted(struct plugin_report *report, const struct error *reason)
{
	return add(report, "plugin.load", reason->text,
		   "the updater's own helper did not start: reinstall the updater, or free memory");
}
