/*
 * test_flow_self.c - an updater that is part of what it updates: banger-update, its helpers and the
 * plugins are artifacts of the release, and each run is that of the program that is installed.
 *
 * A run keeps the helpers that it opened at its start; the plugins it loads are those of before the
 * swap. What comes next is done by whatever the swap, or the way back, has left.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/file.h"
#include "flow/expect.h"

#define PREFIX BANGER_BUILD_DIR "/prefix"

static const struct piece {
	const char *name;
	const char *built;     /* below the prefix */
	const char *installed; /* below the scratch directory */
} pieces[] = {
	{"banger-update", "bin/banger-update", "host/bin/banger-update"},
	{"fetch", "libexec/banger-update/fetch", "host/libexec/banger-update/fetch"},
	{"unpack", "libexec/banger-update/unpack", "host/libexec/banger-update/unpack"},
	{"preflight-host", "libexec/banger-update/preflight-host",
	 "host/libexec/banger-update/preflight-host"},
	{"schema-migration.so", "lib/banger-update/preflight.d/schema-migration.so",
	 "plugins/schema-migration.so"},
	{"staged-binaries.so", "lib/banger-update/preflight.d/staged-binaries.so",
	 "plugins/staged-binaries.so"},
};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static struct world world;

/* The built program as another release has it: the same, with a line behind its end. */
static void make_piece(const struct piece *piece, const char *version, const char *to)
{
	char *command = NULL;

	cr_assert(asprintf(&command, "{ cat %s/%s; echo of release %s; } >%s && chmod 755 %s",
			   PREFIX, piece->built, version, to, to) > 0);
	cr_assert_eq(system(command), 0, "%s", command);
	free(command);
}

static void install_piece(const struct piece *piece)
{
	char *path = scratch_path(&world.scratch, "%s", piece->installed);
	char *section = NULL;

	cr_assert(asprintf(&section, "[artifact %s]", piece->name) > 0);
	make_piece(piece, "0.1.0", path);
	world_configure(&world, section, "install", path);
	free(section);
	free(path);
}

static void set_up(void)
{
	world = world_make(&(struct world_options){0});
	char *libexec = scratch_path(&world.scratch, "host/libexec");
	char *helpers = scratch_path(&world.scratch, "host/libexec/banger-update");

	scratch_directory(libexec);
	scratch_directory(helpers);
	for (size_t i = 0; i < PIECES; i++) {
		install_piece(&pieces[i]);
	}
	/* What is behind their end is no version that they would print. */
	world_configure(&world, "[plugin staged-binaries]", "no_version",
			"banger-update fetch unpack preflight-host");
	free(helpers);
	free(libexec);
}

static void tear_down(void)
{
	world_finish(&world);
}

TestSuite(self, .init = set_up, .fini = tear_down, .timeout = 300);

static void publish(const char *version, const char *behaviour)
{
	char *daemon = scratch_path(&world.scratch, "releases/bangerd-%s", version);
	struct release_file files[PIECES + 2] = {{.name = "bangerd", .path = daemon},
						 {.name = "banger", .path = daemon}};

	for (size_t i = 0; i < PIECES; i++) {
		char *path = scratch_path(&world.scratch, "releases/%s", pieces[i].name);

		make_piece(&pieces[i], version, path);
		files[i + 2] = (struct release_file){.name = pieces[i].name, .path = path};
	}
	struct release_built built =
		world_publish(&world, &(struct world_release){
					      .version = version,
					      .migrations = 2,
					      .behaviour = behaviour,
					      .spec = {.files = files, .file_count = PIECES + 2},
				      });

	for (size_t i = 0; i < PIECES; i++) {
		free((void *)(uintptr_t)files[i + 2].path);
	}
	release_built_free(&built);
	free(daemon);
}

/* The installed program's own run, and what it has to say. */
static void expect_own(const char *line, int exit_code, const char *says)
{
	char *shell = NULL;

	cr_assert(asprintf(&shell, "shift; exec %s/banger-update \"$@\"", world.bin) > 0);
	struct outcome outcome = world_update_from(&world, shell, line);

	cr_assert_eq(outcome.exit_code, exit_code, "'%s' exits with %d:\n%s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	cr_assert(says == NULL || strstr(outcome.output, says) != NULL ||
			  strstr(outcome.errors, says) != NULL,
		  "'%s' does not say '%s':\n%s%s", line, says != NULL ? says : "", outcome.output,
		  outcome.errors);
	outcome_free(&outcome);
	free(shell);
}

/* Every piece is that of the release, byte for byte. */
static void assert_pieces_of(const char *version)
{
	char *expected = scratch_path(&world.scratch, "expected");

	for (size_t i = 0; i < PIECES; i++) {
		char *path = scratch_path(&world.scratch, "%s", pieces[i].installed);
		struct digest want;
		struct digest have;
		struct error err;

		make_piece(&pieces[i], version, expected);
		cr_assert_eq(digest_path(expected, &want, &err), 0, "%s", err.text);
		cr_assert_eq(digest_path(path, &have, &err), 0, "%s", err.text);
		cr_assert_arr_eq(have.bytes, want.bytes, DIGEST_SIZE, "%s is not that of %s", path,
				 version);
		free(path);
	}
	cr_assert_eq(unlink(expected), 0);
	free(expected);
	assert_runs(&world, version);
}

Test(self, a_failed_release_takes_its_updater_back_with_it)
{
	struct sight before = sight_take(&world);

	publish("0.2.0", "unhealthy");
	expect_own("", 4, "0.2.0 failed");
	assert_restored(&world, &before, 0);
	assert_pieces_of("0.1.0");
	expect_own("status", 0, "held:        0.2.0");
	publish("0.3.0", NULL);
	expect_own("", 0, "0.3.0 is installed and healthy");
	assert_pieces_of("0.3.0");
	sight_free(&before);
}

Test(self, the_new_updater_goes_on_from_what_the_old_one_wrote)
{
	publish("0.2.0", NULL);
	expect_own("", 0, "0.2.0 is installed and healthy");
	assert_pieces_of("0.2.0");
	expect_own("status", 0, "0.2.0");
	expect_own("history", 0, "0.1.0 -> 0.2.0  updated");
	expect_own("preflight", 0, NULL);
	expect_own("rollback --yes", 0, "0.1.0 is installed and healthy");
	assert_pieces_of("0.1.0");
	expect_own("", 0, "0.2.0 is installed and healthy");
	assert_pieces_of("0.2.0");
}

/* Killed with all its files replaced: the new updater takes back the run that brought it. */
Test(self, the_new_updater_takes_itself_back_after_a_kill)
{
	char *start = world_start_command(&world);
	char *kill = world_script(&world, "start.sh", "kill -9 $updater; exit 1");

	publish("0.2.0", NULL);
	world_configure(&world, "[service bangerd]", "start", kill);
	expect_own("", -1, NULL);
	free(world_script(&world, "start.sh", "exec %s", start));
	expect_own("status", 0, "INTERRUPTED");
	expect_own("recover", 0, "0.1.0 stays");
	assert_pieces_of("0.1.0");
	expect_own("", 0, "0.2.0 is installed and healthy");
	assert_pieces_of("0.2.0");
	free(kill);
	free(start);
}
