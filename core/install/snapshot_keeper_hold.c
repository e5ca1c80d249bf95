/*
 * snapshot_keeper_hold.c - snapshot_keeper.h: begun where it can be, watched, and let go.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/locks.h"
#include "install/snapshot_keeper.h"
#include "install/wal.h"

#define LET_GO_MS 2000

static int await(struct keeper *keeper, const struct servant *servant, struct buffer *output,
		 struct error *err)
{
	while (!servant_is_ready(servant, SNAPSHOT_WATCH_MS)) {
		keeper_look(keeper);
		if (servant->pid == 0) {
			return error_set(err, -ECANCELED, "it was ended");
		}
		if (clock_left(keeper->deadline) == 0) {
			break;
		}
	}
	return servant_hear(servant, (uint64_t)clock_left(keeper->deadline), output, err);
}

int keeper_attend(struct keeper *keeper, const struct servant *servant, char command,
		  struct buffer *output, struct error *err)
{
	int rc = servant_tell(servant, command, err);

	return rc == 0 ? await(keeper, servant, output, err) : rc;
}

int keeper_ask_holder(struct keeper *keeper, char command, char *ret_mode,
		      char ret_fingerprint[DIGEST_HEX_SIZE], struct error *err)
{
	auto_buffer struct buffer answer = BUFFER_INIT(1 + DIGEST_HEX_SIZE);
	int rc = 0;

	if (keeper->holder.pid == 0) {
		keeper->job = (struct holder_job){&keeper->place, keeper->database->record};
		rc = servant_start(NULL, SERVANT_SEES_US_END, snapshot_holder_serve, &keeper->job,
				   &keeper->holder, err);
	}
	if (rc == 0) {
		rc = servant_tell(&keeper->holder, command, err);
	}
	if (rc == 0) {
		rc = servant_hear(&keeper->holder, (uint64_t)clock_left(keeper->deadline), &answer,
				  err);
	}
	if (rc == 0 && answer.length != DIGEST_HEX_SIZE) {
		rc = error_set(err, -ECHILD, "a child's answer is garbled");
	}
	if (rc == 0) {
		*ret_mode = answer.data[0];
		memcpy(ret_fingerprint, answer.data + 1, DIGEST_HEX_SIZE);
	}
	return rc;
}

static void end_holder(struct keeper *keeper, char command)
{
	auto_buffer struct buffer nothing = BUFFER_INIT(1);
	struct error ignored;

	if (keeper->holder.pid > 0 && servant_tell(&keeper->holder, command, &ignored) == 0) {
		(void)!servant_hear(&keeper->holder, LET_GO_MS, &nothing, &ignored);
	}
	servant_end(&keeper->holder, 0);
}

void keeper_let_go(struct keeper *keeper, const char *why, bool retries)
{
	keeper->live = false;
	keeper->why = why;
	keeper->retries = retries;
	servant_end(&keeper->checker, 0);
	end_holder(keeper, HOLDER_RELEASE);
	snapshot_watch_close(&keeper->watch);
}

/* With nothing in the WAL, its files go with the last one out, as they would without us. */
void keeper_leave(struct keeper *keeper)
{
	end_holder(keeper, keeper->wal_empty ? HOLDER_RELEASE : HOLDER_LEAVE);
	snapshot_watch_close(&keeper->watch);
}

void keeper_look(struct keeper *keeper)
{
	if (!keeper->live) {
		return;
	}
	if (servant_is_ready(&keeper->holder, 0)) {
		keeper_let_go(keeper, "the process that held it died", false);
		return;
	}
	const char *why = snapshot_watch_look(&keeper->watch, clock_monotonic_ms());

	if (why != NULL) {
		keeper_let_go(keeper, why, true);
	}
}

/* The lock that says which part of the WAL the holder reads. Without it nothing is held. */
static int find_mark(struct keeper *keeper, struct error *err)
{
	auto_locks struct file_locks locks = {0};
	struct stat st;

	if (lstat(keeper->place.shm, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", keeper->place.shm,
				 strerror(errno));
	}
	int rc = file_locks_read(st.st_ino, &locks, err);
	const struct file_lock *mark =
		rc < 0 ? NULL
		       : file_locks_find(&locks, keeper->holder.pid, WAL_LOCK_READ_FIRST,
					 WAL_LOCK_READ_LAST);

	keeper->read_mark = mark != NULL ? mark->first : 0;
	return rc;
}

int keeper_confirm(struct keeper *keeper, struct error *err)
{
	auto_locks struct file_locks locks = {0};
	struct stat st;
	int rc = lstat(keeper->place.shm, &st) < 0 ? -ENOENT
						   : file_locks_read(st.st_ino, &locks, err);

	if (rc == -ENOMEM) {
		return rc;
	}
	if (rc < 0 || file_locks_find(&locks, keeper->holder.pid, keeper->read_mark,
				      keeper->read_mark) == NULL) {
		keeper_let_go(keeper, "the hold on it was lost", false);
		return 0;
	}
	for (size_t i = 0; i < locks.count; i++) {
		const struct file_lock *lock = &locks.items[i];

		if (lock->pid != keeper->holder.pid && lock->first <= WAL_LOCK_IN_USE &&
		    lock->last >= WAL_LOCK_IN_USE) {
			keeper_let_go(keeper, "somebody else has it open after the stop", false);
			return 0;
		}
	}
	return 0;
}

/* By the file alone: opening the database of a daemon that takes no locks could harm it. */
static int read_format(const struct keeper *keeper, bool *ret_wal, struct error *err)
{
	static const char magic[] = "SQLite format 3";
	char header[100] = "";
	auto_close int fd = file_open(keeper->place.live, err);

	if (fd < 0) {
		return fd;
	}
	ssize_t length = pread(fd, header, sizeof(header), 0);

	if (length < 0) {
		return error_set(err, -errno, "cannot read %s: %s", keeper->place.live,
				 strerror(errno));
	}
	if (length > 0 && memcmp(header, magic, sizeof(magic)) != 0) {
		return error_set(err, -EUCLEAN, "%s is damaged: it does not begin like a database",
				 keeper->place.live);
	}
	*ret_wal = header[18] == 2 && header[19] == 2;
	return 0;
}

static int hold_wal(struct keeper *keeper, struct error *err)
{
	char fingerprint[DIGEST_HEX_SIZE];
	int rc = keeper_ask_holder(keeper, HOLDER_BEGIN, &keeper->mode, fingerprint, err);

	if (rc == -EUCLEAN || rc == -ENOMEM) {
		return rc;
	}
	if (rc < 0) {
		keeper_let_go(keeper,
			      rc == -EBUSY ? "its daemon lets nobody else in"
					   : "nobody else can read it while its daemon runs",
			      false);
		return 0;
	}
	if (keeper->fingerprint[0] == '\0') {
		memcpy(keeper->fingerprint, fingerprint, sizeof(fingerprint));
	}
	if (keeper->mode != HOLDER_WAL) {
		keeper_let_go(keeper, "it keeps no WAL", false);
		return 0;
	}
	rc = find_mark(keeper, err);
	if (rc == 0 && keeper->read_mark == 0) {
		keeper_let_go(keeper, "its locks cannot be seen here", false);
		return 0;
	}
	if (rc == 0) {
		rc = snapshot_watch_open(&keeper->watch, &keeper->place, err);
	}
	keeper->live = rc == 0;
	return rc;
}

int keeper_hold(struct keeper *keeper, struct error *err)
{
	bool wal = false;
	int rc = read_format(keeper, &wal, err);

	if (rc == 0 && !wal) {
		keeper_let_go(keeper, "it keeps no WAL", false);
	}
	return rc == 0 && wal ? hold_wal(keeper, err) : rc;
}
