/*
 * outcome.c - outcome.h: each sentence says that it was a copy, so that nobody looks for damage.
 */
#include "outcome.h"

#include <errno.h>
#include <stdio.h>

#include "support/amount.h"
#include "support/answer.h"

#define FAILS_ON_DATA 2 /* of a daemon's --migrate */
/* Some words and health.why. */
#define LEFT_OUT_MAX 280

#define REPORT                                                                                     \
	"stay with the installed release, and report this to whoever publishes the new one: its "  \
	"migration does not fit the data of this host"

void outcome_before(const struct rehearsed *rehearsed, struct judgement *ret)
{
	*ret = (struct judgement){0};
	if (rehearsed->before.damage[0] != '\0') {
		judgement_set(ret, PF_INCOMPATIBLE, "rehearsal.corrupt",
			      "repair the database or restore it from a backup before updating",
			      "database %.64s is damaged already, before the update: %s",
			      rehearsed->database, rehearsed->before.damage);
	}
}

void outcome_of_daemon(const char *database, const struct process_status *status,
		       const char *output, const char *errors, struct judgement *ret)
{
	char line[ANSWER_LINE_MAX];
	char end[PROCESS_STATUS_TEXT_MAX];

	*ret = (struct judgement){0};
	(void)answer_line(errors, output, line);
	if (process_succeeded(status)) {
		return;
	}
	if (!status->timed_out && status->signal == 0 && status->exit_code == FAILS_ON_DATA) {
		judgement_set(ret, PF_INCOMPATIBLE, "rehearsal.fails", REPORT,
			      "the new release cannot migrate a copy of database %.64s: %s",
			      database, line);
	} else if (status->timed_out) {
		judgement_set(ret, PF_ERROR, "rehearsal.timeout",
			      "raise timeout = in section [plugin rehearsal]: the update will "
			      "take that long, too",
			      "migrating a copy of database %.64s %s", database,
			      process_status_text(status, end));
	} else {
		judgement_set(ret, PF_ERROR, "rehearsal.command",
			      "see what it says; a daemon that cannot migrate the data exits with "
			      "2, everything else says nothing about them",
			      "migrating a copy of database %.64s: the new release %s and said: %s",
			      database, process_status_text(status, end), line);
	}
}

/* "grew by 1.0 MiB to 3.0 MiB" */
static const char *growth(const struct rehearsed *rehearsed, char text[2 * AMOUNT_TEXT_MAX + 32])
{
	uint64_t before = rehearsed->bytes_before;
	uint64_t after = rehearsed->bytes_after;
	char by[AMOUNT_TEXT_MAX];
	char to[AMOUNT_TEXT_MAX];

	(void)amount_bytes(after, to);
	if (after == before) {
		(void)snprintf(text, 2 * AMOUNT_TEXT_MAX + 32, "it keeps its size of %s", to);
	} else {
		(void)snprintf(text, 2 * AMOUNT_TEXT_MAX + 32, "it %s by %s to %s",
			       after > before ? "grows" : "shrinks",
			       amount_bytes(after > before ? after - before : before - after, by),
			       to);
	}
	return text;
}

/* "", or "; references of 2 tables are not checked: no such collation sequence: own" */
static const char *left_out(const struct health *after, char text[static LEFT_OUT_MAX])
{
	text[0] = '\0';
	if (after->unchecked > 0) {
		(void)snprintf(text, LEFT_OUT_MAX,
			       "; references of %llu table%s are not checked: %s",
			       (unsigned long long)after->unchecked,
			       after->unchecked == 1 ? "" : "s", after->why);
	}
	return text;
}

void outcome_after(const struct rehearsed *rehearsed, struct judgement *ret)
{
	const struct health *after = &rehearsed->after;
	char unasked[LEFT_OUT_MAX];
	char grown[2 * AMOUNT_TEXT_MAX + 32];
	char took[AMOUNT_TEXT_MAX];

	if (after->damage[0] != '\0') {
		judgement_set(ret, PF_INCOMPATIBLE, "rehearsal.damages", REPORT,
			      "the new release damages a copy of database %.64s: %s",
			      rehearsed->database, after->damage);
	} else if (after->broken > rehearsed->before.broken) {
		judgement_set(ret, PF_INCOMPATIBLE, "rehearsal.mismatch", REPORT,
			      "the new release leaves references that no row can keep in a copy of "
			      "database %.64s: %s",
			      rehearsed->database, after->mismatch);
	} else if (after->unchecked > rehearsed->before.unchecked) {
		judgement_set(ret, PF_ERROR, "rehearsal.unchecked",
			      "on_error = attention in section [plugin rehearsal] goes on without",
			      "after the new release's migration references in a copy of database "
			      "%.64s cannot be checked that could be before: %s",
			      rehearsed->database, after->why);
	} else if (after->dangling > rehearsed->before.dangling) {
		judgement_set(ret, PF_INCOMPATIBLE, "rehearsal.dangling", REPORT,
			      "the new release leaves %llu rows that refer to nothing in a copy "
			      "of database %.64s, before it were %llu: %s",
			      (unsigned long long)after->dangling, rehearsed->database,
			      (unsigned long long)rehearsed->before.dangling, after->reference);
	} else {
		judgement_set(ret, PF_COMPATIBLE, "rehearsal.works", NULL,
			      "the new release has migrated a copy of database %.64s in %s; %s%s",
			      rehearsed->database, amount_time(rehearsed->migrate_ms, took),
			      growth(rehearsed, grown), left_out(after, unasked));
	}
}

void outcome_failure(const char *database, int code, const char *reason, struct judgement *ret)
{
	const char *remedy = "see what the system says about it, and try again";

	if (code == -E2BIG) {
		remedy = "raise max_size = in section [plugin rehearsal], or switch it off there";
	} else if (code == -ENOSPC || code == -EFBIG) {
		remedy = "free space where plugins work (scratch.dir), or lower max_size = in "
			 "section [plugin rehearsal]";
	} else if (code == -ETIMEDOUT) {
		remedy = "raise timeout = in section [plugin rehearsal]";
	} else if (code == -EACCES) {
		remedy = "let the user that this check runs as read the database";
	}
	judgement_set(ret, PF_ERROR, "rehearsal.failed", remedy,
		      "database %.64s could not be rehearsed with: %s", database, reason);
}
