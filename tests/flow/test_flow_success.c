/*
 * test_flow_success.c - updates that end well, seen from outside: what runs afterwards, what is on
 * the disk, what is in the database, and what is left behind.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/world.h"

static struct world world;

static void begin(const struct world_options *options)
{
	world = world_make(options);
}

static void begin_plain(void)
{
	begin(&(struct world_options){0});
}

static void end(void)
{
	world_finish(&world);
}

static void publish(const char *version, size_t migrations)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = version,
							      .migrations = migrations});

	release_built_free(&built);
}

static void assert_exit(const char *line, int expected)
{
	struct outcome outcome = world_update(&world, line);

	cr_assert_eq(outcome.exit_code, expected, "'%s' exits with %d:\n%s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	outcome_free(&outcome);
}

static void assert_says(const char *line, const char *expected)
{
	struct outcome outcome = world_update(&world, line);

	cr_assert(strstr(outcome.output, expected) != NULL ||
			  strstr(outcome.errors, expected) != NULL,
		  "'%s' does not say '%s':\n%s%s", line, expected, outcome.output, outcome.errors);
	outcome_free(&outcome);
}

static void assert_version(const char *expected)
{
	char *version = world_version(&world);

	cr_assert_str_eq(version, expected);
	free(version);
}

/* Nothing of a run remains beside what is installed but the one generation of backups. */
static void assert_clean(void)
{
	char *listing = world_files(&world);

	cr_assert_null(strstr(listing, ".banger-update"), "%s", listing);
	free(listing);
	cr_assert_eq(world_processes(&world), world_daemon(&world) > 0 ? 1 : 0);
}

TestSuite(success, .init = begin_plain, .fini = end);
TestSuite(other_hosts, .fini = end); /* each begins with a host of its own */

Test(success, the_new_release_runs_and_its_migration_is_applied)
{
	publish("0.2.0", 3);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	cr_assert(world_daemon_is_installed(&world));
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms WHERE workspace_json='{}'"), 1);
	cr_assert_eq(world_failed_copies(&world), 0);
	assert_clean();
}

Test(success, the_replaced_files_are_kept_as_previous)
{
	char *old = path_join(world.bin, "bangerd");
	char *previous = path_join(world.bin, "bangerd.previous");
	struct stat before;
	struct stat after;

	cr_assert_eq(stat(old, &before), 0);
	publish("0.2.0", 2);
	assert_exit("", 0);
	cr_assert_eq(stat(previous, &after), 0);
	cr_assert_eq(before.st_ino, after.st_ino);
	cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	free(old);
	free(previous);
}

Test(success, a_second_run_has_nothing_to_do)
{
	publish("0.2.0", 3);
	assert_exit("", 0);
	pid_t daemon = world_daemon(&world);
	char *files = world_files(&world);

	assert_exit("", 0);
	assert_says("", "up to date");
	char *again = world_files(&world);

	cr_assert_str_eq(files, again);
	cr_assert_eq(world_daemon(&world), daemon);
	free(files);
	free(again);
}

Test(success, a_chain_of_releases_is_installed_one_after_the_other)
{
	publish("0.2.0", 3);
	assert_exit("", 0);
	publish("0.3.0", 4);
	assert_exit("", 0);
	assert_version("banger 0.3.0");
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM notes"), 1);
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms"), 1);
	assert_clean();
}

Test(success, check_tells_by_its_exit_code_whether_there_is_something_newer)
{
	publish("0.2.0", 3);
	char *files = world_files(&world);

	assert_exit("--check", 1);
	assert_says("--check", "0.2.0 is available");
	cr_assert_not(scratch_exists(world.state), "--check left a trace");
	assert_exit("", 0);
	assert_exit("--check", 0);
	free(files);
}

Test(success, a_dry_run_changes_nothing)
{
	publish("0.2.0", 3);
	char *files = world_files(&world);
	char *dump = world_dump(&world);
	pid_t daemon = world_daemon(&world);

	assert_exit("--dry-run", 0);
	assert_says("--dry-run", "nothing was changed");
	char *files_after = world_files(&world);
	char *dump_after = world_dump(&world);

	cr_assert_str_eq(files, files_after);
	cr_assert_str_eq(dump, dump_after);
	cr_assert_eq(world_daemon(&world), daemon);
	free(files);
	free(dump);
	free(files_after);
	free(dump_after);
}

Test(success, preflight_answers_needed_when_migrations_are_pending)
{
	publish("0.2.0", 3);
	assert_exit("preflight", 1);
	assert_says("preflight", "needed:");
	assert_version("banger 0.1.0");
	assert_clean();
}

Test(success, preflight_answers_compatible_when_the_schema_stays)
{
	publish("0.2.0", 2);
	assert_exit("preflight", 0);
	assert_says("preflight", "compatible:");
}

Test(success, without_release_json_the_staged_daemon_is_asked)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = "0.2.0",
							      .migrations = 3,
							      .without_release_json = true});

	release_built_free(&built);
	assert_exit("preflight", 1);
	assert_exit("", 0);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
}

Test(success, a_release_at_hand_is_installed_from_its_directory_or_its_tarball)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = "0.2.0", .migrations = 3});
	char *directory = path_directory(built.tarball);
	char *line = NULL;

	cr_assert(asprintf(&line, "--release %s", directory) > 0);
	assert_exit(line, 0);
	assert_version("banger 0.2.0");
	free(line);
	free(directory);
	release_built_free(&built);

	built = world_publish(&world, &(struct world_release){.version = "0.3.0", .migrations = 3});
	cr_assert(asprintf(&line, "--release %s", built.tarball) > 0);
	assert_exit(line, 0);
	assert_version("banger 0.3.0");
	free(line);
	release_built_free(&built);
}

Test(success, an_older_release_is_installed_only_when_it_is_named)
{
	publish("0.2.0", 2);
	assert_exit("", 0);
	publish("0.1.5", 2);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	assert_exit("--to 0.1.5", 0);
	assert_version("banger 0.1.5");
}

Test(success, force_installs_the_same_version_again)
{
	publish("0.1.0", 2);
	pid_t daemon = world_daemon(&world);

	assert_exit("", 0);
	cr_assert_eq(world_daemon(&world), daemon);
	assert_exit("--force", 0);
	cr_assert_neq(world_daemon(&world), daemon);
	cr_assert(world_daemon_is_installed(&world));
}

Test(success, json_is_one_object_on_stdout_and_nothing_else)
{
	publish("0.2.0", 3);
	struct outcome outcome = world_update(&world, "--json");

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	cr_assert_str_eq(outcome.errors, "");
	cr_assert_eq(outcome.output[0], '{');
	cr_assert_eq(strchr(outcome.output, '\n'), strrchr(outcome.output, '\n'));
	cr_assert_not_null(strstr(outcome.output, "\"result\":\"updated\""));
	cr_assert_not_null(strstr(outcome.output, "\"from\":\"0.1.0\",\"to\":\"0.2.0\""));
	cr_assert_not_null(strstr(outcome.output, "schema.pending"));
	outcome_free(&outcome);
}

Test(success, quiet_says_only_the_result)
{
	publish("0.2.0", 3);
	struct outcome outcome = world_update(&world, "--quiet");

	cr_assert_str_eq(outcome.errors, "");
	cr_assert_str_eq(outcome.output, "banger 0.2.0 is installed and healthy (was 0.1.0)\n");
	outcome_free(&outcome);
}

Test(success, mode_of_the_replaced_file_is_kept)
{
	char *bangerd = path_join(world.bin, "bangerd");
	struct stat after;

	cr_assert_eq(chmod(bangerd, 0750), 0);
	publish("0.2.0", 3);
	assert_exit("", 0);
	cr_assert_eq(stat(bangerd, &after), 0);
	cr_assert_eq(after.st_mode & 07777, 0750);
	free(bangerd);
}

Test(success, owner_and_capabilities_of_the_replaced_file_are_kept)
{
	char *bangerd = path_join(world.bin, "bangerd");
	char *command = NULL;
	struct stat after;

	if (geteuid() != 0) {
		free(bangerd);
		cr_skip_test("only root gives files and capabilities away");
	}
	cr_assert_eq(chown(bangerd, 0, 12345), 0);
	cr_assert(asprintf(&command, "/sbin/setcap cap_net_bind_service=ep %s", bangerd) > 0);
	cr_assert_eq(system(command), 0);
	free(command);
	publish("0.2.0", 3);
	assert_exit("", 0);
	cr_assert_eq(stat(bangerd, &after), 0);
	cr_assert_eq(after.st_gid, 12345);
	cr_assert(asprintf(&command, "/sbin/getcap %s | grep -q cap_net_bind_service=ep", bangerd) >
		  0);
	cr_assert_eq(system(command), 0);
	free(command);
	free(bangerd);
}

Test(other_hosts, services_that_did_not_run_are_not_started)
{
	begin(&(struct world_options){.stopped = true, .without_health = true});
	publish("0.2.0", 3);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	cr_assert_eq(world_daemon(&world), 0);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
}

Test(other_hosts, paths_with_blanks_are_no_matter)
{
	begin(&(struct world_options){.directory = "a host with blanks"});
	publish("0.2.0", 3);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	cr_assert(world_daemon_is_installed(&world));
	assert_clean();
}

Test(other_hosts, staging_on_another_file_system_is_copied_over)
{
	struct stat here;
	struct stat there;
	char staging[] = "/dev/shm/banger-staging-XXXXXX";
	char *keys = NULL;

	cr_assert_not_null(mkdtemp(staging));
	cr_assert(asprintf(&keys, "staging_dir = %s", staging) > 0);
	begin(&(struct world_options){.update_keys = keys});
	cr_assert_eq(stat(world.bin, &here), 0);
	cr_assert_eq(stat(staging, &there), 0);
	publish("0.2.0", 3);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	cr_assert(world_daemon_is_installed(&world));
	cr_assert_eq(rmdir(staging), 0, "something is left in %s", staging);
	free(keys);
	if (here.st_dev == there.st_dev) {
		cr_skip_test("/dev/shm is no file system of its own here");
	}
}

Test(other_hosts, a_root_is_put_before_every_path)
{
	begin(&(struct world_options){0});
	publish("0.2.0", 3);
	/* The INI names the host's paths without the scratch directory in front. */
	char *ini = scratch_read(world.ini);
	struct buffer rootless = BUFFER_INIT(64u << 10);
	char *line = NULL;
	size_t length = strlen(world.scratch.path);

	for (const char *at = ini; *at != '\0';) {
		bool is_path = strncmp(at, world.scratch.path, length) == 0;
		bool is_url = at >= ini + 7 && strncmp(at - 7, "file://", 7) == 0;
		bool is_argument = at > ini && (at[-1] == ' ' || at[-1] == '"') &&
				   strncmp(at - 2, "= ", 2) != 0 && strncmp(at - 3, "= \"", 3) != 0;

		if (is_path && !is_url) {
			cr_assert_eq(buffer_add_format(&rootless, "%s",
						       is_argument ? "{root}" : ""),
				     0);
			at += length;
			continue;
		}
		cr_assert_eq(buffer_add(&rootless, at++, 1), 0);
	}
	scratch_write(world.ini, buffer_text(&rootless));
	/* What the INI runs of the host itself has to be there, too. */
	char *sbin = scratch_path(&world.scratch, "sbin");
	char *tool = scratch_path(&world.scratch, "sbin/start-stop-daemon");

	scratch_directory(sbin);
	cr_assert_eq(symlink("/sbin/start-stop-daemon", tool), 0);
	cr_assert(asprintf(&line, "--root %s", world.scratch.path) > 0);
	assert_exit(line, 0);
	assert_version("banger 0.2.0");
	cr_assert(world_daemon_is_installed(&world));
	free(ini);
	free(line);
	free(sbin);
	free(tool);
	buffer_finish(&rootless);
}
