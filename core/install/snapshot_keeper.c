/*
 * snapshot_keeper.c - snapshot_keeper.h: prepares, obeys, and puts everything in order at the end.
 */
#include "install/snapshot_keeper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "install/dbfile.h"
#include "install/snapshot_reserve.h"
#include "install/snapshot_work.h"

static void start_clock(struct keeper *keeper)
{
	keeper->deadline = clock_deadline(LIMIT_DATABASE_MS);
}

/* Lets go and leaves nothing but what is complete. */
static void give_up(struct keeper *keeper)
{
	struct error ignored;

	servant_end(&keeper->checker, 0);
	keeper_let_go(keeper, "the update ended", false);
	servant_end(&keeper->copier, 0);
	if (keeper->place.run != NULL && !keeper->complete) {
		(void)!snapshot_place_clear(&keeper->place, &ignored);
	}
}

static int look_at_files(struct keeper *keeper, struct error *err)
{
	int rc = snapshot_place_find(keeper->database, keeper->run, &keeper->place, err);

	if (rc == 0) {
		rc = dbfile_look(keeper->place.live, DBFILE_ONE_LINK, &keeper->exists, err);
	}
	if (rc == 0) {
		rc = dbfile_look_beside(keeper->place.live, DBFILE_ANY_LINKS, err);
	}
	if (rc == 0 && !keeper->exists && !keeper->database->missing_ok) {
		rc = error_set(err, -ENOENT,
			       "%s does not exist; if that is right, say missing = ok",
			       keeper->place.live);
	}
	return rc;
}

/* What nobody can hold may still be looked at; if not even that, the daemon alone can. */
static int look_at_schema(struct keeper *keeper, struct error *err)
{
	auto_buffer struct buffer answer = BUFFER_INIT(DIGEST_HEX_SIZE);
	struct snapshot_job job = {.database = keeper->database};
	int rc = child_run(NULL, LIMIT_DATABASE_MS, snapshot_work_fingerprint, &job, &answer, err);

	if (rc == 0) {
		(void)snprintf(keeper->fingerprint, sizeof(keeper->fingerprint), "%s",
			       buffer_text(&answer));
	}
	return rc == -EUCLEAN || rc == -ENOMEM ? rc : 0;
}

static int tell_hold(const struct keeper *keeper, struct buffer *output, struct error *err)
{
	struct stat live;
	struct stat shm;

	if (!keeper->live) {
		return buffer_add_format(output, KEEPER_ALONE) < 0 ? error_no_memory(err) : 0;
	}
	if (lstat(keeper->place.live, &live) < 0 || lstat(keeper->place.shm, &shm) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", keeper->place.live,
				 strerror(errno));
	}
	return buffer_add_format(output, KEEPER_HELD " %llu %llu %llu",
				 (unsigned long long)live.st_dev, (unsigned long long)live.st_ino,
				 (unsigned long long)shm.st_ino) < 0
		       ? error_no_memory(err)
		       : 0;
}

static int begin(struct keeper *keeper, struct buffer *output, struct error *err)
{
	int rc = look_at_files(keeper, err);

	if (rc < 0 || !keeper->exists) {
		return rc;
	}
	rc = snapshot_place_make(&keeper->place, keeper->run, err);
	if (rc == 0) {
		rc = snapshot_reserve_make(&keeper->place, keeper->database->on_rollback, err);
	}
	if (rc == 0) {
		rc = keeper_hold(keeper, err);
	}
	if (rc == 0 && !keeper->live && keeper->fingerprint[0] == '\0') {
		rc = look_at_schema(keeper, err);
	}
	return rc == 0 ? tell_hold(keeper, output, err) : rc;
}

static int tell_snapshot(const struct keeper *keeper, struct buffer *output, struct error *err)
{
	int rc = keeper->live
			 ? buffer_add_format(output, "%s\ncopied while its daemon ran\n%s",
					     keeper->fingerprint, keeper->place.copy)
			 : buffer_add_format(output,
					     "%s\ncopied before the stop and compared after "
					     "it: %s\n%s",
					     keeper->fingerprint, keeper->why, keeper->place.copy);

	return rc < 0 ? error_no_memory(err) : 0;
}

static int copy(struct keeper *keeper, struct buffer *output, struct error *err)
{
	int rc = keeper_copy(keeper, err);

	return rc == 0 ? tell_snapshot(keeper, output, err) : rc;
}

static int expect_schema(struct keeper *keeper, const char *now, struct error *err)
{
	if (keeper->fingerprint[0] != '\0' && strcmp(keeper->fingerprint, now) != 0) {
		return error_set(err, -ESTALE,
				 "the schema of %s is not the one that was checked: it was changed "
				 "while the update went on; run the update again",
				 keeper->place.live);
	}
	memcpy(keeper->fingerprint, now, sizeof(keeper->fingerprint));
	return 0;
}

/* From now on it is complete. */
static int publish(struct keeper *keeper, struct error *err)
{
	if (rename(keeper->place.temporary, keeper->place.copy) < 0) {
		return error_set(err, -errno, "cannot name the snapshot %s: %s", keeper->place.copy,
				 strerror(errno));
	}
	int rc = file_sync_directory(keeper->place.run, err);

	keeper->complete = rc == 0;
	return rc;
}

static int complete(struct keeper *keeper, struct buffer *output, struct error *err)
{
	char fingerprint[DIGEST_HEX_SIZE];
	int rc = keeper_finish(keeper, fingerprint, err);

	if (rc == 0) {
		rc = expect_schema(keeper, fingerprint, err);
	}
	if (rc == 0) {
		rc = publish(keeper, err);
	}
	if (rc == 0) {
		rc = tell_snapshot(keeper, output, err);
	}
	if (rc == 0) {
		keeper_leave(keeper);
	}
	return rc;
}

static int expect_missing(const struct keeper *keeper, struct error *err)
{
	const char *live = keeper->place.live;
	struct stat st;

	if (live == NULL || lstat(live, &st) < 0) {
		return 0;
	}
	return error_set(err, -ESTALE,
			 "%s did not exist and was made while the update went on; run the update "
			 "again",
			 live);
}

static int obey(struct keeper *keeper, int command, struct buffer *output, struct error *err)
{
	start_clock(keeper);
	switch (command) {
	case KEEPER_BEGIN:
		return begin(keeper, output, err);
	case KEEPER_STRANGER:
		keeper_let_go(keeper, "a process has it open without SQLite's locks", false);
		return copy(keeper, output, err);
	case KEEPER_COPY:
		return copy(keeper, output, err);
	case KEEPER_COMPLETE:
		return keeper->exists ? complete(keeper, output, err) : expect_missing(keeper, err);
	default:
		return error_set(err, -EINVAL, "a keeper does not know %d", command);
	}
}

/* Until there is something to do, or nobody any more to do it for. */
static int next_command(int line, struct keeper *keeper, uint64_t until)
{
	const struct servant updater = {.line = line};
	struct error ignored;

	while (keeper->live && !servant_is_ready(&updater, SNAPSHOT_WATCH_MS)) {
		start_clock(keeper);
		keeper_look(keeper);
		if (keeper->live && clock_left(until) == 0) {
			keeper_let_go(keeper, "the stop took too long", false);
		}
		if (keeper->live && keeper_keep_up(keeper, &ignored) < 0) {
			keeper_let_go(keeper, "its WAL could not be copied", false);
		}
	}
	return servant_next(line);
}

void snapshot_keeper_serve(int line, void *data)
{
	const struct snapshot_job *job = data;
	struct keeper keeper = {
		.database = job->database,
		.run = job->run,
		.holder = SERVANT_NONE,
		.copier = SERVANT_NONE,
		.checker = SERVANT_NONE,
		.watch = {.shm = -1},
	};
	uint64_t until = clock_deadline(LIMIT_HOLD_MS);
	int rc = 0;

	while (rc == 0) {
		struct buffer output = BUFFER_INIT(SERVANT_OUTPUT_MAX);
		struct error err = {0};
		int command = next_command(line, &keeper, until);

		rc = command < 0 ? -ECANCELED : obey(&keeper, command, &output, &err);
		/* What failed is gone before it is told. */
		if (rc < 0) {
			give_up(&keeper);
		}
		if (command >= 0) {
			servant_answer(line, rc, &output, &err);
		}
		buffer_finish(&output);
	}
	snapshot_place_finish(&keeper.place);
}
