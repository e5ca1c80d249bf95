/*
 * snapshot.c - snapshot.h: finds out who a child shall be, and lets it do one thing (the functions
 * of snapshot_work.h); what takes longer is in snapshot_hold.c.
 */
#include "install/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "install/snapshot_work.h"

#define LOOKUP_MAX 65536
#define ANSWER_MAX (DIGEST_HEX_SIZE + 2u * PATH_MAX)

void snapshot_finish(struct snapshot *snapshot)
{
	free(snapshot->path);
	free(snapshot->fingerprint);
	free(snapshot->way);
	*snapshot = (struct snapshot){0};
}

static int use_entry(const struct passwd *entry, struct child_user *ret, struct error *err)
{
	int length = snprintf(ret->name, sizeof(ret->name), "%s", entry->pw_name);

	if (length < 0 || (size_t)length >= sizeof(ret->name)) {
		return error_set(err, -ENAMETOOLONG, "the user's name is too long: %s",
				 entry->pw_name);
	}
	ret->uid = entry->pw_uid;
	ret->gid = entry->pw_gid;
	return 0;
}

/* The user called name, which may be a number without an entry: then ret->uid and gid stay. */
static int find_named(const char *name, struct child_user *ret, struct error *err)
{
	char space[LOOKUP_MAX];
	struct passwd entry;
	struct passwd *found = NULL;
	uint64_t number = 0;

	bool is_number = text_parse_u64(name, &number) == 0 && number < UINT_MAX;
	int rc = is_number ? getpwuid_r((uid_t)number, &entry, space, sizeof(space), &found)
			   : getpwnam_r(name, &entry, space, sizeof(space), &found);

	if (found != NULL) {
		return use_entry(found, ret, err);
	}
	if (is_number) {
		ret->uid = (uid_t)number;
		return 0;
	}
	return error_set(err, -ENOENT, "there is no user %s%s%s", name, rc != 0 ? ": " : "",
			 rc != 0 ? strerror(rc) : "");
}

/* Whom the file belongs to; root's, or a missing one, counts as its directory's owner's: whoever
 * can plant files there must not have root open them. */
static int find_owner(const char *path, struct child_user *ret, struct error *err)
{
	auto_free char *directory = path_directory(path);
	char number[24];
	struct stat st;

	if (directory == NULL) {
		return error_no_memory(err);
	}
	if ((lstat(path, &st) < 0 || st.st_uid == 0) && stat(directory, &st) < 0) {
		return error_set(err, -errno, "cannot look into %s: %s", directory,
				 strerror(errno));
	}
	ret->gid = st.st_gid;
	(void)snprintf(number, sizeof(number), "%u", st.st_uid);
	return find_named(number, ret, err);
}

int snapshot_user(const struct database *database, struct child_user *ret, struct error *err)
{
	struct child_user user = {0};
	int rc = 0;

	if (geteuid() == 0) {
		rc = find_owner(database->path, &user, err);
		if (rc == 0 && database->user != NULL) {
			rc = find_named(database->user, &user, err);
		}
		user.change = user.uid != 0;
	}
	if (rc == 0) {
		*ret = user;
	}
	return rc;
}

int snapshot_run(const struct database *database, child_work what, struct snapshot_job *job,
		 struct buffer *answer, struct error *err)
{
	struct child_user user;
	int rc = snapshot_user(database, &user, err);

	if (rc == 0) {
		rc = child_run(&user, LIMIT_DATABASE_MS, what, job, answer, err);
	}
	return rc < 0 ? error_prefix(err, "database %s", database->name) : 0;
}

int snapshot_fingerprint(const struct database *database, char **ret, struct error *err)
{
	struct snapshot_job job = {.database = database};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	int rc = snapshot_run(database, snapshot_work_fingerprint, &job, &answer, err);

	if (rc < 0) {
		return rc;
	}
	*ret = buffer_detach(&answer);
	return *ret == NULL ? error_no_memory(err) : 0;
}

int snapshot_restore(const struct snapshot *snapshot, const char *run, const char *known,
		     char **ret_failed, struct error *err)
{
	struct snapshot_job job = {
		.database = snapshot->database,
		.run = run,
		.existed = snapshot->existed,
		.known = known,
		.path = snapshot->path,
		.fingerprint = snapshot->fingerprint,
	};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	int rc = snapshot_run(snapshot->database, snapshot_work_restore, &job, &answer, err);

	if (rc < 0) {
		return rc;
	}
	if (answer.length == 0) {
		*ret_failed = NULL;
		return 0;
	}
	*ret_failed = buffer_detach(&answer);
	return *ret_failed == NULL ? error_no_memory(err) : 0;
}

/* What has nothing to answer. */
static int run_quietly(child_work what, struct snapshot_job *job, struct error *err)
{
	auto_buffer struct buffer nothing = BUFFER_INIT(1);

	return snapshot_run(job->database, what, job, &nothing, err);
}

int snapshot_prune(const struct database *database, const struct strings *runs, uint64_t keep,
		   struct error *err)
{
	struct snapshot_job job = {.database = database, .runs = runs, .keep = keep};

	return run_quietly(snapshot_work_prune, &job, err);
}

int snapshot_finalize(const struct snapshot *snapshot, struct error *err)
{
	struct snapshot_job job = {
		.database = snapshot->database,
		.path = snapshot->path,
		.fingerprint = snapshot->fingerprint,
	};

	return snapshot->existed ? run_quietly(snapshot_work_finalize, &job, err) : 0;
}

int snapshot_discard(const struct database *database, const char *run, struct error *err)
{
	struct snapshot_job job = {.database = database, .run = run};

	return run_quietly(snapshot_work_discard, &job, err);
}

int snapshot_reserve_release(const struct database *database, const char *run, struct error *err)
{
	struct snapshot_job job = {.database = database, .run = run};

	return run_quietly(snapshot_work_release, &job, err);
}
