/*
 * snapshot_hold.c - snapshot.h: the updater's side of a hold; the keeper does the work.
 *
 * What other processes have open can only be seen with the updater's own rights: so it looks
 * through /proc itself, and opens nothing.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/servant.h"
#include "base/text.h"
#include "install/locks.h"
#include "install/snapshot.h"
#include "install/snapshot_keeper.h"
#include "install/snapshot_work.h"
#include "install/wal.h"

/* The keeper's own bound comes first. */
#define ANSWER_MS  (2 * LIMIT_DATABASE_MS)
#define GRACE_MS   5000
#define ANSWER_MAX (PATH_MAX + 512u)

struct snapshot_hold {
	struct snapshot planned;
	char *run;
	struct servant keeper;
};

static void hold_free(struct snapshot_hold **hold)
{
	if (*hold != NULL) {
		snapshot_finish(&(*hold)->planned);
		free((*hold)->run);
		free(*hold);
		*hold = NULL;
	}
}

/* What a killed keeper left is removed by somebody else. */
static void end_keeper(struct snapshot_hold *hold, int rc)
{
	struct error ignored;

	servant_end(&hold->keeper, GRACE_MS);
	if (rc == -ECHILD || rc == -ETIMEDOUT) {
		(void)!snapshot_discard(hold->planned.database, hold->run, &ignored);
	}
}

static int ask(struct snapshot_hold *hold, char command, struct buffer *answer, struct error *err)
{
	int rc = servant_tell(&hold->keeper, command, err);

	return rc == 0 ? servant_hear(&hold->keeper, ANSWER_MS, answer, err) : rc;
}

static char *take_line(const char **text)
{
	size_t length = strcspn(*text, "\n");
	char *line = strndup(*text, length);

	*text += length + ((*text)[length] == '\n' ? 1 : 0);
	return line;
}

/* Fingerprint, way, path, a line each; nothing for a missing database. */
static int parse(const struct buffer *answer, struct snapshot *snapshot, struct error *err)
{
	const char *text = buffer_text(answer);
	struct snapshot told = {.database = snapshot->database, .existed = answer->length > 0};

	if (told.existed) {
		told.fingerprint = take_line(&text);
		told.way = take_line(&text);
		told.path = strdup(text);
		if (told.fingerprint == NULL || told.way == NULL || told.path == NULL) {
			snapshot_finish(&told);
			return error_no_memory(err);
		}
		if (told.fingerprint[0] == '\0') {
			free(told.fingerprint);
			told.fingerprint = NULL;
		}
	}
	snapshot_finish(snapshot);
	*snapshot = told;
	return 0;
}

/* Somebody who takes no locks could write to it while we think it is held. What cannot be found out
 * counts as that. */
static bool has_stranger(const char *held)
{
	unsigned long long numbers[3] = {0}; /* device, inode, and the inode of -shm */
	struct error ignored;
	pid_t pid = 0;

	if (!text_has_prefix(held, KEEPER_HELD " ")) {
		return true;
	}
	const char *at = held + sizeof(KEEPER_HELD);

	for (size_t i = 0; i < 3; i++) {
		char *end = NULL;

		numbers[i] = strtoull(at, &end, 10);
		if (end == at) {
			return true;
		}
		at = end;
	}
	return file_locks_stranger((dev_t)numbers[0], (ino_t)numbers[1], numbers[2],
				   WAL_LOCK_IN_USE, &pid, &ignored) < 0 ||
	       pid != 0;
}

static int copy_live(struct snapshot_hold *hold, struct error *err)
{
	auto_buffer struct buffer held = BUFFER_INIT(ANSWER_MAX);
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	int rc = ask(hold, KEEPER_BEGIN, &held, err);

	if (rc < 0) {
		return rc;
	}
	if (held.length > 0) {
		const char *text = buffer_text(&held);
		bool alone = strcmp(text, KEEPER_ALONE) == 0;

		rc = ask(hold, alone || !has_stranger(text) ? KEEPER_COPY : KEEPER_STRANGER,
			 &answer, err);
	}
	return rc == 0 ? parse(&answer, &hold->planned, err) : rc;
}

static int start(struct snapshot_hold *hold, struct error *err)
{
	struct snapshot_job job = {.database = hold->planned.database, .run = hold->run};
	struct child_user user;
	int rc = snapshot_user(job.database, &user, err);

	return rc == 0 ? servant_start(&user, SERVANT_ENDS_WITH_US, snapshot_keeper_serve, &job,
				       &hold->keeper, err)
		       : rc;
}

int snapshot_begin(const struct database *database, const char *run, struct snapshot_hold **ret,
		   struct error *err)
{
	struct snapshot_hold *hold = calloc(1, sizeof(*hold));

	if (hold == NULL || (hold->run = strdup(run)) == NULL) {
		hold_free(&hold);
		return error_no_memory(err);
	}
	hold->planned.database = database;
	hold->keeper = (struct servant)SERVANT_NONE;
	int rc = start(hold, err);

	if (rc == 0) {
		rc = copy_live(hold, err);
	}
	if (rc < 0) {
		end_keeper(hold, rc);
		hold_free(&hold);
		return rc;
	}
	*ret = hold;
	return 0;
}

const struct snapshot *snapshot_planned(const struct snapshot_hold *hold)
{
	return &hold->planned;
}

int snapshot_complete(struct snapshot_hold **hold, struct snapshot *ret, struct error *err)
{
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	struct snapshot_hold *own = *hold;
	int rc = ask(own, KEEPER_COMPLETE, &answer, err);

	if (rc == 0) {
		rc = parse(&answer, &own->planned, err);
	}
	end_keeper(own, rc);
	if (rc == 0) {
		*ret = own->planned;
		own->planned = (struct snapshot){0};
	}
	hold_free(hold);
	return rc;
}

void snapshot_abandon(struct snapshot_hold **hold)
{
	if (*hold != NULL) {
		end_keeper(*hold, 0);
		hold_free(hold);
	}
}
