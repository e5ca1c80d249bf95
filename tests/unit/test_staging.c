/*
 * test_staging.c - the run's own directory: private, fresh, and gone afterwards.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "install/staging.h"
#include "support/scratch.h"

#define RUN      "20261122T163400Z-1a2b"
#define STRANGER 65534

static struct scratch scratch;
static struct error err;
static struct artifact first;
static char *bin;
static char *own;

static void set_up(void)
{
	scratch = scratch_make();
	bin = scratch_path(&scratch, "usr local/bin");
	own = scratch_path(&scratch, "usr local/bin/.banger-update-banger");
	scratch_directory(bin);
	first = (struct artifact){.name = strdup("bangerd"),
				  .install = scratch_path(&scratch, "usr local/bin/bangerd")};
}

static void tear_down(void)
{
	artifact_finish(&first);
	free(bin);
	free(own);
	scratch_remove(&scratch);
}

TestSuite(staging, .init = set_up, .fini = tear_down, .timeout = 60);

static int make_at(const char *staging_dir, char **ret)
{
	char *path = NULL;
	int rc = staging_name("banger", staging_dir, &first, RUN, &path, &err);

	rc = rc < 0 ? rc : staging_make(path, staging_dir != NULL, &err);
	if (rc < 0) {
		free(path);
		return rc;
	}
	*ret = path;
	return 0;
}

static int make(char **ret)
{
	return make_at(NULL, ret);
}

Test(staging, it_is_beside_the_first_artifact_and_ours_alone)
{
	char *path = NULL;
	struct stat st;

	cr_assert(make(&path) == 0, "%s", err.text);
	cr_assert(strncmp(path, own, strlen(own)) == 0);
	cr_assert_str_eq(path + strlen(own), "/" RUN);
	cr_assert(lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0700);
	cr_assert(lstat(own, &st) == 0 && (st.st_mode & 07777) == 0700);
	free(path);
}

Test(staging, after_its_removal_nothing_is_left)
{
	char *before = scratch_listing(scratch.path, NULL);
	char *path = NULL;
	char *file = NULL;

	cr_assert(make(&path) == 0, "%s", err.text);
	cr_assert(asprintf(&file, "%s/bangerd", path) >= 0);
	scratch_write(file, "staged");
	cr_assert(staging_remove(path, &err) == 0, "%s", err.text);
	cr_assert(staging_remove(path, &err) == 0, "%s", err.text);
	char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
	free(file);
	free(path);
}

Test(staging, what_a_killed_run_left_is_removed_first)
{
	char *left = scratch_path(&scratch, "usr local/bin/.banger-update-banger/older/deep");
	char *file = scratch_path(&scratch, "usr local/bin/.banger-update-banger/older/deep/x");
	char *path = NULL;

	scratch_directory(left);
	scratch_write(file, "left");
	cr_assert(chmod(own, 0700) == 0);
	cr_assert(make(&path) == 0, "%s", err.text);
	cr_assert(!scratch_exists(left));
	cr_assert(scratch_exists(path));
	free(left);
	free(file);
	free(path);
}

Test(staging, a_planted_link_is_refused_and_its_target_untouched)
{
	char *victim = scratch_path(&scratch, "victim");
	char *file = scratch_path(&scratch, "victim/precious");
	char *path = NULL;

	scratch_directory(victim);
	scratch_write(file, "precious");
	char *before = scratch_listing(scratch.path, ".banger-update-banger");

	cr_assert(symlink(victim, own) == 0);
	cr_assert(make(&path) == -ENOTDIR);
	cr_assert_null(path);
	cr_assert_not_null(strstr(err.text, own), "%s", err.text);
	char *after = scratch_listing(scratch.path, ".banger-update-banger");

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
	free(victim);
	free(file);
}

Test(staging, a_directory_that_others_can_write_is_refused)
{
	char *path = NULL;

	scratch_directory(own);
	cr_assert(chmod(own, 0770) == 0);
	cr_assert(make(&path) == -EPERM);
	cr_assert_not_null(strstr(err.text, "0770"), "%s", err.text);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can give a directory away");
	}
}

Test(staging, a_directory_of_somebody_else_is_refused)
{
	char *path = NULL;

	need_root();
	scratch_directory(own);
	cr_assert(chmod(own, 0700) == 0 && chown(own, STRANGER, STRANGER) == 0);
	cr_assert(make(&path) == -EPERM);
	cr_assert_not_null(strstr(err.text, "65534"), "%s", err.text);
	cr_assert(scratch_exists(own), "it was removed");
}

/* Refused with a sentence that names what is wrong and the way out, before anything is made. */
static void expect_refusal(const char *staging_dir, const char *says)
{
	char *before = scratch_listing(scratch.path, NULL);
	char *path = NULL;

	cr_assert(make_at(staging_dir, &path) == -EPERM);
	cr_assert_not_null(strstr(err.text, says), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "set staging_dir"), "%s", err.text);
	char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
}

Test(staging, root_makes_nothing_where_others_can_exchange_it)
{
	char *above = scratch_path(&scratch, "usr local");
	char *deep = scratch_path(&scratch, "usr local/bin/not/yet");

	need_root();
	cr_assert(chown(bin, STRANGER, STRANGER) == 0);
	expect_refusal(NULL, "belongs to user 65534");
	expect_refusal(deep, "belongs to user 65534");
	cr_assert(chown(bin, 0, 0) == 0 && chmod(bin, 0775) == 0);
	expect_refusal(NULL, "group-writable");
	cr_assert(chmod(bin, 0755) == 0 && chmod(above, 0777) == 0);
	expect_refusal(NULL, "world-writable");
	free(above);
	free(deep);
}

Test(staging, a_sticky_directory_and_links_of_root_will_do)
{
	char *link = scratch_path(&scratch, "link");
	char *path = NULL;

	need_root();
	cr_assert(symlink(bin, link) == 0 && chmod(bin, 01777) == 0);
	cr_assert(make_at(link, &path) == 0, "%s", err.text);
	cr_assert(scratch_exists(path));
	free(link);
	free(path);
}

Test(staging, a_file_in_its_place_is_refused)
{
	char *path = NULL;

	scratch_write(own, "");
	cr_assert(make(&path) == -ENOTDIR);
}

Test(staging, a_configured_directory_is_made_and_used)
{
	char *elsewhere = scratch_path(&scratch, "else/where");
	char *path = NULL;

	cr_assert(make_at(elsewhere, &path) == 0, "%s", err.text);
	cr_assert(strncmp(path, elsewhere, strlen(elsewhere)) == 0);
	cr_assert(scratch_exists(path));
	free(elsewhere);
	free(path);
}

Test(staging, a_missing_target_directory_is_an_error)
{
	char *path = NULL;

	cr_assert(rmdir(bin) == 0);
	cr_assert(make(&path) == -ENOENT);
	cr_assert_not_null(strstr(err.text, bin), "%s", err.text);
}

Test(staging, names_that_are_paths_are_refused)
{
	char *path = NULL;

	cr_assert(staging_name("../x", NULL, &first, RUN, &path, &err) == -EINVAL);
	cr_assert(staging_name("banger", NULL, &first, "..", &path, &err) == -EINVAL);
}

Test(staging, a_mount_that_runs_nothing_is_refused)
{
	char *path = NULL;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", bin, "tmpfs", MS_NOEXEC, NULL) < 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("needs the right to mount");
	}
	cr_assert(make(&path) == -EACCES);
	cr_assert_not_null(strstr(err.text, "noexec"), "%s", err.text);
	cr_assert(!scratch_exists(own), "something was left");
	cr_assert(umount(bin) == 0);
}
