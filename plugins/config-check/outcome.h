/*
 * outcome.h - from how a configuration test ended to a finding. Pure.
 */
#ifndef CONFIG_CHECK_OUTCOME_H
#define CONFIG_CHECK_OUTCOME_H

#include "base/process.h"
#include "support/judgement.h"

/*
 * command is its line, for the sentence; says what a pass must print ("": nothing). Exit 0 passes.
 * Any other exit is the daemon's own refusal, but for 126 and 127, which a shell gives when there
 * was nothing to run, and a signal or a timeout: these say nothing about the configuration.
 */
void outcome_judge(const char *command, const char *says, const struct process_status *status,
		   const char *output, const char *errors, struct judgement *ret);

#endif
