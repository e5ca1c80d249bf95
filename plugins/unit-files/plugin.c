/*
 * plugin.c - unit-files: does systemd take the unit files that are about to be installed?
 */
#include <banger/preflight.h>
#include <errno.h>
#include <stdbool.h>

#include "base/text.h"
#include "opinion.h"
#include "support/subject.h"

/* 1: it is a unit file. */
static int check_artifact(const struct pf_host *h, const char *name, bool *ret_accepted)
{
	const char *word = subject_entry(h, "artifact", name, "unit");
	struct judgement judgement;

	if (word == NULL) {
		return 0;
	}
	opinion_judge(name, word, subject_entry(h, "artifact", name, "unit_reason"), &judgement);
	if (judgement.verdict == 0) {
		return 1;
	}
	*ret_accepted = false;
	int rc = judgement_report(h, &judgement);

	return rc < 0 ? rc : 1;
}

static int check(const struct pf_host *h)
{
	auto_strings struct strings names = {0};
	bool all_accepted = true;
	int64_t units = 0;
	int rc = subject_lines(h->subject(h, "artifacts"), &names);

	for (size_t i = 0; i < names.count && rc >= 0; i++) {
		rc = check_artifact(h, names.items[i], &all_accepted);
		units += rc > 0 ? 1 : 0;
	}
	if (rc < 0) {
		return rc;
	}
	if (units == 0) {
		return h->finding(h, PF_SKIP, "unit.none", "no unit file is to be installed", NULL);
	}
	(void)h->fact_i64(h, "units", units);
	return !all_accepted ? 0
			     : h->finding(h, PF_COMPATIBLE, "unit.accepted",
					  units == 1 ? "systemd takes the new unit file"
						     : "systemd takes the new unit files",
					  NULL);
}

PF_PLUGIN(.name = "unit-files", .version = "1",
	  .summary = "does systemd take the unit files that are to be installed?", .check = check);
