/*
 * phases.c - phases.h: the table and its walks.
 *
 * Invariant: until the commit record is durable every failure walks back; undo functions look at
 * what is really there, so that it does not matter how far the phase got.
 */
#include "update/phases.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "update/messages.h"
#include "update/mirrors.h"

/*
 * Databases are copied while the daemon runs and completed after its stop; files change after that.
 * Until the stop nothing of the host has changed: a copy that was begun is simply let go.
 * Backwards: the other release is stopped, files and databases go back, and what the undo of stop
 * does, starting what ran before, is the last step with an effect on the daemon.
 */
const struct phase phase_rows[] = {
	{"discover", WAY_UPDATE, update_discover, NULL, false, true},
	{"verify", WAY_UPDATE, update_verify, NULL, false, true},
	{"download", WAY_UPDATE, update_download, NULL, false, true},
	{"unpack", WAY_UPDATE, update_unpack, NULL, false, false},
	{"previous", WAY_ROLLBACK, rollback_find, NULL, false, false},
	{"bring", WAY_ROLLBACK, rollback_bring, NULL, false, false},
	{"preflight", WAY_BOTH, update_preflight, NULL, false, false},
	{"baseline", WAY_BOTH, update_baseline, NULL, false, false},
	{"confirm", WAY_ROLLBACK, rollback_confirm, NULL, false, false},
	{"snapshot", WAY_BOTH, update_snapshot, update_discard_snapshots, false, false},
	{"stop", WAY_BOTH, update_stop, update_start_old, true, false},
	{"complete", WAY_BOTH, update_complete, update_restore_databases, true, false},
	{"restore", WAY_ROLLBACK, rollback_restore, NULL, true, false},
	{"swap", WAY_BOTH, update_swap, update_swap_back, true, false},
	{"start", WAY_BOTH, update_start, update_stop_new, true, false},
	{"health", WAY_BOTH, update_health, NULL, true, false},
	{NULL, WAY_BOTH, NULL, NULL, false, false},
};

const struct phase *phase_find(const char *name)
{
	for (const struct phase *row = phase_rows; row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0) {
			return row;
		}
	}
	return NULL;
}

sigset_t phases_interrupts(void)
{
	sigset_t interrupts;

	(void)sigemptyset(&interrupts);
	(void)sigaddset(&interrupts, SIGINT);
	(void)sigaddset(&interrupts, SIGTERM);
	(void)sigaddset(&interrupts, SIGQUIT);
	return interrupts;
}

/* Interrupts are blocked for the whole run and asked for between phases: an update is never left
 * in the middle of one. */
bool phases_are_interrupted(void)
{
	sigset_t interrupts = phases_interrupts();
	sigset_t pending;

	return sigpending(&pending) == 0 && sigandset(&pending, &pending, &interrupts) == 0 &&
	       sigisemptyset(&pending) == 0;
}

static int note(struct update *update, const char *phase, const char *state, const char *detail,
		struct error *err)
{
	if (!update->journaled) {
		return 0;
	}
	return journal_note(update->journal, update->run, phase, state, detail, err);
}

/* The intent is durable before the act. With it goes the outcome of the phase before: nothing was
 * done in between. */
static int note_intent(struct update *update, const char *phase, struct error *err)
{
	const struct journal_line lines[] = {
		{update->done, "done", NULL},
		{phase, "intent", NULL},
	};
	size_t first = update->done == NULL ? 1 : 0;

	if (!update->journaled) {
		return 0;
	}
	int rc = journal_notes(update->journal, update->run, lines + first, 2 - first, err);

	update->done = rc == 0 ? NULL : update->done;
	return rc;
}

static int refuse_interrupted(const char *next, struct error *err)
{
	return phases_are_interrupted() ? error_set(err, -EINTR, "interrupted before %s", next) : 0;
}

/* The host is changed from here on. */
static void begin(struct update *update, const struct phase *phase)
{
	if (!update->begun && update->journaled) {
		message_send(&(const struct message){
			.kind = MESSAGE_BEGUN,
			.text = "An update begins to change this host",
			.product = update->product,
			.run = update->run,
			.from = update->installed,
			.to = update->release.version.text,
			.phase = phase->name,
			.verdict = verdict_word(update->preflight.verdict),
		});
	}
	update->begun = true;
}

static int run_phase(struct update *update, const struct phase *phase, struct error *err)
{
	uint64_t started = clock_monotonic_ms();
	int rc = refuse_interrupted(phase->name, err);

	if (rc < 0) {
		return rc;
	}
	report_phase_begin(&update->report, phase->name);
	rc = note_intent(update, phase->name, err);
	if (rc == 0) {
		if (phase->changes_host) {
			begin(update, phase);
		}
		update->changed = update->changed || update->begun;
		rc = phase->run(update, err);
	}
	update->done = rc == 0 ? phase->name : update->done;
	report_phase_end(&update->report, phase->name, rc == 0 ? "ok" : "failed",
			 clock_monotonic_ms() - started);
	return rc;
}

static void undo_phase(struct update *update, const struct phase *phase)
{
	struct error err = {0};
	uint64_t started = clock_monotonic_ms();

	report_phase_begin(&update->report, phase->name);
	int rc = phase->undo(update, &err);

	/* The journal is a witness here: that it cannot be written must not stop the way back. */
	(void)!note(update, phase->name, rc == 0 ? "undone" : "undo-failed",
		    rc == 0 ? NULL : err.text, &err);
	report_phase_end(&update->report, phase->name, rc == 0 ? "undone" : "undo-failed",
			 clock_monotonic_ms() - started);
}

void phases_walk_back(struct update *update, const struct phase *reached)
{
	for (const struct phase *phase = reached;; phase--) {
		if (phase->undo != NULL) {
			undo_phase(update, phase);
		}
		if (phase == phase_rows) {
			break;
		}
	}
	update->result = update->incomplete ? RESULT_ROLLBACK_INCOMPLETE : RESULT_ROLLED_BACK;
}

/* Whether it says something about the release that this phase failed: not before anything of it was
 * started, not where it was no better before the update and nobody knows what fails, and not since
 * somebody interrupted or the host goes down. */
static bool is_to_blame(const struct update *update, const struct phase *failed)
{
	bool is_start = failed != NULL && failed->run == update_start;
	bool is_health = failed != NULL && failed->run == update_health;
	bool says = (is_start && update->tried) ||
		    (is_health && (update->failed_unit != NULL || update_is_comparable(update)));

	return says && !phases_are_interrupted() && update->failure.code != -EINTR &&
	       update->failure.code != -ESHUTDOWN;
}

/* A release that did not come up is not tried again by itself. */
static void condemn(struct update *update)
{
	struct error err = {0};

	if (update->journaled && !update->left_open &&
	    journal_condemn(update->journal, update->release.version.text, update->run,
			    update->failure.text, &err) < 0) {
		report_problem(&update->report, err.text);
	}
}

/* Why a phase that changed nothing failed decides what the run exits with; judge.c says more than
 * "error" itself. failed: NULL for the commit, which comes after the last phase. */
static void fail(struct update *update, const struct phase *reached, const struct phase *failed,
		 const struct error *err)
{
	struct error ignored;

	update->failed_phase = failed != NULL ? failed->name : "commit";
	if (update->result != RESULT_REFUSED && update->result != RESULT_BUSY &&
	    update->result != RESULT_USAGE) {
		update->result = RESULT_ERROR;
	}
	update->failure = *err;
	(void)!note(update, update->failed_phase, "failed", err->text, &ignored);
	if (update->begun) {
		bool is_bad = is_to_blame(update, failed);

		report_rollback(&update->report, update->failure.text);
		phases_walk_back(update, reached);
		if (is_bad) {
			condemn(update);
		}
	}
}

void phases_clean_up(struct update *update)
{
	const struct host *host = update->plan.host;
	struct error err;

	for (size_t i = 0; i < host->artifact_count; i++) {
		if (update->plan.swaps[i].artifact != NULL &&
		    swap_commit(&update->plan.swaps[i], &err) < 0) {
			report_problem(&update->report, err.text);
		}
	}
	update_keep_snapshots(update);
}

/* The files that this version has. */
static size_t list_installed(const struct update *update, struct artifact *list)
{
	size_t count = 0;

	for (size_t i = 0; i < update->plan.host->artifact_count; i++) {
		if (!update->plan.swaps[i].removes) {
			list[count++] = update->plan.host->artifacts[i];
		}
	}
	return count;
}

static int record_commit(struct update *update, struct error *err)
{
	auto_free struct artifact *list =
		calloc(update->plan.host->artifact_count + 1, sizeof(*list));

	if (list == NULL) {
		return error_no_memory(err);
	}
	return journal_commit(update->journal, update->run, update->release.version.text, list,
			      list_installed(update, list), err);
}

static int commit(struct update *update, struct error *err)
{
	int rc = refuse_interrupted("commit", err);

	rc = rc < 0 ? rc : note_intent(update, "commit", err);
	rc = rc < 0 ? rc : record_commit(update, err);
	if (rc < 0) {
		return error_prefix(err, "cannot record the other release as installed");
	}
	update->result = RESULT_UPDATED;
	phases_clean_up(update);
	return 0;
}

/* The phase failed: may the walk begin again with another mirror? */
static bool begin_again(struct update *update, const struct phase *phase, struct error *err)
{
	struct error ignored;
	struct error why = *err;

	if (!phase->fetches || !mirrors_next(update, err)) {
		return false;
	}
	(void)!note(update, phase->name, "failed", why.text, &ignored);
	return true;
}

/* The first row at or behind this one that belongs to the way. */
static const struct phase *next_of(enum way way, const struct phase *phase)
{
	while (phase->name != NULL && (phase->way & way) == 0) {
		phase++;
	}
	return phase;
}

void phases_walk(struct update *update, enum way way, const char *until)
{
	struct error err = {0};
	const struct phase *last = phase_rows;
	const struct phase *phase = next_of(way, phase_rows);

	while (phase->name != NULL) {
		if (until != NULL && strcmp(phase->name, until) == 0) {
			return;
		}
		if (run_phase(update, phase, &err) == 0) {
			last = phase;
			phase = next_of(way, phase + 1);
		} else if (begin_again(update, phase, &err)) {
			phase = next_of(way, phase_rows);
		} else {
			fail(update, phase, phase, &err);
			return;
		}
		if (update->result == RESULT_UP_TO_DATE) {
			return;
		}
	}
	if (commit(update, &err) < 0) {
		fail(update, last, NULL, &err);
	}
}
