/*
 * snapshot_holder.c - snapshot_holder.h: one read transaction, begun, renewed, ended.
 *
 * It never checkpoints and never writes while others are there (the WAL-reset bug of SQLite before
 * 3.51.3 needs a second connection that does).
 */
#include "install/snapshot_holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/servant.h"
#include "install/dbfile.h"
#include "install/fingerprint.h"
#include "store/store.h"

#define BUSY_MS        200
#define PATIENT_MS     5000
#define RECOVERY_TRIES 10

struct holder {
	const struct holder_job *job;
	sqlite3 *db;
};

static int open_quietly(const char *path, int busy_ms, sqlite3 **ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = dbfile_open_live(path, &db, err);

	if (rc < 0) {
		return rc;
	}
	if (sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
	    sqlite3_wal_autocheckpoint(db, 0) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, busy_ms) != SQLITE_OK) {
		return error_set(err, -EIO, "cannot set up %s", path);
	}
	*ret = db;
	db = NULL;
	return 0;
}

/* Somebody who recovers the WAL is done in a moment; whoever else locks us out is not. */
static int begin_read(sqlite3 *db, struct error *err)
{
	int rc = SQLITE_BUSY_RECOVERY;

	for (int tries = 0; rc == SQLITE_BUSY_RECOVERY && tries < RECOVERY_TRIES; tries++) {
		rc = sqlite3_exec(db, "BEGIN; SELECT count(*) FROM sqlite_master", NULL, NULL,
				  NULL);
		if (rc != SQLITE_OK) {
			(void)store_error(err, db, rc, "reading the database");
			(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		}
	}
	if (rc != SQLITE_OK) {
		return err->code;
	}
	return sqlite3_txn_state(db, "main") == SQLITE_TXN_READ
		       ? 0
		       : error_set(err, -EIO, "SQLite began no read transaction");
}

static int is_wal(sqlite3 *db, bool *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, "PRAGMA journal_mode", &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW) {
		return store_error(err, db, step, "reading the journal mode");
	}
	const char *mode = (const char *)sqlite3_column_text(stmt, 0);

	*ret = mode != NULL && strcmp(mode, "wal") == 0;
	return 0;
}

/* In the transaction, so that what is told is what is held. */
static int describe(const struct holder *holder, struct buffer *output, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;
	bool wal = false;
	int rc = is_wal(holder->db, &wal, err);

	if (rc == 0) {
		rc = fingerprint_make(holder->db, holder->job->record, &digest, err);
	}
	if (rc == 0 && buffer_add_format(output, "%c%s", wal ? HOLDER_WAL : HOLDER_PLAIN,
					 digest_text(&digest, hex)) < 0) {
		rc = error_no_memory(err);
	}
	return rc;
}

static int hold(struct holder *holder, struct buffer *output, struct error *err)
{
	int rc = begin_read(holder->db, err);

	return rc == 0 ? describe(holder, output, err) : rc;
}

static int begin(struct holder *holder, int busy_ms, struct buffer *output, struct error *err)
{
	store_close(&holder->db);
	int rc = open_quietly(holder->job->place->live, busy_ms, &holder->db, err);

	return rc == 0 ? hold(holder, output, err) : rc;
}

static int let_go(struct holder *holder, struct error *err)
{
	return store_execute(holder->db, "COMMIT", "ending a read transaction", err);
}

static int renew(struct holder *holder, struct buffer *output, struct error *err)
{
	int moved = 0;

	if (sqlite3_file_control(holder->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
	    moved != 0) {
		return error_set(err, -ESTALE, "%s was replaced while it was held",
				 holder->job->place->live);
	}
	int rc = let_go(holder, err);

	return rc == 0 ? hold(holder, output, err) : rc;
}

static int heal(struct holder *holder, struct buffer *output, struct error *err)
{
	int rc = let_go(holder, err);

	if (rc < 0) {
		return rc;
	}
	(void)sqlite3_busy_timeout(holder->db, PATIENT_MS);
	rc = sqlite3_wal_checkpoint_v2(holder->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc != SQLITE_OK
		       ? store_error(err, holder->db, rc, "folding the WAL into the database")
		       : hold(holder, output, err);
}

static int leave(struct holder *holder, bool folds)
{
	if (holder->db != NULL) {
		(void)sqlite3_exec(holder->db, "COMMIT", NULL, NULL, NULL);
		(void)sqlite3_db_config(holder->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, folds ? 0 : 1,
					NULL);
	}
	store_close(&holder->db);
	return 0;
}

static int obey(struct holder *holder, int command, struct buffer *output, struct error *err)
{
	if (command == HOLDER_BEGIN || command == HOLDER_PATIENT) {
		return begin(holder, command == HOLDER_BEGIN ? BUSY_MS : PATIENT_MS, output, err);
	}
	if (holder->db == NULL) {
		return error_set(err, -EINVAL, "nothing is held");
	}
	switch (command) {
	case HOLDER_RENEW:
		return renew(holder, output, err);
	case HOLDER_HEAL:
		return heal(holder, output, err);
	case HOLDER_LEAVE:
		return leave(holder, false);
	case HOLDER_RELEASE:
		return leave(holder, true);
	default:
		return error_set(err, -EINVAL, "a holder does not know %d", command);
	}
}

/* Nobody else bounds it: it outlives its keeper. The updater, which it was forked from, ignores
 * SIGALRM. */
static void bound_life(void)
{
	sigset_t alarms;

	(void)signal(SIGALRM, SIG_DFL);
	(void)sigemptyset(&alarms);
	(void)sigaddset(&alarms, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	(void)alarm((LIMIT_HOLD_MS + 2 * LIMIT_DATABASE_MS) / 1000);
}

void snapshot_holder_serve(int line, void *data)
{
	struct holder holder = {.job = data};

	bound_life();
	for (int command; (command = servant_next(line)) >= 0;) {
		struct buffer output = BUFFER_INIT(SERVANT_OUTPUT_MAX);
		struct error err = {0};
		int rc = obey(&holder, command, &output, &err);

		servant_answer(line, rc, &output, &err);
		buffer_finish(&output);
	}
	(void)leave(&holder, true);
}

void snapshot_checker_serve(int line, void *data)
{
	const struct holder_job *job = data;
	auto_store sqlite3 *db = NULL;
	struct error err = {0};
	int rc = open_quietly(job->place->live, PATIENT_MS, &db, &err);

	if (rc == 0) {
		rc = dbfile_check(db, &err);
	}
	store_close(&db);
	servant_answer(line, rc, NULL, &err);
}
