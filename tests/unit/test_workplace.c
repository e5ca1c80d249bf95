/*
 * test_workplace.c - a plugin's own directory: private, empty, gone afterwards.
 */
#include "preflight/workplace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "support/scratch.h"

#define SOMEBODY 4711

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & ALLPERMS, mode, "%s is %04o", path, st.st_mode & ALLPERMS);
}

Test(workplace, is_its_users_alone_whatever_the_umask)
{
	struct scratch scratch = scratch_make();
	auto_free char *base = scratch_path(&scratch, "base");
	auto_free char *path = NULL;
	struct preflight_user user = {geteuid() == 0, SOMEBODY, SOMEBODY};
	struct error err = {0};
	struct stat st;

	(void)umask(077);
	cr_assert_eq(workplace_make(base, "disk", &user, &path, &err), 0, "%s", err.text);
	assert_mode(base, 0711);
	assert_mode(path, 0700);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_uid, user.is_set ? SOMEBODY : geteuid());
	workplace_remove(base, path);
	cr_assert_not(scratch_exists(base));
	scratch_remove(&scratch);
}

Test(workplace, is_empty_and_takes_no_file_of_another_along)
{
	struct scratch scratch = scratch_make();
	auto_free char *base = scratch_path(&scratch, "base");
	auto_free char *left = scratch_path(&scratch, "base/disk/left");
	auto_free char *other = scratch_path(&scratch, "base/other");
	auto_free char *path = NULL;
	struct preflight_user user = {0};
	struct error err = {0};

	cr_assert_eq(workplace_make(base, "disk", &user, &path, &err), 0, "%s", err.text);
	scratch_write(left, "x");
	free(take_pointer(&path));
	cr_assert_eq(workplace_make(base, "disk", &user, &path, &err), 0, "%s", err.text);
	cr_assert_not(scratch_exists(left));
	scratch_directory(other);
	workplace_remove(base, path);
	cr_assert_not(scratch_exists(path));
	cr_assert(scratch_exists(other));
	workplace_remove(base, NULL);
	scratch_remove(&scratch);
}

Test(workplace, follows_no_link_that_lies_in_its_place)
{
	struct scratch scratch = scratch_make();
	auto_free char *base = scratch_path(&scratch, "base");
	auto_free char *victim = scratch_path(&scratch, "victim");
	auto_free char *kept = scratch_path(&scratch, "victim/kept");
	auto_free char *link = scratch_path(&scratch, "base/disk");
	auto_free char *path = NULL;
	struct preflight_user user = {0};
	struct error err = {0};

	scratch_directory(base);
	scratch_directory(victim);
	scratch_write(kept, "x");
	cr_assert_eq(symlink(victim, link), 0);
	cr_assert_eq(workplace_make(base, "disk", &user, &path, &err), 0, "%s", err.text);
	cr_assert(scratch_exists(kept));
	workplace_remove(base, path);
	cr_assert(scratch_exists(kept));
	scratch_remove(&scratch);
}

/* Needs root, to mount one. */
Test(workplace, on_a_file_system_that_takes_nothing_is_told)
{
	static const struct {
		unsigned long flags;
		const char *options;
		int code;
	} systems[] = {{MS_RDONLY, NULL, -EROFS}, {0, "nr_inodes=1", -ENOSPC}};
	struct scratch scratch = scratch_make();
	auto_free char *base = scratch_path(&scratch, "base");
	auto_free char *path = NULL;
	struct preflight_user user = {0};
	struct error err = {0};

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", scratch.path, "tmpfs", systems[i].flags, systems[i].options) <
			    0) {
			scratch_remove(&scratch);
			cr_skip_test("needs root, to mount a file system");
		}
		cr_assert_eq(workplace_make(base, "disk", &user, &path, &err), systems[i].code);
		cr_assert_not_null(strstr(err.text, base), "%s", err.text);
		cr_assert_null(path);
		cr_assert_eq(umount(scratch.path), 0);
	}
	scratch_remove(&scratch);
}
