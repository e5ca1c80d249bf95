/*
 * test_user.c - whom plugins run as.
 */
#include "preflight/user.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/scratch.h"

#define NOBODY 65534

static const struct preflight_user alice = {true, 1001, 1001};
static const struct preflight_user bob = {true, 1002, 1002};

Test(user, is_found_by_name_and_by_number)
{
	struct preflight_user user;
	struct error err = {0};
	const struct passwd *daemon = getpwnam("daemon");

	cr_assert_not_null(daemon);
	cr_assert_eq(preflight_user_find("daemon", &user, &err), 0, "%s", err.text);
	cr_assert(user.is_set && user.uid == daemon->pw_uid && user.gid == daemon->pw_gid);
	cr_assert_eq(preflight_user_find("4000000", &user, &err), 0, "%s", err.text);
	cr_assert(user.uid == 4000000 && user.gid == 4000000);
}

Test(user, is_an_ordinary_one_unless_told)
{
	struct preflight_user user;
	struct error err = {0};
	const struct passwd *own = getpwnam("banger-update");

	cr_assert_eq(preflight_user_find(NULL, &user, &err), 0, "%s", err.text);
	cr_assert(user.is_set);
	cr_assert_eq(user.uid, own != NULL ? own->pw_uid : NOBODY);
}

Test(user, is_never_root_for_all_plugins)
{
	static const char *const names[] = {"root", "0"};
	struct preflight_user user;
	struct error err = {0};

	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(preflight_user_find(names[i], &user, &err), -EPERM);
		cr_assert_not_null(strstr(err.text, "grant = root"), "%s", err.text);
	}
	cr_assert_eq(preflight_user_find("no-such-user", &user, &err), -ENOENT);
	cr_assert_eq(preflight_user_find("4294967295", &user, &err), -ENOENT);
}

Test(user, of_a_database_is_the_one_that_is_named_or_its_owner)
{
	struct scratch scratch = scratch_make();
	struct preflight_user user;
	struct error err = {0};

	cr_assert_eq(preflight_user_of("daemon", "/nowhere", &user, &err), 0, "%s", err.text);
	cr_assert_eq(user.uid, getpwnam("daemon")->pw_uid);
	cr_assert_eq(preflight_user_of(NULL, scratch.path, &user, &err), 0, "%s", err.text);
	cr_assert(user.is_set && user.uid == geteuid());
	cr_assert_eq(preflight_user_of(NULL, "/nowhere", &user, &err), 0, "%s", err.text);
	cr_assert_not(user.is_set);
	scratch_remove(&scratch);
}

/* A file of root's in a directory of somebody else's may be anything that they have put there. */
Test(user, of_a_database_that_is_root_s_is_its_directory_s_owner)
{
	struct scratch scratch = scratch_make();
	char *file = scratch_path(&scratch, "state.db");
	char *link = scratch_path(&scratch, "link.db");
	const struct passwd *daemon = getpwnam("daemon");
	struct preflight_user user;
	struct error err = {0};

	if (geteuid() != 0) {
		scratch_remove(&scratch);
		cr_skip_test("only root can give a directory away");
	}
	scratch_write(file, "");
	cr_assert_eq(preflight_user_of(NULL, file, &user, &err), 0, "%s", err.text);
	cr_assert(user.is_set && user.uid == 0, "both are root's");
	/* The group is the user's own: root's, that directories are left with, has rights, too. */
	cr_assert_eq(chown(scratch.path, daemon->pw_uid, 0), 0);
	cr_assert_eq(preflight_user_of(NULL, file, &user, &err), 0, "%s", err.text);
	cr_assert(user.uid == daemon->pw_uid && user.gid == daemon->pw_gid);
	cr_assert_eq(symlink("/etc/passwd", link), 0);
	cr_assert_eq(preflight_user_of(NULL, link, &user, &err), 0, "%s", err.text);
	cr_assert_eq(user.uid, daemon->pw_uid);
	cr_assert_eq(chown(scratch.path, 4000000, 0), 0);
	cr_assert_eq(preflight_user_of(NULL, file, &user, &err), 0, "%s", err.text);
	cr_assert(user.uid == 4000000 && user.gid == 4000000);
	free(file);
	free(link);
	scratch_remove(&scratch);
}

Test(user, of_a_plugin_is_that_of_its_database_when_it_has_one)
{
	const struct preflight_database databases[] = {
		{"state", alice}, {"made-later", {0}}, {"cache", alice}, {"mail", bob}};
	struct preflight_options options = {.databases = databases, .database_count = 3};
	struct preflight_user user = bob;
	struct error err = {0};

	cr_assert_eq(users_pick(&options, NULL, false, &user, &err), 0);
	cr_assert_eq(user.uid, bob.uid, "it has none");
	cr_assert_eq(users_pick(&options, NULL, true, &user, &err), 0);
	cr_assert_eq(user.uid, alice.uid, "all have the same");
	options.database_count = 4;
	cr_assert_eq(users_pick(&options, NULL, true, &user, &err), -EPERM);
	cr_assert(strstr(err.text, "state") != NULL && strstr(err.text, "mail") != NULL, "%s",
		  err.text);
	cr_assert_eq(users_pick(&options, "mail", true, &user, &err), 0);
	cr_assert_eq(user.uid, bob.uid, "the one that is named");
	user = alice;
	cr_assert_eq(users_pick(&options, "made-later", false, &user, &err), 0);
	cr_assert_eq(user.uid, alice.uid, "nobody owns what is not there");
}
