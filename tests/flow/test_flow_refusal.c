/*
 * test_flow_refusal.c - updates that a preflight plugin stops, or cannot judge: the sentence
 * names cause and remedy, and host, database and daemon are as before.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
}

static void end(void)
{
	world_finish(&world);
}

/* A release whose bangerd is this text. */
static void publish_bangerd(const char *text)
{
	const struct release_file files[] = {
		{.name = "bangerd", .text = text},
		{.name = "banger", .text = "#!/bin/sh\necho banger 0.2.0\n"},
	};
	struct release_built built =
		world_publish(&world,
			      &(struct world_release){.version = "0.2.0",
						      .migrations = 3,
						      .spec = {.files = files, .file_count = 2}});

	release_built_free(&built);
}

/* With this plugin beside the others, an update that would be fine is refused. */
static void expect_refusal_by(const char *plugin, const struct expected *expected)
{
	world_add_plugin(&world, plugin);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_nothing_changed(&world, "", expected);
}

/* How many processes have this name. */
static unsigned processes_called(const char *name)
{
	DIR *proc = opendir("/proc");
	unsigned count = 0;

	cr_assert_not_null(proc);
	for (const struct dirent *one = readdir(proc); one != NULL; one = readdir(proc)) {
		char path[300];
		struct error err;
		struct buffer comm = BUFFER_INIT(64);

		(void)snprintf(path, sizeof(path), "/proc/%s/comm", one->d_name);
		count += one->d_name[0] >= '1' && one->d_name[0] <= '9' &&
			 file_read_path(path, &comm, &err) == 0 &&
			 strncmp(buffer_text(&comm), name, strlen(name)) == 0;
		buffer_finish(&comm);
	}
	(void)closedir(proc);
	return count;
}

TestSuite(refusal, .init = begin, .fini = end);

Test(refusal, a_release_older_than_the_database_is_incompatible)
{
	world_sql(&world, "INSERT INTO schema_migrations (id, name, applied_at) "
			  "VALUES (3, 'add_vm_workspace', 't'), (77, 'far_ahead', 't')");
	publish_release(&world, "0.2.0", 2, NULL);
	expect_nothing_changed(
		&world, "",
		EXPECTED(2, "preflight",
			 "database state has migrations [3 77] that release 0.2.0 does not know",
			 "choose a release that knows them", "was refused by: schema-migration"));
}

Test(refusal, a_release_that_is_older_and_newer_at_once_is_incompatible)
{
	world_sql(&world, "INSERT INTO schema_migrations (id, name, applied_at) "
			  "VALUES (77, 'far_ahead', 't')");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "has migrations [77] that release 0.2.0"));
}

Test(refusal, a_binary_of_another_version_is_incompatible)
{
	publish_bangerd("#!/bin/sh\necho bangerd 0.1.9\n");
	expect_nothing_changed(
		&world, "",
		EXPECTED(2, "preflight",
			 "bangerd --version does not name 0.2.0 but says: bangerd 0.1.9",
			 "do not install this release"));
}

Test(refusal, a_file_that_is_no_program_is_incompatible)
{
	publish_bangerd("just some text\n");
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "bangerd is", "not a program",
					"do not install this release"));
}

Test(refusal, a_script_without_its_interpreter_is_incompatible)
{
	publish_bangerd("#!/no/such/interpreter\n");
	expect_nothing_changed(&world, "",
			       EXPECTED(2, "preflight", "/no/such/interpreter",
					"install what provides the interpreter"));
}

Test(refusal, a_plugin_that_crashes_is_an_error)
{
	expect_refusal_by("crash",
			  EXPECTED(3, "preflight", "crashed: its process was killed by signal 11",
				   "report it to the plugin's author", "could not find out",
				   "crash"));
}

Test(refusal, a_plugin_that_hangs_is_stopped_and_is_an_error)
{
	world_configure(&world, "[plugin hang]", "timeout", "300ms");
	expect_refusal_by("hang", EXPECTED(3, "preflight", "did not finish within 300 ms",
					   "give it more time with timeout ="));
}

Test(refusal, a_plugin_that_exits_with_1_and_no_word_is_an_error_and_not_needed)
{
	expect_refusal_by("exit-silently",
			  EXPECTED(3, "preflight", "exited with 1 before its check returned",
				   "report it to the plugin's author"));
}

Test(refusal, a_plugin_with_a_section_and_no_file_is_an_error)
{
	char *missing = path_join(world.plugins, "ghost.so");

	world_configure(&world, "[plugin ghost]", "enabled", "yes");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight",
					"has a section [plugin ghost], but there is no", missing,
					"install the plugin, or remove"));
	free(missing);
}

Test(refusal, a_plugin_that_others_may_write_is_not_run_by_root)
{
	world_skip_unless(&world, geteuid() == 0, "only root is so careful");
	char *path = path_join(world.plugins, "ok.so");
	char *says = NULL;

	world_add_plugin(&world, "ok");
	publish_release(&world, "0.2.0", 3, NULL);
	cr_assert_eq(chmod(path, 0775), 0);
	cr_assert(asprintf(&says, "%s is group-writable (g+w): run chmod go-w %s", path, path) > 0);
	expect_nothing_changed(&world, "", EXPECTED(3, "preflight", says));
	free(says);
	cr_assert_eq(chmod(path, 0757), 0);
	cr_assert(asprintf(&says, "%s is world-writable (o+w)", path) > 0);
	expect_nothing_changed(&world, "", EXPECTED(3, "preflight", says));
	free(says);
	free(path);
}

Test(refusal, every_finding_is_shown_and_the_worst_verdict_counts)
{
	world_add_plugin(&world, "crash");
	world_add_plugin(&world, "exit-silently");
	world_add_plugin(&world, "busy");
	world_add_plugin(&world, "two-findings");
	publish_bangerd("just some text\n");
	expect_nothing_changed(
		&world, "",
		EXPECTED(2, "preflight",
			 "refused by: busy, crash, exit-silently, staged-binaries, two-findings",
			 "signal 11", "2 operations are in flight", "wait until they are done",
			 "exited with 1", "something will happen", "must not happen",
			 "not a program"));
}

Test(refusal, busy_is_for_later_unless_it_is_waived)
{
	expect_refusal_by("busy", EXPECTED(75, "preflight", "2 operations are in flight",
					   "wait until they are done", "refused by: busy"));
	expect_nothing_changed(&world, "--waive baseline",
			       EXPECTED(75, "preflight", "refused by: busy"));
	expect_exit(&world, "--waive busy", 0, "is installed and healthy");
}

Test(refusal, neither_force_nor_waive_helps_against_incompatible)
{
	expect_refusal_by("two-findings", EXPECTED(2, "preflight", "must not happen"));
	expect_nothing_changed(&world, "--force",
			       EXPECTED(2, "preflight", "must not happen", "do not"));
	expect_nothing_changed(&world, "--waive two-findings",
			       EXPECTED(2, "preflight", "must not happen", "do not"));
}

Test(refusal, on_error_decides_what_an_error_counts_and_nothing_else)
{
	world_add_plugin(&world, "crash");
	publish_release(&world, "0.2.0", 2, NULL);
	world_configure(&world, "[plugin crash]", "on_error", "attention");
	expect_exit(&world, "preflight", 1, "needed: banger 0.2.0");
	world_configure(&world, "[plugin crash]", "on_error", "ignore");
	expect_exit(&world, "preflight", 0, "compatible: banger 0.2.0");
	world_configure(&world, "[plugin two-findings]", "on_error", "ignore");
	expect_refusal_by("two-findings", EXPECTED(2, "preflight", "must not happen"));
	world_configure(&world, "[plugin two-findings]", "enabled", "no");
	expect_exit(&world, "", 0, "signal 11");
}

Test(refusal, an_error_that_counts_for_nothing_lifts_nothing_else)
{
	world_configure(&world, "[plugin busy-crash]", "on_error", "ignore");
	expect_refusal_by("busy-crash", EXPECTED(75, "preflight", "2 operations are in flight",
						 "signal 11", "refused by: busy-crash"));
	world_configure(&world, "[plugin busy-crash]", "on_error", "attention");
	expect_nothing_changed(&world, "", EXPECTED(75, "preflight", "refused by: busy-crash"));
	world_configure(&world, "[plugin busy-crash]", "on_error", "block");
	expect_nothing_changed(&world, "--waive busy-crash",
			       EXPECTED(3, "preflight", "could not find out", "busy-crash"));
	world_configure(&world, "[plugin busy-crash]", "on_error", "ignore");
	expect_exit(&world, "--waive busy-crash", 0, "is installed and healthy");
}

Test(refusal, a_required_check_that_did_not_apply_is_an_error)
{
	world_configure(&world, "[plugin skip]", "required", "no");
	world_add_plugin(&world, "skip");
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "preflight", 0, "this host has none of that");
	world_configure(&world, "[plugin skip]", "required", "yes");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight",
					"this check is required, but it did not apply",
					"set required = no"));
}

Test(refusal, a_plugin_that_is_switched_off_does_not_run_and_says_so)
{
	world_add_plugin(&world, "two-findings");
	world_configure(&world, "[plugin two-findings]", "enabled", "no");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, "switched off in the configuration");
}

Test(refusal, processes_that_a_plugin_leaves_behind_are_ended)
{
	char marker[16];

	(void)snprintf(marker, sizeof(marker), "pfl%d", (int)getpid());
	world_configure(&world, "[plugin linger]", "marker", marker);
	world_add_plugin(&world, "linger");
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "preflight", 0, "linger: compatible");
	cr_assert_eq(processes_called(marker), 0);
}

Test(refusal, an_empty_plugin_directory_is_allowed_and_said)
{
	char *empty = scratch_path(&world.scratch, "empty");

	scratch_directory(empty);
	world_configure(&world, "[preflight]", "plugin_dir", empty);
	world_configure(&world, "[plugin schema-migration]", "enabled", "no");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, "0 plugins asked");
	free(empty);
}

Test(refusal, a_missing_plugin_directory_is_an_error)
{
	world_configure(&world, "[preflight]", "plugin_dir", "/no/such/directory");
	publish_release(&world, "0.2.0", 3, NULL);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight",
					"cannot open the plugin directory /no/such/directory",
					"create it or correct plugin_dir"));
}
