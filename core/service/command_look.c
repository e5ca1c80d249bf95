/*
 * command_look.c - command_look.h: who the pid file names, then the status command.
 */
#include "service/command_look.h"

#include <errno.h>
#include <string.h>

#include "base/process.h"

/* A status command that takes longer has no answer. */
#define STATUS_TIMEOUT_MS 10000

/* It runs; does it say that it is well? */
static void ask_status(const struct service_context *context, const struct service *service,
		       struct service_state *state)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	int rc = command_expand(&service->status, context->values, &words, &state->reason);

	rc = rc < 0 ? rc : process_run(&words, STATUS_TIMEOUT_MS, &result, &state->reason);
	if (rc < 0) {
		state->word = "unknown";
	} else if (!process_succeeded(&result.status)) {
		const char *text =
			buffer_text(result.errors.length > 0 ? &result.errors : &result.output);
		char end[PROCESS_STATUS_TEXT_MAX];

		state->word = "unwell";
		(void)error_set(&state->reason, -EIO, "%s %s%s%.*s", service->status.line,
				process_status_text(&result.status, end),
				text[0] != '\0' ? " and said: " : "", (int)strcspn(text, "\n"),
				text);
	}
}

struct service_state command_look(const struct service_manager *manager,
				  const struct service_context *context,
				  const struct service *service)
{
	struct service_process process = {0};
	struct service_state state = {.word = "running"};

	if (manager->find(context, service, &process, &state.reason) < 0) {
		state.word = "unknown";
	} else if (process.pid == 0) {
		state.word = "stopped";
	} else {
		state.pid = process.pid;
		if (command_is_set(&service->status)) {
			ask_status(context, service, &state);
		}
	}
	return state;
}
