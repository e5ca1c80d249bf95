/*
 * snapshot_keeper_copy.c - snapshot_keeper.h: copied before the stop, completed after it.
 *
 * Whatever happens to the hold, the copy of the database goes on: without it, it is compared and
 * patched after the stop, which still is some seven times as fast as copying.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/limits.h"
#include "install/snapshot_copier.h"
#include "install/snapshot_keeper.h"

/* The index is in between two states for an instant only, unless its writer waits for a turn. */
#define UNCLEAR_TRIES 50

#define KEEP_UP_BYTES (8u * MIB)

static const char broken[] = "its WAL holds less than its daemon sees";

static int start_copier(struct keeper *keeper, struct error *err)
{
	return keeper->copier.pid > 0
		       ? 0
		       : servant_start(NULL, SERVANT_ENDS_WITH_US, snapshot_copier_serve,
				       &keeper->place, &keeper->copier, err);
}

static int start_checker(struct keeper *keeper, struct error *err)
{
	return keeper->checked || keeper->checker.pid > 0
		       ? 0
		       : servant_start(NULL, SERVANT_ENDS_WITH_US, snapshot_checker_serve,
				       &keeper->job, &keeper->checker, err);
}

static int ask_copier(struct keeper *keeper, char command, struct buffer *output, struct error *err)
{
	int rc = start_copier(keeper, err);

	if (rc == 0) {
		rc = keeper_attend(keeper, &keeper->copier, command, output, err);
	}
	if (rc == -ECHILD) {
		servant_end(&keeper->copier, 0);
	}
	return rc;
}

static int tell_copier(struct keeper *keeper, char command, struct error *err)
{
	auto_buffer struct buffer nothing = BUFFER_INIT(SERVANT_OUTPUT_MAX);

	return ask_copier(keeper, command, &nothing, err);
}

/* Why the live way ends with that answer, or NULL when it is a failure. */
static const char *reason_of(int rc)
{
	switch (rc) {
	case COPIER_BROKEN:
		return broken;
	case COPIER_UNCLEAR:
		return "its WAL's index is not in order";
	case COPIER_REPLACED:
		return "it was replaced while it was copied";
	case -ECHILD:
		return "the process that copied it died";
	default:
		return NULL;
	}
}

static int soften(struct keeper *keeper, int rc)
{
	const char *why = reason_of(rc);

	if (why == NULL) {
		return rc;
	}
	if (keeper->live) {
		keeper_let_go(keeper, why, false);
	}
	return 0;
}

static int copy_round(struct keeper *keeper, struct error *err)
{
	struct stat st;
	int rc = COPIER_UNCLEAR;

	keeper->wal_copied = lstat(keeper->place.wal, &st) == 0 ? (uint64_t)st.st_size : 0;
	for (int i = 0; rc == COPIER_UNCLEAR && keeper->live && i < UNCLEAR_TRIES; i++) {
		if (i > 0) {
			(void)poll(NULL, 0, SNAPSHOT_WATCH_MS);
		}
		rc = tell_copier(keeper, COPIER_ROUND, err);
	}
	return soften(keeper, rc);
}

int keeper_keep_up(struct keeper *keeper, struct error *err)
{
	struct stat st;

	if (lstat(keeper->place.wal, &st) < 0 ||
	    (uint64_t)st.st_size < keeper->wal_copied + KEEP_UP_BYTES) {
		return 0;
	}
	return copy_round(keeper, err);
}

/* keeper->checked tells whether it has been done. */
static int await_checker(struct keeper *keeper, struct error *err)
{
	auto_buffer struct buffer nothing = BUFFER_INIT(SERVANT_OUTPUT_MAX);

	if (keeper->checker.pid == 0) {
		return 0;
	}
	/* It works unasked. */
	int rc = keeper_attend(keeper, &keeper->checker, '.', &nothing, err);

	servant_end(&keeper->checker, 0);
	keeper->checked = rc == 0;
	return rc;
}

static int copy_once(struct keeper *keeper, char command, struct error *err)
{
	int rc = keeper->live ? start_checker(keeper, err) : 0;

	if (rc == 0) {
		rc = soften(keeper, tell_copier(keeper, command, err));
	}
	for (int i = 0; rc == 0 && keeper->live && i < 2; i++) {
		rc = copy_round(keeper, err);
	}
	if (rc == 0 && keeper->live) {
		rc = await_checker(keeper, err);
		/* Not checked: then it is after the stop. */
		rc = rc == -EUCLEAN || rc == -ENOMEM ? rc : 0;
	}
	return rc == 0 && keeper->live ? copy_round(keeper, err) : rc;
}

int keeper_copy(struct keeper *keeper, struct error *err)
{
	int rc = copy_once(keeper, COPIER_COPY, err);

	if (rc < 0 || keeper->live || !keeper->retries) {
		return rc;
	}
	/* Once more, and shorter: only what has changed since is written. */
	rc = keeper_hold(keeper, err);
	return rc == 0 && keeper->live ? copy_once(keeper, COPIER_PATCH, err) : rc;
}

/* The rest of the WAL. An index that was left in the middle of a change is repaired by whoever
 * reads through it next. */
static int finish_wal(struct keeper *keeper, struct error *err)
{
	auto_buffer struct buffer answer = BUFFER_INIT(SERVANT_OUTPUT_MAX);
	char fingerprint[DIGEST_HEX_SIZE];
	int rc = ask_copier(keeper, COPIER_WAL, &answer, err);

	if (rc == COPIER_UNCLEAR && keeper->holder.pid > 0) {
		rc = keeper_ask_holder(keeper, HOLDER_RENEW, &keeper->mode, fingerprint, err);
		if (rc == 0) {
			rc = ask_copier(keeper, COPIER_WAL, &answer, err);
		}
	}
	keeper->wal_empty = rc == 0 && strcmp(buffer_text(&answer), COPIER_EMPTY) == 0;
	return rc;
}

/* The holder's view of the WAL is the only one that is right: it folds it into the database. */
static int heal(struct keeper *keeper, struct error *err)
{
	char fingerprint[DIGEST_HEX_SIZE];

	keeper->live = false;
	keeper->why = broken;
	return keeper_ask_holder(keeper, HOLDER_HEAL, &keeper->mode, fingerprint, err);
}

/* Done before the stop, all but always: a checker may have been killed, or had no memory. */
static int check(struct keeper *keeper, struct error *err)
{
	int rc = start_checker(keeper, err);

	return rc == 0 ? await_checker(keeper, err) : rc;
}

/* The fast way. 0 with keeper->live false: it has to be compared. */
static int finish_live(struct keeper *keeper, char fingerprint[DIGEST_HEX_SIZE], struct error *err)
{
	int rc = finish_wal(keeper, err);

	if (rc == COPIER_BROKEN && keeper->live) {
		return heal(keeper, err);
	}
	rc = soften(keeper, rc);
	if (rc == 0 && keeper->live) {
		rc = keeper_confirm(keeper, err);
	}
	if (rc < 0 || !keeper->live) {
		return rc;
	}
	rc = keeper_ask_holder(keeper, HOLDER_RENEW, &keeper->mode, fingerprint, err);
	if (rc == -ESTALE || rc == -ECHILD) {
		keeper_let_go(keeper, "the hold on it was lost", false);
		return 0;
	}
	return rc == 0 ? check(keeper, err) : rc;
}

static int patch(struct keeper *keeper, struct error *err)
{
	int rc = tell_copier(keeper, COPIER_PATCH, err);

	if (rc < 0) {
		return rc;
	}
	return keeper->mode == HOLDER_WAL ? finish_wal(keeper, err)
					  : tell_copier(keeper, COPIER_PLAIN, err);
}

/* Under a hold of after the stop, which is as good as the one before. */
static int finish_compared(struct keeper *keeper, char fingerprint[DIGEST_HEX_SIZE],
			   struct error *err)
{
	int rc = 0;

	if (keeper->holder.pid == 0) {
		rc = keeper_ask_holder(keeper, HOLDER_PATIENT, &keeper->mode, fingerprint, err);
		if (rc == -EBUSY) {
			return error_prefix(err, "somebody still uses it after the stop");
		}
	}
	if (rc == 0) {
		rc = start_checker(keeper, err);
	}
	if (rc == 0) {
		rc = patch(keeper, err);
	}
	if (rc == COPIER_BROKEN && keeper->holder.pid > 0) {
		rc = heal(keeper, err);
		rc = rc == 0 ? patch(keeper, err) : rc;
	}
	if (rc == 0) {
		rc = await_checker(keeper, err);
	}
	return rc == 0 ? keeper_ask_holder(keeper, HOLDER_RENEW, &keeper->mode, fingerprint, err)
		       : rc;
}

int keeper_finish(struct keeper *keeper, char ret_fingerprint[DIGEST_HEX_SIZE], struct error *err)
{
	int rc = keeper->live ? finish_live(keeper, ret_fingerprint, err) : 0;

	return rc == 0 && !keeper->live ? finish_compared(keeper, ret_fingerprint, err) : rc;
}
