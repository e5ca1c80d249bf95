/*
 * test_daemon_paths.c - where the database and the socket are: told, the system's, the user's.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/guard.h"
#include "daemon/paths.h"

static struct error error;

static void forget_environment(void)
{
	cr_assert_eq(unsetenv("XDG_STATE_HOME"), 0);
	cr_assert_eq(unsetenv("XDG_RUNTIME_DIR"), 0);
	cr_assert_eq(unsetenv("HOME"), 0);
}

TestSuite(daemon_paths, .init = forget_environment);

static void expect_database(bool system, const char *given, const char *expected)
{
	auto_free char *path = NULL;

	cr_assert_eq(daemon_database_path(system, given, &path, &error), 0, "%s", error.text);
	cr_assert_str_eq(path, expected);
}

static void expect_socket(bool system, const char *given, const char *expected)
{
	auto_free char *path = NULL;

	cr_assert_eq(daemon_socket_path(system, given, &path, &error), 0, "%s", error.text);
	cr_assert_str_eq(path, expected);
}

Test(daemon_paths, what_is_told_wins)
{
	expect_database(true, "/tmp/my.db", "/tmp/my.db");
	expect_socket(true, "/tmp/my.sock", "/tmp/my.sock");
}

Test(daemon_paths, the_system_has_its_places)
{
	expect_database(true, NULL, "/var/lib/banger/state.db");
	expect_socket(true, NULL, "/run/banger/bangerd.sock");
}

Test(daemon_paths, the_users_places_follow_the_environment)
{
	cr_assert_eq(setenv("HOME", "/home/me", 1), 0);
	expect_database(false, NULL, "/home/me/.local/state/banger/state.db");
	cr_assert_eq(setenv("XDG_STATE_HOME", "/state", 1), 0);
	expect_database(false, NULL, "/state/banger/state.db");
	cr_assert_eq(setenv("XDG_RUNTIME_DIR", "/run/user/7", 1), 0);
	expect_socket(false, NULL, "/run/user/7/banger/bangerd.sock");
}

Test(daemon_paths, relative_variables_are_ignored)
{
	cr_assert_eq(setenv("HOME", "/home/me", 1), 0);
	cr_assert_eq(setenv("XDG_STATE_HOME", "state", 1), 0);
	expect_database(false, NULL, "/home/me/.local/state/banger/state.db");
}

Test(daemon_paths, without_an_environment_it_is_an_error)
{
	char *path = NULL;

	cr_assert_eq(daemon_database_path(false, NULL, &path, &error), -ENOENT);
	cr_assert_eq(daemon_socket_path(false, NULL, &path, &error), -ENOENT);
	cr_assert_null(path);
}
