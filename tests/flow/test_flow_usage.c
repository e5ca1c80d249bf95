/*
 * test_flow_usage.c - command lines and INI files that cannot be meant: exit 64, nothing started,
 * and what to write instead; as one JSON object, too, when that was asked for.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
	publish_release(&world, "0.2.0", 3, NULL);
}

static void end(void)
{
	world_finish(&world);
}

static void expect_usage_error(const char *line, const char *says, const char *also)
{
	expect_nothing_changed(&world, line, EXPECTED_UNRECORDED(64, NULL, says, also));
	cr_assert_not(scratch_exists(world.state), "a usage error left a trace");
}

TestSuite(usage, .init = begin, .fini = end);

Test(usage, options_that_do_not_exist)
{
	expect_usage_error("--frobnicate", "there is no option '--frobnicate'", NULL);
	expect_usage_error("-x", "there is no option '-x'", NULL);
	expect_usage_error("--check=yes", "--check=yes", NULL);
}

Test(usage, options_without_their_value)
{
	expect_usage_error("--to", "'--to' wants a value", NULL);
	expect_usage_error("--waive", "'--waive' wants a value", NULL);
}

Test(usage, options_that_exclude_each_other)
{
	expect_usage_error("--check --dry-run", "--check and --dry-run exclude each other", NULL);
}

Test(usage, options_that_a_command_would_ignore)
{
	expect_usage_error("preflight --dry-run", "'preflight' does not take", NULL);
	expect_usage_error("config check --force", "'config' does not take", NULL);
}

Test(usage, commands_that_do_not_exist)
{
	expect_usage_error("upgrade", "there is no command 'upgrade'", NULL);
	expect_usage_error("update now", "'now' is one word too many", "'update'");
}

Test(usage, a_root_that_is_not_absolute)
{
	expect_usage_error("--root here", "--root wants an absolute directory", "'here'");
}

Test(usage, a_root_that_is_not_there)
{
	expect_usage_error("--root /no/such/root", "cannot use the root /no/such/root",
			   "No such file or directory");
}

Test(usage, an_ini_file_that_is_not_there)
{
	expect_usage_error("--config /no/such/file.ini", "/no/such/file.ini",
			   "No such file or directory");
}

Test(usage, an_ini_file_that_is_a_directory)
{
	char *line = NULL;

	cr_assert(asprintf(&line, "--config %s", world.bin) > 0);
	expect_usage_error(line, world.bin, "not a regular file");
	free(line);
}

Test(usage, a_key_that_is_unknown_comes_with_its_line_and_the_known_ones)
{
	char *where = NULL;

	/* It becomes the first line behind the first header. */
	world_configure(&world, "[update]", "manifst", "file:///");
	cr_assert(asprintf(&where, "%s:2: unknown key 'manifst' in [update]", world.ini) > 0);
	expect_usage_error("", where, "manifest");
	expect_usage_error("--check", where, "manifest");
	expect_usage_error("preflight", where, "manifest");
	expect_usage_error("config check", where, "manifest");
	free(where);
}

Test(usage, a_value_that_means_nothing_comes_with_its_line)
{
	char *where = NULL;

	world_configure(&world, "[update]", "max_tarball", "plenty");
	cr_assert(asprintf(&where, "%s:2: ", world.ini) > 0);
	expect_usage_error("", where, "max_tarball = plenty");
	free(where);
}

Test(usage, a_section_that_is_unknown_comes_with_its_line)
{
	world_configure(&world, "[artefact bangerd]", "install", "/bin/false");
	expect_usage_error("", world.ini, "artefact");
}

Test(usage, a_service_whose_binary_is_no_artifact)
{
	world_configure(&world, "[service bangerd]", "binary", "hangard");
	expect_usage_error("", world.ini, "there is no [artifact hangard]");
}

Test(usage, help_and_version_need_no_configuration)
{
	struct outcome help = world_update(&world, "--config /no/such/file --help");
	struct outcome version = world_update(&world, "--config /no/such/file --version");

	cr_assert_eq(help.exit_code, 0);
	cr_assert_not_null(strstr(help.output, "usage: banger-update"));
	cr_assert_eq(version.exit_code, 0);
	cr_assert_eq(strncmp(version.output, "banger-update ", 14), 0);
	outcome_free(&help);
	outcome_free(&version);
}

Test(usage, a_release_at_hand_that_is_not_there_is_an_error_of_the_run)
{
	expect_nothing_changed(&world, "--release /no/such/release",
			       EXPECTED_UNRECORDED(3, "discover", "/no/such/release",
						   "No such file or directory"));
}

/* Only root has another user to offer. */
static void expect_no_user(const char *name, const char *says)
{
	if (geteuid() != 0) {
		cr_skip_test("only root runs plugins as somebody else");
	}
	world_configure(&world, "[preflight]", "user", name);
	expect_nothing_changed(&world, "", EXPECTED(3, "preflight", says, "user in [preflight]"));
}

Test(usage, a_user_for_plugins_that_does_not_exist)
{
	expect_no_user("no-such-user", "there is no user no-such-user");
}

Test(usage, root_as_the_user_for_plugins)
{
	expect_no_user("root", "grant = root");
}
