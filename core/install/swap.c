/*
 * swap.c - swap.h: the way forward, as a table of steps, and the commit.
 *
 * After each step swap_back() can restore the state before the first one.
 */
#include "install/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/attributes.h"
#include "install/swap_names.h"

void swap_plan_finish(struct swap_plan *plan)
{
	free(plan->staged);
	free(plan->backup);
	*plan = (struct swap_plan){0};
}

static int check_directory(const char *install, struct error *err)
{
	auto_free char *directory = path_directory(install);
	struct stat st;

	if (directory == NULL) {
		return error_no_memory(err);
	}
	if (stat(directory, &st) < 0) {
		return error_set(err, -errno, "cannot install %s: its directory: %s", install,
				 strerror(errno));
	}
	if (!S_ISDIR(st.st_mode)) {
		return error_set(err, -ENOTDIR, "cannot install %s: %s is not a directory", install,
				 directory);
	}
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) < 0) {
		return error_set(err, -errno, "cannot install %s: cannot write in %s: %s", install,
				 directory, strerror(errno));
	}
	return 0;
}

/* What is at install, if anything, may be replaced; fills what the plan knows of it. */
static int look_at_target(const char *install, struct swap_plan *plan, struct error *err)
{
	struct stat st;

	if (lstat(install, &st) < 0) {
		plan->existed = false;
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", install,
						   strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, -EINVAL,
				 "will not replace %s: it is %s, not a regular file; name the file "
				 "itself in the configuration",
				 install,
				 S_ISLNK(st.st_mode)   ? "a symbolic link"
				 : S_ISDIR(st.st_mode) ? "a directory"
						       : "a special file");
	}
	plan->existed = true;
	plan->old_inode = st.st_ino;
	plan->old_mode = st.st_mode & 07777;
	plan->old_uid = st.st_uid;
	plan->old_gid = st.st_gid;
	return digest_path(install, &plan->old_digest, err);
}

static int look_at_backup(const char *backup, struct swap_plan *plan, struct error *err)
{
	struct stat st;

	if (lstat(backup, &st) < 0) {
		plan->backup_inode = 0;
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", backup,
						   strerror(errno));
	}
	if (S_ISDIR(st.st_mode)) {
		return error_set(err, -EISDIR,
				 "%s is a directory: the backup of the old file goes there; move "
				 "it away",
				 backup);
	}
	plan->backup_inode = st.st_ino;
	return 0;
}

static int plan_new(const struct staged *staged, struct swap_plan *plan, struct error *err)
{
	if (staged == NULL) {
		plan->removes = true;
		return 0;
	}
	int rc = digest_path(staged->path, &plan->new_digest, err);

	if (rc < 0) {
		return rc;
	}
	if (memcmp(&plan->new_digest, &staged->digest, sizeof(staged->digest)) != 0) {
		return error_set(err, -EBADMSG, "%s is not what was unpacked: it has changed since",
				 staged->path);
	}
	plan->staged = strdup(staged->path);
	return plan->staged == NULL ? error_no_memory(err) : 0;
}

int swap_plan(const struct artifact *artifact, const struct staged *staged, struct swap_plan *ret,
	      struct error *err)
{
	auto_swap_plan struct swap_plan plan = {.artifact = artifact};
	auto_swap_names struct swap_names names = {0};
	int rc = swap_names_make(artifact->install, &names, err);

	if (rc == 0) {
		rc = check_directory(artifact->install, err);
	}
	if (rc == 0) {
		rc = look_at_target(artifact->install, &plan, err);
	}
	if (rc == 0) {
		rc = look_at_backup(names.backup, &plan, err);
	}
	if (rc == 0) {
		rc = plan_new(staged, &plan, err);
	}
	if (rc == 0) {
		plan.backup = take_pointer(&names.backup);
		*ret = plan;
		plan = (struct swap_plan){0};
	}
	return rc;
}

int swap_name_backup(struct swap_plan *plan, struct error *err)
{
	auto_swap_names struct swap_names names = {0};
	int rc = swap_names_make(plan->artifact->install, &names, err);

	if (rc == 0) {
		plan->backup = take_pointer(&names.backup);
	}
	return rc;
}

/* What earlier runs left under our names; all that can be removed, although one cannot. */
static int step_clean(const struct swap_plan *plan, const struct swap_names *names,
		      struct error *err)
{
	const char *stale[] = {names->new, names->link, names->earlier};

	int worst = 0;

	(void)plan;
	for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
		int rc = swap_unlink(stale[i], err);

		worst = rc < 0 ? rc : worst;
	}
	return worst;
}

/* The attributes of the old file. */
static int make_ready(const struct swap_plan *plan, int new, const char *name, struct error *err)
{
	const char *install = plan->artifact->install;
	auto_close int old = plan->existed ? file_open(install, err) : -1;

	if (plan->existed && old < 0) {
		return old;
	}
	int rc = attributes_apply(new, old, plan->artifact, install, err);
	return rc == 0 ? file_sync(new, name, err) : rc;
}

static int bring_copy(const struct swap_plan *plan, int staged, const char *to, struct error *err)
{
	auto_close int target = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	if (target < 0) {
		return error_set(err, -errno, "cannot create %s: %s", to, strerror(errno));
	}
	struct digest digest;
	int rc = file_copy(staged, target, plan->staged, err);

	rc = rc < 0 ? rc : digest_fd(target, to, &digest, NULL, err);
	if (rc == 0 && memcmp(&digest, &plan->new_digest, sizeof(digest)) != 0) {
		rc = error_set(err, -EBADMSG, "%s is not what was unpacked: it has changed since",
			       plan->staged);
	}
	return rc == 0 ? make_ready(plan, target, to, err) : rc;
}

/* The new file beside the target. All that happens to it happens by the descriptor of what was
 * staged, and hashed there while the daemon still ran: where the directory belongs to somebody
 * else, the name may be another file's by now, and nothing of theirs may become root's. */
static int step_bring(const struct swap_plan *plan, const struct swap_names *names,
		      struct error *err)
{
	if (plan->removes) {
		return 0;
	}
	auto_close int staged = file_open(plan->staged, err);

	if (staged < 0) {
		return staged;
	}
	if (rename(plan->staged, names->new) == 0) {
		return make_ready(plan, staged, names->new, err);
	}
	if (errno != EXDEV) {
		return error_set(err, -errno, "cannot move %s beside %s: %s", plan->staged,
				 plan->artifact->install, strerror(errno));
	}
	return bring_copy(plan, staged, names->new, err);
}

static int step_keep_earlier(const struct swap_plan *plan, const struct swap_names *names,
			     struct error *err)
{
	if (plan->existed && rename(names->backup, names->earlier) < 0 && errno != ENOENT) {
		return error_set(err, -errno, "cannot keep %s: %s", names->backup, strerror(errno));
	}
	return 0;
}

/* By way of a temporary name: a copy, where there are no links, must not be seen half-done. */
static int step_back_up(const struct swap_plan *plan, const struct swap_names *names,
			struct error *err)
{
	if (!plan->existed) {
		return 0;
	}
	int rc = swap_link(plan->artifact->install, names->link, err);

	if (rc == 0 && rename(names->link, names->backup) < 0) {
		rc = error_set(err, -errno, "cannot make the backup %s: %s", names->backup,
			       strerror(errno));
	}
	return rc;
}

static int step_replace(const struct swap_plan *plan, const struct swap_names *names,
			struct error *err)
{
	const char *install = plan->artifact->install;
	int rc = plan->removes ? swap_unlink(install, err) : 0;

	if (!plan->removes && rename(names->new, install) < 0) {
		rc = error_set(err, -errno, "cannot replace %s: %s", install, strerror(errno));
	}
	return rc == 0 ? file_sync_parent(install, err) : rc;
}

static int (*const steps[SWAP_STEPS])(const struct swap_plan *plan, const struct swap_names *names,
				      struct error *err) = {
	step_clean, step_bring, step_keep_earlier, step_back_up, step_replace,
};

int swap_forward_steps(const struct swap_plan *plan, unsigned count, struct error *err)
{
	auto_swap_names struct swap_names names = {0};
	int rc = swap_names_make(plan->artifact->install, &names, err);

	for (unsigned i = 0; rc == 0 && i < count && i < SWAP_STEPS; i++) {
		rc = steps[i](plan, &names, err);
	}
	return rc;
}

int swap_forward(const struct swap_plan *plan, struct error *err)
{
	return swap_forward_steps(plan, SWAP_STEPS, err);
}

int swap_commit(const struct swap_plan *plan, struct error *err)
{
	auto_swap_names struct swap_names names = {0};
	int rc = swap_names_make(plan->artifact->install, &names, err);

	return rc == 0 ? step_clean(plan, &names, err) : rc;
}
