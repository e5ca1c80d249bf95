/*
 * answer.h - asking a program of the release, or one of this host, as an option names it.
 */
#ifndef SUPPORT_ANSWER_H
#define SUPPORT_ANSWER_H

#include <banger/preflight.h>

#include "base/command.h"
#include "base/process.h"

/*
 * Runs command with {root}, {stage} and {version} from the subject and {database} as given (NULL:
 * none), for as long as the plugin has time. 0 whenever it could be started, however it ended.
 */
MUST_CHECK int answer_ask(const struct pf_host *h, const struct command *command,
			  const char *database, struct process_result *ret, struct error *err);

/* The first line that is not empty, of text or else of other: what a person would read. "nothing"
 * when there is none. */
#define ANSWER_LINE_MAX 300
const char *answer_line(const char *text, const char *other, char line[ANSWER_LINE_MAX]);

#endif
