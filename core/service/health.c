/*
 * health.c - health.h: asked, read, compared with what it was.
 */
#include "service/health.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"

#define LINE_SHOWN 400

static const char marker[] = "fail ";

/* NAME of a line "fail NAME: text", else "". The line is changed. */
static const char *failed_name(char *line)
{
	if (!text_has_prefix(line, marker)) {
		return "";
	}
	char *name = line + sizeof(marker) - 1;

	name += strspn(name, " ");
	size_t length = strcspn(name, ":");

	/* Without its colon it is a sentence that happens to begin like this. */
	if (name[length] == '\0') {
		return "";
	}
	name[length] = '\0';
	return name;
}

/* Takes text apart. */
static int add_names(char *text, struct health_answer *answer)
{
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		const char *name = failed_name(line);

		if (*name == '\0' || strings_contain(&answer->failed, name)) {
			continue;
		}
		if (answer->failed.count == LIMIT_FINDINGS) {
			answer->complete = false;
			return 0;
		}
		if (strings_add(&answer->failed, name) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* The last line of text that is not blank, or NULL; *ret_length without its end. */
static const char *last_line(const char *text, size_t *ret_length)
{
	const char *last = NULL;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (strspn(text, " \t\r") < length) {
			last = text;
			*ret_length = length < LINE_SHOWN ? length : LINE_SHOWN;
		}
		text += length + (text[length] == '\n' ? 1 : 0);
	}
	return last;
}

/* A line "fail NAME: text", as failed_name() sees it. */
static bool names_failure(const char *line, size_t length)
{
	const char *name = line + sizeof(marker) - 1;

	if (length < sizeof(marker) || !text_has_prefix(line, marker)) {
		return false;
	}
	name += strspn(name, " ");
	return *name != ':' && memchr(name, ':', (size_t)(line + length - name)) != NULL;
}

/* The lines of text that name a failure, joined: "fail disk: full; fail kvm: no /dev/kvm". Cut off
 * where shown ends. */
static void join_failures(const char *text, char shown[static LINE_SHOWN])
{
	size_t used = 0;

	shown[0] = '\0';
	while (*text != '\0' && used < LINE_SHOWN - 1) {
		size_t length = strcspn(text, "\n");

		if (names_failure(text, length)) {
			(void)snprintf(shown + used, LINE_SHOWN - used, "%s%.*s",
				       used > 0 ? "; " : "", (int)length, text);
			used = strlen(shown);
		}
		text += length + (text[length] == '\n' ? 1 : 0);
	}
}

/* What a person needs of the output: what fails, or else its last line. */
static void find_cause(const struct process_result *result, char shown[static LINE_SHOWN])
{
	const char *line = NULL;
	size_t length = 0;

	join_failures(buffer_text(&result->output), shown);
	if (shown[0] != '\0') {
		return;
	}
	line = last_line(buffer_text(&result->output), &length);
	if (line == NULL) {
		line = last_line(buffer_text(&result->errors), &length);
	}
	if (line != NULL) {
		(void)snprintf(shown, LINE_SHOWN, "%.*s", (int)length, line);
	}
}

/* "exited with 1: fail disk: full" */
static char *describe(const struct process_result *result)
{
	char how[PROCESS_STATUS_TEXT_MAX];
	char cause[LINE_SHOWN];
	char *text = NULL;

	find_cause(result, cause);
	(void)process_status_text(&result->status, how);
	if (asprintf(&text, "%s%s%s", how, cause[0] != '\0' ? ": " : "", cause) < 0) {
		return NULL;
	}
	text_sanitize(text);
	return text;
}

static int read_answer(const struct process_result *result, struct health_answer *ret)
{
	ret->healthy = process_succeeded(&result->status);
	ret->complete = !result->status.timed_out && result->status.signal == 0 &&
			result->output.length < result->output.maximum;
	ret->text = describe(result);
	auto_buffer struct buffer output = BUFFER_INIT(result->output.maximum);

	if (ret->text == NULL ||
	    buffer_add_format(&output, "%s", buffer_text(&result->output)) < 0) {
		return -ENOMEM;
	}
	if (output.length > 0) {
		text_sanitize(output.data);
	}
	return output.length > 0 ? add_names(output.data, ret) : 0;
}

static int answer_unset(struct health_answer *ret, struct error *err)
{
	char *text = strdup("no health command is set");

	if (text == NULL) {
		return error_no_memory(err);
	}
	*ret = (struct health_answer){.healthy = true, .complete = true, .text = text};
	return 0;
}

int health_ask(const struct health *health, const struct command_values *values, uint64_t limit_ms,
	       int interrupts, struct health_answer *ret, struct error *err)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	struct health_answer answer = {0};

	if (!command_is_set(&health->command)) {
		return answer_unset(ret, err);
	}
	int rc = command_expand(&health->command, values, &words, err);

	if (rc == 0) {
		rc = process_run_interruptibly(&words, limit_ms, interrupts, &result, err);
	}
	if (rc < 0) {
		return rc == -EINTR ? rc : error_prefix(err, "cannot run the health command");
	}
	if (read_answer(&result, &answer) < 0) {
		health_answer_finish(&answer);
		return error_no_memory(err);
	}
	*ret = answer;
	return 0;
}

bool health_is_no_worse(const struct health_answer *now, const struct health_answer *baseline)
{
	if (now->healthy) {
		return true;
	}
	if (baseline == NULL || baseline->healthy || !now->complete || now->failed.count == 0) {
		return false;
	}
	for (size_t i = 0; i < now->failed.count; i++) {
		if (!strings_contain(&baseline->failed, now->failed.items[i])) {
			return false;
		}
	}
	return true;
}

/* One ask: 1 when that is good enough, 0 when not yet, or an error. */
static int ask_once(const struct health *health, const struct command_values *values,
		    const struct health_answer *baseline, int interrupts, uint64_t deadline,
		    struct error *last, struct error *err)
{
	struct health_answer answer = {0};
	int rc = health_ask(health, values, (uint64_t)clock_left(deadline), interrupts, &answer,
			    err);

	if (rc < 0) {
		return rc;
	}
	int enough = health_is_no_worse(&answer, baseline) ? 1 : 0;

	/* What was cut short says less than the answer before it. */
	if (answer.complete || last->code == 0) {
		(void)error_set(last, -ETIMEDOUT, "%s", answer.text);
	}
	health_answer_finish(&answer);
	return enough;
}

int health_wait(const struct health *health, const struct command_values *values,
		const struct health_answer *baseline, int interrupts,
		int (*alive)(void *data, struct error *err), void *data, struct error *err)
{
	struct pollfd interrupt = {.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN};
	uint64_t deadline = clock_deadline(health->timeout_ms);
	struct error last = {0};

	for (;;) {
		int rc = alive != NULL ? alive(data, err) : 0;

		if (rc < 0) {
			return rc;
		}
		rc = ask_once(health, values, baseline, interrupts, deadline, &last, err);
		if (rc != 0) {
			return rc > 0 ? 0 : rc;
		}
		int left = clock_left(deadline);

		/* No time for another question, or for its answer. */
		if ((uint64_t)left <= health->interval_ms) {
			return error_set(err, -ETIMEDOUT,
					 "not healthy within %g s: the health command %s",
					 (double)health->timeout_ms / 1000, last.text);
		}
		if (poll(&interrupt, 1, (int)health->interval_ms) > 0) {
			return error_set(err, -EINTR, "interrupted before it was healthy: %s",
					 last.text);
		}
	}
}
