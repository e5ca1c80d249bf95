/*
 * test_banger.c - banger's commands, and the updater it becomes.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/guard.h"
#include "cli/banger.h"
#include "daemon_fixture.h"
#include "support/scratch.h"

static void expect_banger(const char *word, int code, const char *printed)
{
	const char *argv[] = {BANGER, word, NULL};
	auto_free char *text = NULL;
	int got = program_run(argv, &text);

	cr_assert_eq(got, code, "exit %d: %s", got, text);
	cr_assert_not_null(strstr(text, printed), "%s", text);
}

Test(banger, the_version_is_printed_either_way)
{
	expect_banger("version", 0, "banger 0.1.0\n");
	expect_banger("--version", 0, "banger 0.1.0\n");
}

Test(banger, help_names_every_command)
{
	for (const struct banger_command *row = banger_commands; row->name != NULL; row++) {
		expect_banger("help", 0, row->name);
		expect_banger("--help", 0, row->summary);
	}
}

Test(banger, wrong_usage_exits_with_sixty_four)
{
	expect_banger("nonsense", 64, "'nonsense'");
	expect_banger(NULL, 64, "Usage: ");
}

/* banger alone in a directory of its own. */
static char *install_banger(const struct scratch *scratch)
{
	char *copy = scratch_path(scratch, "banger");
	struct error error;
	auto_close int from = file_open(BANGER, &error);

	scratch_write_bytes(copy, "", 0, 0755);
	auto_close int to = open(copy, O_WRONLY | O_CLOEXEC);

	cr_assert(from >= 0 && to >= 0);
	cr_assert_eq(file_copy(from, to, copy, &error), 0, "%s", error.text);
	return copy;
}

Test(banger, update_becomes_the_updater_beside_it)
{
	struct scratch scratch = scratch_make();
	auto_free char *banger = install_banger(&scratch);
	auto_free char *updater = scratch_path(&scratch, "banger-update");
	static const char script[] = "#!/bin/sh\necho \"updater: $*\"\nexit 42\n";
	const char *argv[] = {banger, "update", "--check", "--to", "1.2.3", NULL};
	auto_free char *text = NULL;

	scratch_write_bytes(updater, script, strlen(script), 0755);
	cr_assert_eq(program_run(argv, &text), 42, "%s", text);
	cr_assert_str_eq(text, "updater: --check --to 1.2.3\n");
	scratch_remove(&scratch);
}

Test(banger, an_updater_that_cannot_be_run_is_told)
{
	struct scratch scratch = scratch_make();
	auto_free char *banger = install_banger(&scratch);
	auto_free char *updater = scratch_path(&scratch, "banger-update");
	const char *argv[] = {banger, "update", NULL};
	auto_free char *text = NULL;

	scratch_write_bytes(updater, "", 0, 0644);
	cr_assert_eq(program_run(argv, &text), 3, "%s", text);
	cr_assert_not_null(strstr(text, "cannot run banger-update"), "%s", text);
	scratch_remove(&scratch);
}
