/*
 * unfinished.c - runs that were killed: those that got as far as the host stand in the way of the
 * next, since what is there may be half of two releases, and its version a lie.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "update/phases.h"
#include "update/update.h"

static bool changes_host(const char *phase)
{
	for (const struct phase *row = phase_rows; row->name != NULL; row++) {
		if (strcmp(row->name, phase) == 0) {
			return row->changes_host;
		}
	}
	/* Of another version of this program. */
	return true;
}

/* The phase a run got to, when it is one that changes the host, else "". */
struct reach {
	char phase[32];
};

static int follow(void *data, const struct journal_event *event, struct error *err)
{
	struct reach *reach = data;

	(void)err;
	if (changes_host(event->phase)) {
		(void)snprintf(reach->phase, sizeof(reach->phase), "%s", event->phase);
	}
	return 0;
}

/* Closes the book on a run that needs no more of anybody. */
static int conclude(struct update *update, const struct journal_entry *entry, const char *result,
		    const char *detail, struct error *err)
{
	return update->records ? journal_end(update->journal, entry->id, result, detail, err) : 0;
}

static int judge(struct update *update, const struct journal_entry *entry, struct error *err)
{
	struct reach reach = {0};

	if (entry->committed_at[0] != '\0') {
		return conclude(update, entry, result_word(RESULT_UPDATED), NULL, err);
	}
	int rc = journal_events(update->journal, entry->id, follow, &reach, err);

	if (rc < 0) {
		return rc;
	}
	if (reach.phase[0] == '\0') {
		return conclude(update, entry, result_word(RESULT_ERROR),
				"killed before anything was changed", err);
	}
	if (strings_contain(&update->options->waived, "unfinished")) {
		return conclude(update, entry, result_word(RESULT_ERROR),
				"killed half-way; waived by a later run", err);
	}
	/* Without the lock nobody knows whether it still runs. */
	if (update->lock.fd < 0) {
		return error_set(err, -EBUSY, "run %s is in the phase %s, or was killed there",
				 entry->id, reach.phase);
	}
	return error_set(err, -EUCLEAN,
			 "run %s, from %s to %s, did not end: it was killed in the phase %s, and "
			 "what is installed may be half of each. Look whether files (the old ones "
			 "are beside them as *.previous), databases (the old ones are below "
			 ".banger-update beside them) and services are of one release, then pass "
			 "--waive unfinished",
			 entry->id, entry->from[0] != '\0' ? entry->from : "nothing", entry->to,
			 reach.phase);
}

int update_check_unfinished(struct update *update, struct error *err)
{
	auto_journal_entries struct journal_entries entries = {0};

	if (update->journal == NULL) {
		return 0;
	}
	int rc = journal_unfinished(update->journal, &entries, err);

	for (size_t i = 0; i < entries.count && rc == 0; i++) {
		rc = judge(update, &entries.items[i], err);
	}
	return rc;
}
