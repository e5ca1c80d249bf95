/*
 * after.c - after.h: an environment, a command, a bound.
 */
#include "update/after.h"

#include <stdio.h>

#include "base/guard.h"
#include "base/process.h"

#define AFTER_MS 60000

static int add(struct strings *environment, const char *name, const char *value)
{
	auto_free char *entry = NULL;

	if (asprintf(&entry, "%s=%s", name, value != NULL ? value : "") < 0) {
		entry = NULL;
		return -1;
	}
	return strings_add(environment, entry);
}

static int describe(const struct update *update, int exit_code, struct strings *environment)
{
	char code[16];
	const struct {
		const char *name;
		const char *value;
	} values[] = {
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"LC_ALL", "C.UTF-8"},
		{"BANGER_UPDATE_COMMAND", update->options->command->name},
		{"BANGER_UPDATE_PRODUCT", update->product},
		{"BANGER_UPDATE_RUN", update->run},
		{"BANGER_UPDATE_FROM", update->installed},
		{"BANGER_UPDATE_TO", update->release.version.text},
		{"BANGER_UPDATE_RESULT", result_word(update->result)},
		{"BANGER_UPDATE_EXIT", code},
		{"BANGER_UPDATE_REASON", update->failure.text},
	};

	(void)snprintf(code, sizeof(code), "%d", exit_code);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (add(environment, values[i].name, values[i].value) < 0) {
			return -1;
		}
	}
	return 0;
}

static int run(struct update *update, const struct strings *environment, struct error *err)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	struct command_values values = update_values(update);

	/* What was recovered may be about several. */
	values.version = values.version != NULL ? values.version : "";
	char text[PROCESS_STATUS_TEXT_MAX];
	int rc = command_expand(&update->config->after, &values, &words, err);

	if (rc < 0) {
		return rc;
	}
	union {
		char *const *in;
		const char *const *out;
	} argv = {.in = words.items}, envp = {.in = environment->items};
	const struct process_options options = {.argv = argv.out, .environment = envp.out};

	rc = process_run_options(&options, AFTER_MS, &result, err);
	if (rc == 0 && !process_succeeded(&result.status)) {
		report_warning(&update->report, "'%s' %s", update->config->after.line,
			       process_status_text(&result.status, text));
	}
	return rc;
}

void after_run(struct update *update, int exit_code)
{
	auto_strings struct strings environment = {0};
	struct error err = {0};

	if (update->config == NULL || !command_is_set(&update->config->after)) {
		return;
	}
	if (describe(update, exit_code, &environment) < 0) {
		(void)error_no_memory(&err);
	} else {
		(void)!run(update, &environment, &err);
	}
	if (err.text[0] != '\0') {
		report_problem(&update->report, err.text);
	}
}
