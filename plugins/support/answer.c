/*
 * answer.c - answer.h: a command of the INI file, run from inside a plugin.
 */
#include "support/answer.h"

#include <stdio.h>
#include <string.h>

int answer_ask(const struct pf_host *h, const struct command *command, const char *database,
	       struct process_result *ret, struct error *err)
{
	const char *root = h->subject(h, "root");
	const struct command_values values = {
		.root = root != NULL ? root : "",
		.stage = h->subject(h, "stage.dir"),
		.database = database,
		.version = h->subject(h, "version.to"),
	};
	auto_strings struct strings words = {0};
	int rc = command_expand(command, &values, &words, err);

	return rc < 0 ? rc : process_run(&words, (uint64_t)h->remaining_ms(h), ret, err);
}

const char *answer_line(const char *text, const char *other, char line[ANSWER_LINE_MAX])
{
	text += strspn(text, "\n");
	if (text[0] == '\0') {
		text = other + strspn(other, "\n");
	}
	if (text[0] == '\0') {
		text = "nothing";
	}
	(void)snprintf(line, ANSWER_LINE_MAX, "%.*s", (int)strcspn(text, "\n"), text);
	return line;
}
