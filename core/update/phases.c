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
#include "update/mirrors.h"

/*
 * The databases are copied after the stop, when nobody writes to them any more; that is why stop
 * comes before snapshot, and why its undo, which starts the old release again, comes last.
 */
const struct phase phase_rows[] = {
	{"discover", update_discover, NULL, false, true},
	{"verify", update_verify, NULL, false, true},
	{"download", update_download, NULL, false, true},
	{"unpack", update_unpack, NULL, false, false},
	{"preflight", update_preflight, NULL, false, false},
	{"baseline", update_baseline, NULL, false, false},
	{"stop", update_stop, update_start_old, true, false},
	{"snapshot", update_snapshot, update_restore_databases, true, false},
	{"swap", update_swap, update_swap_back, true, false},
	{"start", update_start, update_stop_new, true, false},
	{"health", update_health, NULL, true, false},
	{NULL, NULL, NULL, false, false},
};

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

static int refuse_interrupted(const char *next, struct error *err)
{
	return phases_are_interrupted() ? error_set(err, -EINTR, "interrupted before %s", next) : 0;
}

static int run_phase(struct update *update, const struct phase *phase, struct error *err)
{
	uint64_t started = clock_monotonic_ms();
	int rc = refuse_interrupted(phase->name, err);

	if (rc < 0) {
		return rc;
	}
	report_phase_begin(&update->report, phase->name);
	rc = note(update, phase->name, "intent", NULL, err);

	if (rc == 0) {
		update->changed = update->changed || phase->changes_host;
		rc = phase->run(update, err);
	}
	if (rc == 0) {
		rc = note(update, phase->name, "done", NULL, err);
	}
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

static void walk_back(struct update *update, const struct phase *failed)
{
	report_rollback(&update->report, update->failure.text);
	for (const struct phase *phase = failed;; phase--) {
		if (phase->undo != NULL) {
			undo_phase(update, phase);
		}
		if (phase == phase_rows) {
			break;
		}
	}
	update->result = update->incomplete ? RESULT_ROLLBACK_INCOMPLETE : RESULT_ROLLED_BACK;
}

/* Why a phase that changed nothing failed decides what the run exits with; judge.c says more than
 * "error" itself. */
static void fail(struct update *update, const struct phase *phase, const struct error *err)
{
	struct error ignored;

	update->failed_phase = phase->name;
	if (update->result != RESULT_REFUSED && update->result != RESULT_BUSY) {
		update->result = RESULT_ERROR;
	}
	update->failure = *err;
	(void)!note(update, phase->name, "failed", err->text, &ignored);
	if (update->changed) {
		walk_back(update, phase);
	}
}

/* What only a committed release no longer needs. Failing to clean up is told, nothing more. */
static void clean_up(struct update *update)
{
	struct error err;

	for (size_t i = 0; i < update->swap_count; i++) {
		if (swap_commit(&update->swaps[i], &err) < 0) {
			report_problem(&update->report, err.text);
		}
	}
	for (size_t i = 0; i < update->host->database_count; i++) {
		if (snapshot_prune(&update->host->databases[i], update->config->keep_snapshots,
				   &err) < 0) {
			report_problem(&update->report, err.text);
		}
	}
}

static int commit(struct update *update, struct error *err)
{
	int rc = refuse_interrupted("commit", err);

	if (rc < 0) {
		return rc;
	}
	rc = journal_commit(update->journal, update->run, update->release.version.text,
			    update->host->artifacts, update->host->artifact_count, err);
	if (rc < 0) {
		return error_prefix(err, "cannot record the new release as installed");
	}
	update->result = RESULT_UPDATED;
	clean_up(update);
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

void phases_walk(struct update *update, const char *until)
{
	struct error err = {0};
	const struct phase *phase = phase_rows;

	while (phase->name != NULL) {
		if (until != NULL && strcmp(phase->name, until) == 0) {
			return;
		}
		if (run_phase(update, phase, &err) == 0) {
			phase++;
		} else if (begin_again(update, phase, &err)) {
			phase = phase_rows;
		} else {
			fail(update, phase, &err);
			return;
		}
		if (update->result == RESULT_UP_TO_DATE) {
			return;
		}
	}
	if (commit(update, &err) < 0) {
		fail(update, phase - 1, &err);
	}
}
