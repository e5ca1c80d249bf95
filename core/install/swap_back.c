/*
 * swap_back.c - swap.h: the one way back, for a failed update, rollback and recovery.
 *
 * Looks at what is really there and decides; so any interrupted step, its own included, can be
 * followed by another call.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "install/swap.h"
#include "install/swap_names.h"

/* How many names are tried for an unexpected file. */
#define ASIDE_TRIES 99

enum sight {
	SIGHT_ABSENT,
	SIGHT_OLD,
	SIGHT_NEW,
	SIGHT_UNEXPECTED,
};

static bool same(const struct digest *a, const struct digest *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static enum sight classify(const struct swap_plan *plan, const struct digest *real, ino_t inode)
{
	bool is_new = !plan->removes && same(real, &plan->new_digest);

	/* A release may bring the very bytes that are there already: then the inode decides. */
	if (plan->existed && same(real, &plan->old_digest) &&
	    (!is_new || inode == plan->old_inode)) {
		return SIGHT_OLD;
	}
	return is_new ? SIGHT_NEW : SIGHT_UNEXPECTED;
}

static int look(const struct swap_plan *plan, enum sight *ret, struct error *err)
{
	const char *install = plan->artifact->install;
	struct digest real;
	struct stat st;

	if (lstat(install, &st) < 0) {
		*ret = SIGHT_ABSENT;
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", install,
						   strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		*ret = SIGHT_UNEXPECTED;
		return 0;
	}
	int rc = digest_path(install, &real, err);

	if (rc == 0) {
		*ret = classify(plan, &real, st.st_ino);
	}
	return rc;
}

/* "20261122T163400Z", as in a run's identifier. */
static void compact_time(char text[static 17])
{
	time_t now = clock_wall(NULL);
	struct tm parts;

	if (gmtime_r(&now, &parts) == NULL || strftime(text, 17, "%Y%m%dT%H%M%SZ", &parts) == 0) {
		(void)snprintf(text, 17, "unknown");
	}
}

/* Gives what is at install the second name aside, or moves it there: 0 or an errno value. */
static int name_aside(const char *install, const char *aside)
{
	if (link(install, aside) == 0) {
		return 0;
	}
	if (errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP) {
		return errno;
	}
	return renameat2(AT_FDCWD, install, AT_FDCWD, aside, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

static int keep_aside(const char *install, char **ret, struct error *err)
{
	char when[17];
	int code = EEXIST;

	compact_time(when);
	for (unsigned i = 0; code == EEXIST && i < ASIDE_TRIES; i++) {
		auto_free char *aside = NULL;
		char number[8] = "";

		if (i > 0) {
			(void)snprintf(number, sizeof(number), "-%u", i + 1);
		}
		if (asprintf(&aside, "%s.unexpected-%s%s", install, when, number) < 0) {
			aside = NULL;
			return error_no_memory(err);
		}
		code = name_aside(install, aside);
		if (code == 0) {
			*ret = take_pointer(&aside);
		}
	}
	if (code != 0) {
		return error_set(err, -code, "cannot move the unexpected %s aside: %s", install,
				 strerror(code));
	}
	return 0;
}

static int check_backup(const struct swap_plan *plan, const struct swap_names *names,
			struct error *err)
{
	const char *install = plan->artifact->install;
	struct digest real;
	int rc = digest_path(names->backup, &real, err);

	if (rc < 0) {
		return error_prefix(err, "cannot put the old %s back from its backup", install);
	}
	if (!same(&real, &plan->old_digest)) {
		return error_set(err, -EBADMSG,
				 "cannot put the old %s back: %s is not the file it was before the "
				 "update; install the old release by hand",
				 install, names->backup);
	}
	return 0;
}

/* Whether the old file can be put back, before anything is moved: a target that cannot stays as it
 * is. Where links are refused an earlier call has put back a copy, with an inode of its own; once
 * its backup is gone, bytes that are both old and new are the old file. */
static int find_old(const struct swap_plan *plan, const struct swap_names *names, enum sight *sight,
		    struct error *err)
{
	if (!plan->existed || *sight == SIGHT_OLD) {
		return 0;
	}
	int rc = check_backup(plan, names, err);

	if ((rc == -ENOENT || rc == -EBADMSG) && *sight == SIGHT_NEW &&
	    same(&plan->old_digest, &plan->new_digest)) {
		*sight = SIGHT_OLD;
		return 0;
	}
	return rc;
}

/* The old file over whatever is at install, atomically, keeping the backup. */
static int restore(const struct swap_plan *plan, const struct swap_names *names, struct error *err)
{
	const char *install = plan->artifact->install;
	int rc = swap_link(names->backup, names->link, err);

	if (rc == 0 && rename(names->link, install) < 0) {
		rc = error_set(err, -errno, "cannot put the old %s back: %s", install,
			       strerror(errno));
	}
	return rc == 0 ? file_sync_parent(install, err) : rc;
}

static int check_restored(const struct swap_plan *plan, struct error *err)
{
	struct digest real;
	int rc = digest_path(plan->artifact->install, &real, err);

	if (rc == 0 && !same(&real, &plan->old_digest)) {
		rc = error_set(err, -EIO, "%s was put back and is still not the old file",
			       plan->artifact->install);
	}
	return rc;
}

/* NAME.previous as it was before the update: the one kept aside, or none, or never touched. */
static int restore_backup(const struct swap_plan *plan, const struct swap_names *names,
			  struct error *err)
{
	ino_t there = 0;
	ino_t earlier = 0;
	int rc = swap_inode(names->backup, &there, err);

	if (rc == 0) {
		rc = swap_inode(names->earlier, &earlier, err);
	}
	if (rc < 0) {
		return rc;
	}
	if (plan->backup_inode != 0 && earlier == plan->backup_inode) {
		if (rename(names->earlier, names->backup) < 0) {
			return error_set(err, -errno, "cannot put %s back: %s", names->backup,
					 strerror(errno));
		}
	} else if (there != plan->backup_inode) {
		rc = swap_unlink(names->backup, err);
	}
	/* Also when rename(2) found two links to one file, and did nothing. */
	return rc == 0 ? swap_unlink(names->earlier, err) : rc;
}

/* Leaves install as the plan found it: the old file, or nothing. */
static int put_back(const struct swap_plan *plan, const struct swap_names *names, enum sight sight,
		    struct error *err)
{
	int rc = 0;

	if (!plan->existed) {
		rc = swap_unlink(plan->artifact->install, err);
		return rc == 0 ? swap_unlink(names->earlier, err) : rc;
	}
	if (sight != SIGHT_OLD) {
		rc = restore(plan, names, err);
		if (rc == 0) {
			rc = check_restored(plan, err);
		}
	}
	return rc == 0 ? restore_backup(plan, names, err) : rc;
}

static int back(const struct swap_plan *plan, const struct swap_names *names, char **ret_aside,
		struct error *err)
{
	enum sight sight = SIGHT_ABSENT;
	int rc = swap_unlink(names->new, err);

	if (rc == 0) {
		rc = swap_unlink(names->link, err);
	}
	if (rc == 0) {
		rc = look(plan, &sight, err);
	}
	if (rc == 0) {
		rc = find_old(plan, names, &sight, err);
	}
	if (rc == 0 && sight == SIGHT_UNEXPECTED) {
		rc = keep_aside(plan->artifact->install, ret_aside, err);
	}
	if (rc == 0) {
		rc = put_back(plan, names, sight, err);
	}
	return rc == 0 ? file_sync_parent(plan->artifact->install, err) : rc;
}

int swap_back(const struct swap_plan *plan, char **ret_aside, struct error *err)
{
	auto_swap_names struct swap_names names = {0};
	auto_free char *aside = NULL;
	int rc = swap_names_make(plan->artifact->install, &names, err);

	if (rc == 0) {
		rc = back(plan, &names, &aside, err);
	}
	if (rc == 0 && ret_aside != NULL) {
		*ret_aside = take_pointer(&aside);
	}
	return rc;
}
