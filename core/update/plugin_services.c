/*
 * plugin_services.c - plugin_services.h: asks the manager, then the service's own status command.
 */
#include "update/plugin_services.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"

/* A status command that takes longer has no answer for a plugin. */
#define STATUS_TIMEOUT_MS 10000

/* How a service is. */
struct state {
	const char *word;
	struct error reason; /* text "": none */
	pid_t pid;
};

static int set(struct update *update, const struct service *service, const char *field,
	       const char *value)
{
	auto_free char *key = NULL;

	if (asprintf(&key, "service.%s.%s", service->name, field) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	return pairs_set(&update->subject, key, value);
}

/* It runs; does it say that it is well? */
static void ask_status(const struct update *update, const struct service *service,
		       struct state *state)
{
	const struct command_values values = update_values(update);
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	int rc = command_expand(&service->status, &values, &words, &state->reason);

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

static struct state look_at(const struct update *update, const struct service *service)
{
	const struct command_values values = update_values(update);
	const struct service_context context = {.values = &values};
	struct service_process process = {0};
	struct state state = {.word = "running"};

	if (update->manager->find(&context, service, &process, &state.reason) < 0) {
		state.word = "unknown";
	} else if (process.pid == 0) {
		state.word = "stopped";
	} else {
		state.pid = process.pid;
		if (command_is_set(&service->status)) {
			ask_status(update, service, &state);
		}
	}
	return state;
}

static int describe_one(struct update *update, const struct service *service)
{
	const struct state state = look_at(update, service);
	char pid[24];
	int rc = set(update, service, "state", state.word);

	if (rc == 0 && state.reason.text[0] != '\0') {
		rc = set(update, service, "reason", state.reason.text);
	}
	if (rc == 0 && state.pid != 0) {
		(void)snprintf(pid, sizeof(pid), "%d", state.pid);
		rc = set(update, service, "pid", pid);
	}
	if (rc == 0 && service->pid_file != NULL) {
		rc = set(update, service, "pid_file", service->pid_file);
	}
	return rc;
}

int plugin_describe_services(struct update *update)
{
	auto_buffer struct buffer list = BUFFER_INIT(1u * MIB);
	int rc = 0;

	for (size_t i = 0; i < update->plan.host->service_count && rc == 0; i++) {
		const struct service *service = &update->plan.host->services[i];

		rc = buffer_add_format(&list, "%s%s", i > 0 ? "\n" : "", service->name);
		rc = rc < 0 ? rc : describe_one(update, service);
	}
	return rc < 0 ? rc : pairs_set(&update->subject, "services", buffer_text(&list));
}
