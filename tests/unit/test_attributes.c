/*
 * test_attributes.c - what the new file takes over from the one it replaces.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "swap_case.h"

TestSuite(attributes, .init = set_up, .fini = tear_down, .timeout = 60);

/* For what setxattr(2) has just refused. */
static void skip_without(const char *what)
{
	int code = errno;

	tear_down(); /* which skipping leaves out */
	cr_skip_test("%s cannot be set here: %s", what, strerror(code));
}

Test(attributes, mode_is_kept_unless_configured)
{
	struct stat st;

	scratch_write_bytes(artifact.install, OLD, strlen(OLD), 04711);
	struct swap_plan made = plan();

	forward(&made);
	cr_assert(stat(artifact.install, &st) == 0 && (st.st_mode & 07777) == 04711);
	back(&made);
	swap_plan_finish(&made);
	artifact.mode = 0700;
	stage(NEW);
	made = plan();
	forward(&made);
	cr_assert(stat(artifact.install, &st) == 0 && (st.st_mode & 07777) == 0700);
	swap_plan_finish(&made);
}

Test(attributes, owner_and_group_are_kept_unless_configured)
{
	struct stat st;

	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can give a file away");
	}
	install_old();
	cr_assert(chown(artifact.install, 65534, 12345) == 0);
	cr_assert(chmod(artifact.install, 06755) == 0);
	struct swap_plan made = plan();

	forward(&made);
	cr_assert(stat(artifact.install, &st) == 0 && st.st_uid == 65534 && st.st_gid == 12345);
	cr_assert((st.st_mode & 07777) == 06755, "chown cleared setuid");
	back(&made);
	swap_plan_finish(&made);
	artifact.owner = strdup("root");
	artifact.group = strdup("54321");
	stage(NEW);
	made = plan();
	forward(&made);
	cr_assert(stat(artifact.install, &st) == 0 && st.st_uid == 0 && st.st_gid == 54321);
	swap_plan_finish(&made);
}

Test(attributes, an_owner_that_nobody_knows_is_an_error_and_nothing_is_lost)
{
	install_old();
	artifact.owner = strdup("no-such-user-anywhere");
	char *before = listing();
	struct swap_plan made = plan();

	cr_assert(swap_forward(&made, &err) == -ENOENT);
	cr_assert_not_null(strstr(err.text, "no-such-user-anywhere"), "%s", err.text);
	back(&made);
	char *after = listing();

	cr_assert_str_eq(before, after);
	swap_plan_finish(&made);
	free(before);
	free(after);
}

static void expect_attribute(const char *path, const char *name, const void *value, size_t size)
{
	char real[256];
	ssize_t got = getxattr(path, name, real, sizeof(real));

	cr_assert(got == (ssize_t)size && memcmp(real, value, size) == 0, "%s is not kept: %zd",
		  name, got);
}

/* Sets an attribute of the old file, swaps, and expects it of the new and of the restored one. */
static void keep_through_swap(const char *name, const void *value, size_t size)
{
	install_old();
	if (setxattr(artifact.install, name, value, size, 0) < 0) {
		skip_without(name);
	}
	struct swap_plan made = plan();

	forward(&made);
	expect_content(artifact.install, NEW);
	expect_attribute(artifact.install, name, value, size);
	back(&made);
	expect_attribute(artifact.install, name, value, size);
	swap_plan_finish(&made);
}

/* struct vfs_cap_data, revision 2: cap_net_bind_service, effective (capability(7)). */
static const uint8_t bind_service[20] = {0x01, 0x00, 0x00, 0x02, 0x00, 0x04};

/* struct posix_acl_xattr: user::rwx user:1234:r-- group::r-x mask::r-x other::r-x */
static const uint8_t some_acl[44] = {
	2,  0, 0, 0,                                                             /* version */
	1,  0, 7, 0, 0xff, 0xff, 0xff, 0xff, 2,    0, 4, 0, 0xd2, 0x04, 0,    0, /* user */
	4,  0, 5, 0, 0xff, 0xff, 0xff, 0xff, 0x10, 0, 5, 0, 0xff, 0xff, 0xff, 0xff,
	32, 0, 5, 0, 0xff, 0xff, 0xff, 0xff,
};

Test(attributes, capabilities_are_kept)
{
	keep_through_swap("security.capability", bind_service, sizeof(bind_service));
}

Test(attributes, user_attributes_are_kept)
{
	keep_through_swap("user.packaged-by", "somebody", 8);
}

Test(attributes, user_attributes_of_a_read_only_file_are_kept)
{
	install_old();
	if (setxattr(artifact.install, "user.origin", "here", 4, 0) < 0) {
		skip_without("user attributes");
	}
	cr_assert(chmod(artifact.install, 0555) == 0);
	struct swap_plan made = plan();

	forward(&made);
	expect_attribute(artifact.install, "user.origin", "here", 4);
	swap_plan_finish(&made);
}

Test(attributes, an_access_list_is_kept)
{
	keep_through_swap("system.posix_acl_access", some_acl, sizeof(some_acl));
}

Test(attributes, a_directory_s_default_access_list_does_not_reach_the_replaced_file)
{
	install_old();
	char *staging = scratch_path(&scratch, "bin dir/.staging");

	if (setxattr(staging, "system.posix_acl_default", some_acl, sizeof(some_acl), 0) < 0) {
		skip_without("access lists");
	}
	cr_assert(unlink(staged.path) == 0);
	stage(NEW);
	cr_assert(getxattr(staged.path, "system.posix_acl_access", NULL, 0) > 0);
	struct swap_plan made = plan();

	forward(&made);
	cr_assert(getxattr(artifact.install, "system.posix_acl_access", NULL, 0) < 0);
	swap_plan_finish(&made);
	free(staging);
}

Test(attributes, a_capability_and_a_foreign_owner_survive_together)
{
	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root can give a file away");
	}
	install_old();
	cr_assert(chown(artifact.install, 65534, 65534) == 0);
	if (setxattr(artifact.install, "security.capability", bind_service, sizeof(bind_service),
		     0) < 0) {
		skip_without("capabilities");
	}
	struct swap_plan made = plan();

	forward(&made);
	expect_attribute(artifact.install, "security.capability", bind_service,
			 sizeof(bind_service));
	swap_plan_finish(&made);
}

static int plan_and_swap(void)
{
	struct swap_plan made;
	int rc = swap_plan(&artifact, &staged, &made, &err);

	if (rc == 0) {
		rc = swap_forward(&made, &err);
		swap_plan_finish(&made);
	}
	return rc;
}

Test(attributes, an_owner_that_an_ordinary_user_cannot_keep_is_an_error)
{
	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("needs a file of somebody else");
	}
	install_old();
	char *staging = scratch_path(&scratch, "bin dir/.staging");

	cr_assert(chmod(scratch.path, 0755) == 0 && chmod(artifact.install, 0755) == 0);
	cr_assert(chown(bin, 65534, 65534) == 0 && chown(staging, 65534, 65534) == 0);
	cr_assert(chown(staged.path, 65534, 65534) == 0);
	cr_assert(as_nobody(plan_and_swap) == -EPERM);
	expect_content(artifact.install, OLD);
	free(staging);
}
