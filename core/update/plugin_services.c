/*
 * plugin_services.c - plugin_services.h: asks the manager.
 */
#include "update/plugin_services.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"

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

/* One whose unit file is about to be installed is not missed. */
static void await_unit(const struct update *update, const struct service *service,
		       struct service_state *state)
{
	if (strcmp(state->word, "missing") == 0 && update_installs_unit(update, service->name)) {
		state->word = "stopped";
		(void)error_set(&state->reason, -ENOENT, "its unit file comes with the release");
	}
}

static int describe_one(struct update *update, const struct service *service)
{
	const struct command_values values = update_values(update);
	const struct service_context context = update_context(update, &values);
	struct service_state state = update->manager->look(&context, service);
	char pid[24];

	await_unit(update, service, &state);
	int rc = set(update, service, "state", state.word);

	if (rc == 0 && state.reason.text[0] != '\0') {
		rc = set(update, service, "reason", state.reason.text);
	}
	if (rc == 0 && state.pid != 0) {
		(void)snprintf(pid, sizeof(pid), "%d", state.pid);
		rc = set(update, service, "pid", pid);
	}
	if (rc == 0 && state.ends_children.text[0] != '\0') {
		rc = set(update, service, "ends_children", state.ends_children.text);
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
