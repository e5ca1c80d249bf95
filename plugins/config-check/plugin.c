/*
 * plugin.c - config-check: does the staged daemon accept the configuration of this host?
 *
 * Runs its own test, as `nginx -t` or `sshd -t` are, before the old daemon stops.
 */
#include <banger/preflight.h>
#include <errno.h>

#include "base/command.h"
#include "outcome.h"
#include "support/answer.h"

#define CORRECT "correct it in section [plugin config-check]"

static int ask(const struct pf_host *h, const struct command *command)
{
	auto_process_result struct process_result result = {0};
	struct judgement judgement;
	struct error err;

	if (command_uses(command, "{stage}") && h->subject(h, "stage.dir") == NULL) {
		return h->finding(h, PF_SKIP, "config.none", "nothing is staged", NULL);
	}
	if (answer_ask(h, command, NULL, &result, &err) < 0) {
		return h->finding(h, PF_ERROR, "config.command", err.text, CORRECT);
	}
	(void)h->fact_i64(h, "ms", (int64_t)result.status.ms);
	outcome_judge(command->line, h->config(h, "says"), &result.status,
		      buffer_text(&result.output), buffer_text(&result.errors), &judgement);
	return judgement_report(h, &judgement);
}

static int check(const struct pf_host *h)
{
	__attribute__((cleanup(command_finish))) struct command command = {0};
	struct error err;

	if (command_parse(h->config(h, "command"), &command, &err) < 0) {
		return h->finding(h, PF_ERROR, "config.option", err.text, CORRECT);
	}
	return ask(h, &command);
}

static const struct pf_option options[] = {
	{"command", NULL, "the new daemon's own test, like {stage}/daemon --test-configuration"},
	{"says", "", "what the test prints when all is well; empty: exit 0 is enough"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "config-check", .version = "1",
	  .summary = "does the new daemon accept its configuration on this host?",
	  .options = options, .check = check);
