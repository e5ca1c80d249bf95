/*
 * outcome.c - outcome.h: the daemon's words come first, ours explain them.
 */
#include "outcome.h"

#include <stdbool.h>
#include <string.h>

#include "support/answer.h"

#define COMMAND_MAX "%.200s"

static bool was_run(const struct process_status *status)
{
	return !status->timed_out && status->signal == 0 && status->exit_code != 126 &&
	       status->exit_code != 127 && status->exit_code != PROCESS_UNSEEN;
}

void outcome_judge(const char *command, const char *says, const struct process_status *status,
		   const char *output, const char *errors, struct judgement *ret)
{
	char line[ANSWER_LINE_MAX];
	char end[PROCESS_STATUS_TEXT_MAX];

	(void)answer_line(errors, output, line);
	(void)process_status_text(status, end);
	if (!was_run(status)) {
		judgement_set(ret, PF_ERROR, "config.command",
			      "run the command by hand; correct command = or timeout = in section "
			      "[plugin config-check]",
			      COMMAND_MAX " %s and said: %s", command, end, line);
	} else if (status->exit_code != 0) {
		judgement_set(ret, PF_INCOMPATIBLE, "config.refused",
			      "correct the daemon's configuration for the new release, or stay "
			      "with the installed one",
			      "the new release refuses its configuration on this host: " COMMAND_MAX
			      " %s and said: %s",
			      command, end, line);
	} else if (strstr(output, says) == NULL && strstr(errors, says) == NULL) {
		judgement_set(ret, PF_ERROR, "config.unsaid",
			      "run the command by hand; correct says = in section "
			      "[plugin config-check]",
			      COMMAND_MAX " exited with 0, but did not say \"%.100s\": %s", command,
			      says, line);
	} else {
		judgement_set(ret, PF_COMPATIBLE, "config.accepted", NULL,
			      "the new release accepts its configuration on this host");
	}
}
