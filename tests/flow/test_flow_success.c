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
#include "flow/expect.h"

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

TestSuite(success, .init = begin_plain, .fini = end);
TestSuite(other_hosts, .fini = end); /* each begins with a host of its own */

Test(success, the_new_release_runs_and_its_migration_is_applied)
{
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms WHERE workspace_json='{}'"), 1);
	cr_assert_eq(world_failed_copies(&world), 0);
}

Test(success, the_replaced_files_are_kept_as_previous)
{
	char *old = path_join(world.bin, "bangerd");
	char *previous = path_join(world.bin, "bangerd.previous");
	struct stat before;
	struct stat after;

	cr_assert_eq(stat(old, &before), 0);
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "", 0, NULL);
	cr_assert_eq(stat(previous, &after), 0);
	cr_assert_eq(before.st_ino, after.st_ino);
	cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	free(old);
	free(previous);
}

Test(success, a_second_run_has_nothing_to_do)
{
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	struct sight before = sight_take(&world);

	expect_exit(&world, "", 0, "up to date");
	assert_unchanged(&world, &before);
	sight_free(&before);
}

Test(success, a_chain_of_releases_is_installed_one_after_the_other)
{
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	publish_release(&world, "0.3.0", 4, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.3.0");
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM notes"), 1);
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM vms"), 1);
}

Test(success, check_tells_by_its_exit_code_whether_there_is_something_newer)
{
	publish_release(&world, "0.2.0", 3, NULL);
	struct sight before = sight_take(&world);

	expect_exit(&world, "--check", 1, "0.2.0 is available");
	assert_unchanged(&world, &before);
	cr_assert_not(scratch_exists(world.state), "--check left a trace");
	expect_exit(&world, "", 0, NULL);
	expect_exit(&world, "--check", 0, "up to date");
	sight_free(&before);
}

Test(success, a_dry_run_changes_nothing)
{
	publish_release(&world, "0.2.0", 3, NULL);
	struct sight before = sight_take(&world);

	expect_exit(&world, "--dry-run", 0, "nothing was changed");
	assert_unchanged(&world, &before);
	sight_free(&before);
}

Test(success, preflight_answers_needed_when_migrations_are_pending)
{
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "preflight", 1, "needed:");
	assert_runs(&world, "0.1.0");
}

Test(success, preflight_answers_compatible_when_the_schema_stays)
{
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "preflight", 0, "compatible:");
}

Test(success, without_release_json_the_staged_daemon_is_asked)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = "0.2.0",
							      .migrations = 3,
							      .without_release_json = true});

	release_built_free(&built);
	expect_exit(&world, "preflight", 1, NULL);
	expect_exit(&world, "", 0, NULL);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
}

Test(success, a_release_at_hand_is_installed_from_its_directory_or_its_tarball)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = "0.2.0", .migrations = 3});
	char *directory = path_directory(built.tarball);
	char *line = NULL;

	cr_assert(asprintf(&line, "--release %s", directory) > 0);
	expect_exit(&world, line, 0, NULL);
	assert_runs(&world, "0.2.0");
	free(line);
	free(directory);
	release_built_free(&built);

	built = world_publish(&world, &(struct world_release){.version = "0.3.0", .migrations = 3});
	cr_assert(asprintf(&line, "--release %s", built.tarball) > 0);
	expect_exit(&world, line, 0, NULL);
	assert_runs(&world, "0.3.0");
	free(line);
	release_built_free(&built);
}

Test(success, an_older_release_is_installed_only_when_it_is_named)
{
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "", 0, NULL);
	publish_release(&world, "0.1.5", 2, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
	expect_exit(&world, "--to 0.1.5", 0, NULL);
	assert_runs(&world, "0.1.5");
}

Test(success, force_installs_the_same_version_again)
{
	publish_release(&world, "0.1.0", 2, NULL);
	pid_t daemon = world_daemon(&world);

	expect_exit(&world, "", 0, NULL);
	cr_assert_eq(world_daemon(&world), daemon);
	expect_exit(&world, "--force", 0, NULL);
	cr_assert_neq(world_daemon(&world), daemon);
	cr_assert(world_daemon_is_installed(&world));
}

Test(success, json_is_one_object_on_stdout_and_nothing_else)
{
	publish_release(&world, "0.2.0", 3, NULL);
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
	publish_release(&world, "0.2.0", 3, NULL);
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
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	cr_assert_eq(stat(bangerd, &after), 0);
	cr_assert_eq(after.st_mode & 07777, 0750);
	free(bangerd);
}

Test(success, owner_and_capabilities_of_the_replaced_file_are_kept)
{
	world_skip_unless(&world, geteuid() == 0, "only root gives files and capabilities away");
	char *bangerd = path_join(world.bin, "bangerd");
	char *command = NULL;
	struct stat after;

	cr_assert_eq(chown(bangerd, 0, 12345), 0);
	cr_assert(asprintf(&command, "/sbin/setcap cap_net_bind_service=ep %s", bangerd) > 0);
	cr_assert_eq(system(command), 0);
	free(command);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
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
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	char *version = world_version(&world);

	cr_assert_str_eq(version, "banger 0.2.0");
	free(version);
	cr_assert_eq(world_daemon(&world), 0);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
}

Test(other_hosts, paths_with_blanks_are_no_matter)
{
	begin(&(struct world_options){.directory = "a host with blanks"});
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
}

Test(other_hosts, staging_on_another_file_system_is_copied_over)
{
	struct stat here;
	struct stat there;
	char staging[] = "/dev/shm/banger-staging-XXXXXX";
	char *keys = NULL;

	cr_assert_not_null(mkdtemp(staging));
	/* Plugins get there as another user. */
	cr_assert_eq(chmod(staging, 0755), 0);
	cr_assert(asprintf(&keys, "staging_dir = %s", staging) > 0);
	begin(&(struct world_options){.update_keys = keys});
	cr_assert_eq(stat(world.bin, &here), 0);
	cr_assert_eq(stat(staging, &there), 0);
	publish_release(&world, "0.2.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
	cr_assert_eq(rmdir(staging), 0, "something is left in %s", staging);
	free(keys);
	world_skip_unless(&world, here.st_dev != there.st_dev,
			  "/dev/shm is no file system of its own here");
}

Test(other_hosts, a_root_is_put_before_every_path)
{
	begin(&(struct world_options){0});
	publish_release(&world, "0.2.0", 3, NULL);
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
	expect_exit(&world, line, 0, NULL);
	assert_runs(&world, "0.2.0");
	free(ini);
	free(line);
	free(sbin);
	free(tool);
	buffer_finish(&rootless);
}
