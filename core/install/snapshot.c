/*
 * snapshot.c - snapshot.h: finds out who the child shall be, and lets it work (snapshot_take.c,
 * snapshot_restore.c).
 */
#include "install/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "install/child.h"
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

static int find_user(const struct database *database, struct child_user *ret, struct error *err)
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

static int work(const struct database *database, child_work what, struct snapshot_job *job,
		struct buffer *answer, struct error *err)
{
	struct child_user user;
	int rc = find_user(database, &user, err);

	if (rc == 0) {
		rc = child_run(&user, LIMIT_DATABASE_MS, what, job, answer, err);
	}
	return rc < 0 ? error_prefix(err, "database %s", database->name) : 0;
}

int snapshot_fingerprint(const struct database *database, char **ret, struct error *err)
{
	struct snapshot_job job = {.database = database};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	int rc = work(database, snapshot_work_fingerprint, &job, &answer, err);

	if (rc < 0) {
		return rc;
	}
	*ret = buffer_detach(&answer);
	return *ret == NULL ? error_no_memory(err) : 0;
}

static char *copy(const char *text, size_t length)
{
	auto_buffer struct buffer copied = BUFFER_INIT(length);

	return buffer_add(&copied, text, length) < 0 ? NULL : buffer_detach(&copied);
}

static int take(const struct database *database, const char *run, struct snapshot *ret,
		struct error *err)
{
	struct snapshot_job job = {.database = database, .run = run};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	int rc = work(database, snapshot_work_take, &job, &answer, err);

	if (rc < 0) {
		return rc;
	}
	if (answer.length == 0) {
		*ret = (struct snapshot){.database = database, .existed = false};
		return 0;
	}
	const char *text = buffer_text(&answer);
	size_t length = strcspn(text, " ");
	auto_free char *fingerprint = copy(text, length);
	auto_free char *path = text[length] == '\0' ? NULL : path_join(NULL, text + length + 1);

	if (fingerprint == NULL || path == NULL) {
		return error_no_memory(err);
	}
	*ret = (struct snapshot){.database = database,
				 .existed = true,
				 .path = take_pointer(&path),
				 .fingerprint = take_pointer(&fingerprint)};
	return 0;
}

int snapshot_restore(const struct snapshot *snapshot, const char *run, char **ret_failed,
		     struct error *err)
{
	struct snapshot_job job = {
		.database = snapshot->database,
		.run = run,
		.existed = snapshot->existed,
		.path = snapshot->path,
		.fingerprint = snapshot->fingerprint,
	};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	int rc = work(snapshot->database, snapshot_work_restore, &job, &answer, err);

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

int snapshot_prune(const struct database *database, uint64_t keep, struct error *err)
{
	struct snapshot_job job = {.database = database, .keep = keep};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);

	return work(database, snapshot_work_prune, &job, &answer, err);
}

struct snapshot_hold {
	struct snapshot planned;
	char *run;
};

static int plan(const struct database *database, const char *run, struct snapshot *ret,
		struct error *err)
{
	struct snapshot_job job = {.database = database, .run = run};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);
	auto_free char *fingerprint = NULL;
	int rc = snapshot_fingerprint(database, &fingerprint, err);

	ret->database = database;
	if (rc == -ENOENT && database->missing_ok) {
		return 0;
	}
	if (rc == 0) {
		rc = work(database, snapshot_work_plan, &job, &answer, err);
	}
	if (rc < 0) {
		return rc;
	}
	ret->existed = true;
	ret->path = buffer_detach(&answer);
	ret->fingerprint = take_pointer(&fingerprint);
	ret->way = path_join(NULL, "copied after the stop");
	return ret->path == NULL || ret->way == NULL ? error_no_memory(err) : 0;
}

int snapshot_begin(const struct database *database, const char *run, struct snapshot_hold **ret,
		   struct error *err)
{
	struct snapshot_hold *hold = calloc(1, sizeof(*hold));

	if (hold == NULL || (hold->run = path_join(NULL, run)) == NULL) {
		snapshot_abandon(&hold);
		return error_no_memory(err);
	}
	int rc = plan(database, run, &hold->planned, err);

	if (rc < 0) {
		snapshot_abandon(&hold);
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
	const struct snapshot *planned = &(*hold)->planned;
	struct snapshot taken = {0};
	int rc = take(planned->database, (*hold)->run, &taken, err);

	if (rc == 0 && planned->existed && taken.existed &&
	    strcmp(planned->fingerprint, taken.fingerprint) != 0) {
		rc = error_set(err, -ESTALE, "the schema changed");
	}
	if (rc == 0) {
		*ret = taken;
		taken = (struct snapshot){0};
	}
	snapshot_finish(&taken);
	snapshot_abandon(hold);
	return rc;
}

void snapshot_abandon(struct snapshot_hold **hold)
{
	if (*hold != NULL) {
		snapshot_finish(&(*hold)->planned);
		free((*hold)->run);
		free(*hold);
		*hold = NULL;
	}
}

int snapshot_finalize(const struct snapshot *snapshot, struct error *err)
{
	(void)snapshot;
	(void)err;
	return 0;
}

int snapshot_discard(const struct database *database, const char *run, struct error *err)
{
	struct snapshot_job job = {.database = database, .run = run};
	auto_buffer struct buffer answer = BUFFER_INIT(ANSWER_MAX);

	return work(database, snapshot_work_discard, &job, &answer, err);
}

int snapshot_reserve_release(const struct database *database, const char *run, struct error *err)
{
	return snapshot_discard(database, run, err);
}

int snapshot_needs(const struct database *database, uint64_t *ret, struct error *err)
{
	struct stat st;

	(void)err;
	*ret = lstat(database->path, &st) < 0 ? 0 : 3 * (uint64_t)st.st_size;
	return 0;
}
