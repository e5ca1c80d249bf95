/*
 * state.c - state.h: one row a word.
 */
#include "state.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MEND "mend it first: afterwards nobody could tell whether the new release broke it"

static const struct {
	const char *state;
	pf_verdict verdict;
	const char *code;
	const char *text;
	const char *remedy;
} rows[] = {
	{"running", 0, NULL, NULL, NULL},
	{"stopped", PF_NEEDED, "services.stopped",
	 "does not run now; the update will not start it either", NULL},
	{"dead", PF_BUSY, "services.dead",
	 "does not run, but its pid file names a process that is gone: it has crashed, or was "
	 "stopped by something that leaves the file",
	 "start it, or remove its pid file when it is meant to be stopped"},
	{"unwell", PF_BUSY, "services.unwell", "runs, but is not well already now", MEND},
	{"failed", PF_BUSY, "services.failed", "has failed already now", MEND},
	{"restarting", PF_BUSY, "services.failed", "is being started again and again", MEND},
	{"masked", PF_INCOMPATIBLE, "services.masked",
	 "is masked: it could be stopped, but not started again",
	 "unmask it, or take its section out of the configuration"},
	{"missing", PF_INCOMPATIBLE, "services.missing", "does not exist on this host",
	 "correct the name of its section, or install the service"},
	{"unknown", PF_ERROR, "services.unknown", "could not be looked at",
	 "see the reason, and correct its section in the configuration"},
	{NULL, PF_ERROR, "services.unknown", "is in a state that this check does not know",
	 "use a plugin and an updater of the same release"},
};

bool state_names_a_process(const char *pid_file)
{
	char number[32];
	uint64_t pid = 0;

	(void)snprintf(number, sizeof(number), "%.*s", (int)strcspn(pid_file, "\n"), pid_file);
	return text_parse_u64(number, &pid) == 0 && pid > 0;
}

void state_judge(const struct service_state *service, struct judgement *ret)
{
	const char *state = service->state != NULL ? service->state : "";
	size_t i = 0;

	if (service->left_pid_file && strcmp(state, "stopped") == 0) {
		state = "dead";
	}
	while (rows[i].state != NULL && strcmp(rows[i].state, state) != 0) {
		i++;
	}
	*ret = (struct judgement){0};
	if (rows[i].verdict == 0 && service->ends_children != NULL) {
		judgement_set(ret, PF_INCOMPATIBLE, "services.ends-children",
			      "correct the unit, or keeps_children in its section",
			      "service %.200s says keeps_children, but %.700s", service->name,
			      service->ends_children);
	}
	if (rows[i].verdict != 0) {
		judgement_set(ret, rows[i].verdict, rows[i].code, rows[i].remedy,
			      "service %.200s %s%s%.700s", service->name, rows[i].text,
			      service->reason != NULL ? ": " : "",
			      service->reason != NULL ? service->reason : "");
	}
}
