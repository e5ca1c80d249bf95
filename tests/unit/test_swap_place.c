/*
 * test_swap_place.c - where a file is replaced and what is brought there: other mounts, directories
 * of others, names that are taken.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "swap_case.h"

#define NOBODY 65534

TestSuite(swap_place, .init = set_up, .fini = tear_down, .timeout = 60);

static int plan_only(void)
{
	struct swap_plan made;
	int rc = swap_plan(&artifact, &staged, &made, &err);

	if (rc == 0) {
		swap_plan_finish(&made);
	}
	return rc;
}

Test(swap_place, a_directory_that_cannot_be_written_is_seen_before_anything_is_touched)
{
	install_old();
	cr_assert(chmod(scratch.path, 0755) == 0 && chmod(artifact.install, 0755) == 0);
	cr_assert(chmod(bin, 0555) == 0);
	char *before = scratch_listing(scratch.path, NULL);

	cr_assert(as_nobody(plan_only) == -EACCES);
	char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(before, after);
	cr_assert(chmod(bin, 0755) == 0);
	free(before);
	free(after);
}

Test(swap_place, a_staged_file_on_another_mount_is_copied)
{
	char elsewhere[] = "/dev/shm/banger-test-XXXXXX";
	struct stat here;
	struct stat there;
	int fd = mkstemp(elsewhere);

	if (fd < 0 || fstat(fd, &there) < 0 || stat(bin, &here) < 0 ||
	    here.st_dev == there.st_dev) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("/dev/shm is not another file system");
	}
	(void)close(fd);
	stage_at(elsewhere, NEW);
	install_old();
	struct swap_plan made = plan();

	forward(&made);
	expect_content(artifact.install, NEW);
	cr_assert(stat(artifact.install, &here) == 0 && (here.st_mode & 07777) == 0750);
	back(&made);
	expect_content(artifact.install, OLD);
	swap_plan_finish(&made);
	cr_assert(unlink(elsewhere) == 0);
}

Test(swap_place, a_staged_file_that_changed_since_is_refused)
{
	struct swap_plan made;

	install_old();
	scratch_write(staged.path, "something else");
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -EBADMSG);
	expect_content(artifact.install, OLD);
}

/* Staged on another file system, where it may lie long. */
Test(swap_place, a_copied_file_that_changed_after_the_plan_gets_no_place)
{
	char *other = strdup("/dev/shm/banger-test-changed");

	stage_at(other, NEW);
	install_old();
	char *before = listing();
	struct swap_plan made = plan();

	scratch_write(staged.path, "the new and longer relapse");
	cr_assert(swap_forward(&made, &err) == -EBADMSG);
	cr_assert_not_null(strstr(err.text, staged.path), "%s", err.text);
	expect_content(artifact.install, OLD);
	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after);
	swap_plan_finish(&made);
	(void)unlink(staged.path);
	free(before);
	free(after);
	free(other);
}

/* Puts a file of its own under the name that the new one is brought to, again and again. */
static void exchange(const char *evil, const char *evil_link, const char *new)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0) {
		_exit(1);
	}
	for (;;) {
		(void)!link(evil, evil_link);
		(void)rename(evil_link, new);
	}
}

Test(swap_place, the_owner_of_the_directory_gets_nothing_of_root_s_for_a_file_of_their_own)
{
	char *evil = scratch_path(&scratch, "bin dir/evil");
	char *evil_link = scratch_path(&scratch, "bin dir/evil-link");
	char *new = beside(".update-new");
	struct stat st;

	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can give a directory away");
	}
	scratch_write(evil, NEW);
	install_old();
	cr_assert(chmod(scratch.path, 0755) == 0 && chown(bin, NOBODY, NOBODY) == 0);
	cr_assert(chown(evil, NOBODY, NOBODY) == 0);
	pid_t owner = fork();

	if (owner == 0) {
		exchange(evil, evil_link, new);
	}
	for (unsigned i = 0; i < 100; i++) {
		stage(NEW);
		install_old();
		struct swap_plan made = plan();

		(void)!swap_forward(&made, &err);
		swap_plan_finish(&made);
		(void)unlink(artifact.install);
	}
	cr_assert(kill(owner, SIGKILL) == 0 && waitpid(owner, NULL, 0) == owner);
	cr_assert(stat(evil, &st) == 0);
	cr_assert_eq(st.st_uid, NOBODY, "it was given to root");
	free(evil);
	free(evil_link);
	free(new);
}

Test(swap_place, a_target_that_is_no_file_is_refused)
{
	struct swap_plan made;

	cr_assert(symlink("/etc/passwd", artifact.install) == 0);
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -EINVAL);
	cr_assert_not_null(strstr(err.text, "symbolic link"), "%s", err.text);
	cr_assert(unlink(artifact.install) == 0 && mkdir(artifact.install, 0755) == 0);
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -EINVAL);
	cr_assert(rmdir(artifact.install) == 0 && mkfifo(artifact.install, 0600) == 0);
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -EINVAL);
}

Test(swap_place, a_directory_where_the_backup_belongs_is_refused)
{
	char *previous = beside(".previous");
	struct swap_plan made;

	install_old();
	scratch_directory(previous);
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -EISDIR);
	free(previous);
}

Test(swap_place, a_missing_directory_is_refused)
{
	struct swap_plan made;

	free(artifact.install);
	artifact.install = scratch_path(&scratch, "nowhere/bangerd");
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -ENOENT);
}

Test(swap_place, a_name_without_room_for_a_suffix_is_refused)
{
	char name[NAME_MAX + 1];
	struct swap_plan made;

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	free(artifact.install);
	artifact.install = scratch_path(&scratch, "bin dir/%s", name);
	install_old();
	cr_assert(swap_plan(&artifact, &staged, &made, &err) == -ENAMETOOLONG);
}
