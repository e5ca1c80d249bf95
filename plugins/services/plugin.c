/*
 * plugin.c - services: are the configured services there, and well, before the update?
 *
 * A service that is broken already would otherwise be found broken afterwards, and a good release
 * be rolled back for it.
 */
#include <banger/preflight.h>
#include <errno.h>

#include "base/file.h"
#include "base/text.h"
#include "state.h"
#include "support/subject.h"

#define PID_FILE_MAX 64

/* What cannot be read says nothing. */
static bool has_left_pid_file(const struct pf_host *h, const char *name)
{
	const char *path = subject_entry(h, "service", name, "pid_file");
	auto_buffer struct buffer text = BUFFER_INIT(PID_FILE_MAX);
	struct error ignored;

	return path != NULL && file_read_path(path, &text, &ignored) == 0 &&
	       state_names_a_process(buffer_text(&text));
}

static int check_one(const struct pf_host *h, const char *name, size_t *well)
{
	const struct service_state service = {
		.name = name,
		.state = subject_entry(h, "service", name, "state"),
		.reason = subject_entry(h, "service", name, "reason"),
		.ends_children = subject_entry(h, "service", name, "ends_children"),
		.left_pid_file = has_left_pid_file(h, name),
	};
	struct judgement judgement;

	state_judge(&service, &judgement);
	if (judgement.verdict != 0) {
		return judgement_report(h, &judgement);
	}
	(*well)++;
	return 0;
}

static int conclude(const struct pf_host *h, size_t count, size_t well)
{
	(void)h->fact_i64(h, "services", (int64_t)count);
	(void)h->fact_i64(h, "well", (int64_t)well);
	if (well < count) {
		return 0;
	}
	return h->finding(h, PF_COMPATIBLE, "services.well",
			  count == 1 ? "the service runs and is well"
				     : "all services run and are well",
			  NULL);
}

static int check(const struct pf_host *h)
{
	auto_strings struct strings names = {0};
	size_t well = 0;
	int rc = subject_lines(h->subject(h, "services"), &names);

	if (rc == 0 && names.count == 0) {
		return h->finding(h, PF_SKIP, "services.none", "no service is configured", NULL);
	}
	for (size_t i = 0; i < names.count && rc == 0; i++) {
		rc = check_one(h, names.items[i], &well);
	}
	return rc < 0 ? rc : conclude(h, names.count, well);
}

PF_PLUGIN(.name = "services", .version = "1",
	  .summary = "are the configured services there, and well?", .check = check);
