/*
 * test_flow_back.c - `rollback`, long after an update: the previous release from the files beside,
 * with or without its database; versions that are known to be bad; what the history says.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"
#include "flow/world.h"

static struct world world;

static void set_up(void)
{
	world = world_make(&(struct world_options){0});
}

static void tear_down(void)
{
	world_finish(&world);
}

TestSuite(back, .init = set_up, .fini = tear_down, .timeout = 300);

static void update_to(const char *version, size_t migrations)
{
	publish_release(&world, version, migrations, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, version);
}

static void write_a_row(void)
{
	world_sql(&world, "INSERT INTO images (id, name, rootfs_path, kernel_path, created_at, "
			  "updated_at) VALUES ('i2', 'later', '/r', '/k', 't', 't')");
}

Test(back, there_is_nothing_to_go_back_to_at_first)
{
	expect_exit(&world, "rollback --yes", 3, "there is nothing to go back to");
	expect_exit(&world, "status", 0, "nothing to go back to");
}

Test(back, the_previous_release_runs_again_and_forth)
{
	update_to("0.2.0", 2);
	write_a_row();
	expect_exit(&world, "status", 0, "to 0.1.0");
	expect_exit(&world, "rollback --dry-run", 0, "would be updated from 0.2.0 to 0.1.0");
	assert_runs(&world, "0.2.0");
	expect_exit(&world, "rollback --yes", 0, "0.1.0 is installed and healthy");
	assert_runs(&world, "0.1.0");
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM images"), 2, "no row is lost");
	cr_assert_eq(world_failed_copies(&world), 0);
	expect_exit(&world, "rollback --yes", 0, "0.2.0 is installed and healthy");
	assert_runs(&world, "0.2.0");
}

Test(back, an_old_release_that_does_not_know_the_schema_is_refused)
{
	update_to("0.2.0", 3);
	expect_exit(&world, "rollback --yes", 2, "schema-migration");
	assert_runs(&world, "0.2.0");
}

Test(back, unless_its_database_goes_back_with_it)
{
	update_to("0.2.0", 3);
	write_a_row();
	expect_exit(&world, "rollback --yes --with-database", 0, "0.1.0 is installed and healthy");
	assert_runs(&world, "0.1.0");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
	cr_assert_eq(world_query(&world, "SELECT count(*) FROM images"), 1);
	cr_assert_eq(world_failed_copies(&world), 1, "what was written is kept aside");
}

/* 0.2.0 is installed, and 0.1.0 will never be well; first it does this. */
static void spoil_the_old_release(const char *first)
{
	char *health = world_script(&world, "health.sh",
				    "case $(%s/banger --version) in *0.1.0*) %s; exit 1 ;; esac",
				    world.bin, first);

	update_to("0.2.0", 3);
	world_configure(&world, "[health]", "command", health);
	free(health);
}

static void expect_nothing_of_the_rollback(const char *before)
{
	char *after = world_dump(&world);

	assert_runs(&world, "0.2.0");
	cr_assert_str_eq(before, after);
	free(after);
}

/* What the run itself had put there is in the snapshot that it came from. */
Test(back, a_rollback_that_fails_keeps_what_it_found_and_nothing_else)
{
	spoil_the_old_release("true");
	write_a_row();
	char *before = world_dump(&world);
	struct outcome outcome = world_update(&world, "rollback --yes --with-database");

	cr_assert_eq(outcome.exit_code, 4, "%s", outcome.errors);
	cr_assert_eq(world_failed_copies(&world), 1, "%s", outcome.errors);
	cr_assert_not_null(strstr(outcome.errors, "was put back as the rollback had found it"),
			   "%s", outcome.errors);
	cr_assert_null(strstr(outcome.errors, "new release made of it"), "%s", outcome.errors);
	expect_nothing_of_the_rollback(before);
	expect_exit(&world, "rollback --yes --with-database", 4, NULL);
	outcome_free(&outcome);
	free(before);
}

Test(back, what_the_old_release_wrote_in_a_rollback_that_fails_is_kept_and_called_so)
{
	char *insert = NULL;

	cr_assert(asprintf(&insert,
			   "sqlite3 -cmd '.timeout 5000' %s \"UPDATE images SET name = 'old'\"",
			   world.database) > 0);
	spoil_the_old_release(insert);
	char *before = world_dump(&world);
	struct outcome outcome = world_update(&world, "rollback --yes --with-database");

	cr_assert_eq(outcome.exit_code, 4, "%s", outcome.errors);
	cr_assert_eq(world_failed_copies(&world), 2, "%s", outcome.errors);
	cr_assert_not_null(strstr(outcome.errors, "what 0.1.0 made of it"), "%s", outcome.errors);
	cr_assert_null(strstr(outcome.errors, "new release made of it"), "%s", outcome.errors);
	expect_nothing_of_the_rollback(before);
	outcome_free(&outcome);
	free(before);
	free(insert);
}

Test(back, a_rollback_that_was_killed_with_its_database_gone_back_keeps_what_it_found)
{
	char *start = world_start_command(&world);
	char *script = scratch_path(&world.scratch, "start.sh");

	world_configure(&world, "[service bangerd]", "start", script);
	free(world_script(&world, "start.sh", "exec %s", start));
	update_to("0.2.0", 3);
	char *before = world_dump(&world);

	free(world_script(&world, "start.sh", "kill -9 $updater; exit 1"));
	expect_exit(&world, "rollback --yes --with-database", -1, NULL);
	free(world_script(&world, "start.sh", "exec %s", start));
	expect_exit(&world, "recover", 0, "was put back as the rollback had found it");
	cr_assert_eq(world_failed_copies(&world), 1);
	expect_nothing_of_the_rollback(before);
	free(before);
	free(script);
	free(start);
}

/* As many failures as snapshots are kept (two), and one more. */
Test(back, updates_that_fail_do_not_cost_the_database_to_go_back_to)
{
	static const char *const bad[] = {"0.3.0", "0.3.1", "0.3.2"};

	update_to("0.2.0", 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		publish_release(&world, bad[i], 4, "unhealthy");
		expect_exit(&world, "", 4, NULL);
	}
	expect_exit(&world, "rollback --yes --with-database", 0, "0.1.0 is installed and healthy");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
}

Test(back, a_snapshot_that_is_gone_is_missed_before_anything_is_stopped)
{
	char *snapshots = path_join(world.scratch.path, "host/lib/.banger-update");
	struct error err;

	update_to("0.2.0", 3);
	cr_assert(file_remove_tree(snapshots, &err) == 0, "%s", err.text);
	pid_t daemon = world_daemon(&world);

	expect_exit(&world, "rollback --yes --with-database", 3,
		    "there is no snapshot of database state any more");
	cr_assert_eq(world_daemon(&world), daemon);
	assert_runs(&world, "0.2.0");
	free(snapshots);
}

Test(back, without_a_terminal_it_wants_a_yes)
{
	update_to("0.2.0", 2);
	expect_exit(&world, "rollback", 64, "--yes");
	assert_runs(&world, "0.2.0");
}

Test(back, a_backup_that_was_changed_is_not_installed)
{
	update_to("0.2.0", 2);
	char *previous = path_join(world.bin, "bangerd.previous");

	scratch_write_bytes(previous, "#!/bin/sh\n", 10, 0755);
	expect_exit(&world, "rollback --yes", 3, "is not the file that 0.1.0 had here");
	assert_runs(&world, "0.2.0");
	free(previous);
}

/* The INI changed between the update and the way back. */
#define STUB BANGER_BUILD_DIR "/tests/support/stub_daemon"

/* 0.2.0 brings a second daemon, which runs; 0.1.0 has no such program. */
static char *update_to_two_daemons(void)
{
	char *agent = path_join(world.bin, "agent");
	char *pid_file = scratch_path(&world.scratch, "agent.pid");
	char *sections = NULL;
	char *ini = scratch_read(world.ini);

	cr_assert(asprintf(&sections,
			   "%s\n[artifact agent]\ninstall = %s\n[service agent]\nbinary = agent\n"
			   "pid_file = %s\nstart = %s start plain %s\nstop = %s stop %s\n"
			   "[plugin staged-binaries]\nno_version = agent\n",
			   ini, agent, pid_file, agent, pid_file, STUB, pid_file) > 0);
	scratch_write(world.ini, sections);
	struct release_built built =
		world_publish(&world,
			      &(struct world_release){.version = "0.2.0",
						      .migrations = 2,
						      .more = {.name = "agent", .path = STUB}});

	expect_exit(&world, "", 0, NULL);
	free(sections);
	cr_assert(asprintf(&sections, "%s start plain %s", agent, pid_file) > 0);
	cr_assert_eq(system(sections), 0);
	release_built_free(&built);
	free(sections);
	free(pid_file);
	free(ini);
	return agent;
}

Test(back, a_daemon_that_the_previous_release_has_not_is_stopped_with_its_program)
{
	char *agent = update_to_two_daemons();

	cr_assert_eq(world_processes(&world), 2);
	expect_exit(&world, "rollback --yes", 0, "0.1.0 is installed and healthy");
	cr_assert_not(scratch_exists(agent));
	assert_runs(&world, "0.1.0");
	free(agent);
}

Test(back, a_rollback_that_fails_starts_again_what_the_previous_release_has_not)
{
	char *agent = update_to_two_daemons();
	char *start = world_start_command(&world);
	char *script =
		world_script(&world, "start.sh",
			     "case $(%s/banger --version) in *0.1.0*) exit 1 ;; esac; exec %s",
			     world.bin, start);

	world_configure(&world, "[service bangerd]", "start", script);
	expect_exit(&world, "rollback --yes", 4, "0.1.0 failed");
	cr_assert(scratch_exists(agent));
	cr_assert_eq(world_processes(&world), 2);
	free(script);
	free(start);
	free(agent);
}

Test(back, other_artifacts_than_those_of_the_update_are_refused)
{
	update_to("0.2.0", 2);
	char *ini = scratch_read(world.ini);
	char *section = strstr(ini, "[artifact banger]");
	char *rest = strchr(section + 1, '[');
	char *fewer = NULL;

	cr_assert(asprintf(&fewer, "%.*s%s", (int)(section - ini), ini, rest) > 0);
	scratch_write(world.ini, fewer);
	expect_exit(&world, "rollback --yes", 3, "is not in the configuration any more");
	assert_runs(&world, "0.2.0");
	expect_exit(&world, "status", 0, "rollback:    refused: ");
	expect_exit(&world, "status --json", 0, "is not in the configuration any more");
	scratch_write(world.ini, ini);
	world_configure(&world, "[artifact third]", "install", "/usr/local/bin/third");
	expect_exit(&world, "rollback --yes", 3, "was added to the configuration since");
	expect_exit(&world, "status", 0, "was added to the configuration since");
	expect_exit(&world, "status --json", 0, "\"rollback\":null");
	assert_runs(&world, "0.2.0");
	free(fewer);
	free(ini);
}

/* 0.2.0 is installed, and a second database that was there is no longer in the INI. */
static void update_and_drop_a_database(void)
{
	char *ini = scratch_read(world.ini);
	char *side = scratch_path(&world.scratch, "side.db");
	char *text = NULL;

	cr_assert(asprintf(&text, "VACUUM INTO '%s'", side) > 0);
	world_sql(&world, text);
	world_configure(&world, "[database side]", "path", side);
	update_to("0.2.0", 2);
	scratch_write(world.ini, ini);
	free(text);
	free(side);
	free(ini);
}

Test(back, a_database_that_would_not_go_back_with_the_others_is_not_forgotten)
{
	update_and_drop_a_database();
	expect_exit(&world, "status", 0, "--with-database is refused: database side (/");
	expect_exit(&world, "rollback --yes --with-database", 3,
		    "is not in the configuration any more");
	assert_runs(&world, "0.2.0");
	expect_exit(&world, "rollback --yes", 0, "0.1.0 is installed and healthy");
	assert_runs(&world, "0.1.0");
}

Test(back, a_database_that_no_plugin_is_asked_about_any_more_is_told)
{
	update_and_drop_a_database();
	struct outcome outcome = world_update(&world, "rollback --yes");

	cr_assert_eq(outcome.exit_code, 0);
	cr_assert_not_null(strstr(outcome.errors, "it stays as it is"), "%s", outcome.errors);
	outcome_free(&outcome);
}

Test(back, what_was_changed_outside_the_updater_is_told)
{
	update_to("0.2.0", 2);
	char *target = path_join(world.bin, "banger");
	char *daemon = path_join(world.bin, "bangerd.previous");
	char *content = scratch_read(daemon);

	cr_assert(unlink(target) == 0);
	scratch_write_bytes(target, "#!/bin/sh\necho 9.9.9\n", 21, 0755);
	expect_exit(&world, "status", 0, "changed outside the updater");
	expect_exit(&world, "status --json", 0, "\"rollback\":null");
	expect_exit(&world, "rollback --yes", 3, "changed outside the updater");
	free(content);
	free(daemon);
	free(target);
}

Test(back, a_release_that_did_not_come_up_has_to_be_named)
{
	publish_release(&world, "0.2.0", 2, "unhealthy");
	expect_exit(&world, "", 4, "0.2.0 failed");
	expect_exit(&world, "", 2, "is not installed by itself since");
	expect_exit(&world, "--check", 0, "is not installed by itself");
	expect_exit(&world, "status", 0, "held:        0.2.0");
	expect_exit(&world, "--to 0.2.0", 4, "0.2.0 failed");
	update_to("0.2.1", 2);
}

/* No service had to be started for that to be seen. */
Test(back, a_release_that_is_not_well_although_nothing_of_it_runs_has_to_be_named)
{
	char *health =
		world_script(&world, "health.sh", "%s/banger --version | grep -q 0.1.0", world.bin);

	world_configure(&world, "[health]", "command", health);
	world_configure(&world, "[health]", "timeout", "1s");
	cr_assert_eq(kill(world_daemon(&world), SIGKILL), 0);
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "", 4, "0.2.0 failed");
	expect_exit(&world, "status", 0, "held:        0.2.0");
	free(health);
}

Test(back, a_version_can_be_held_and_named)
{
	publish_release(&world, "0.2.0", 2, NULL);
	expect_exit(&world, "--hold nonsense", 64, NULL);
	expect_exit(&world, "--hold 0.2.0", 0, "0.2.0 is held");
	expect_exit(&world, "", 2, "held back by an operator");
	expect_exit(&world, "--to 0.2.0", 0, NULL);
	publish_release(&world, "0.2.0", 2, NULL);
	struct outcome outcome = world_update(&world, "status");

	cr_assert_null(strstr(outcome.output, "held:"), "a commit pardons: %s", outcome.output);
	outcome_free(&outcome);
}

Test(back, the_history_says_why_a_run_ended)
{
	publish_release(&world, "0.2.0", 2, "unhealthy");
	struct outcome failed = world_update(&world, "--json");
	char *run = strstr(failed.output, "\"run\":\"");
	char line[64];

	cr_assert_not_null(run);
	(void)snprintf(line, sizeof(line), "history %.21s", run + 7);
	expect_exit(&world, "history", 0, "0.1.0 -> 0.2.0  rolled-back");
	expect_exit(&world, line, 0, "health     failed: ");
	expect_exit(&world, line, 0, "because: ");
	expect_exit(&world, line, 0, "staged-binaries, compatible: ");
	expect_exit(&world, "history 20260101T000000Z-0000", 3, "knows no run");
	outcome_free(&failed);
}

Test(back, a_command_is_told_of_each_finished_run_and_changes_nothing)
{
	char *log = scratch_path(&world.scratch, "log");
	char *after = world_script(&world, "after.sh",
				   "echo $BANGER_UPDATE_RESULT $BANGER_UPDATE_FROM "
				   "$BANGER_UPDATE_TO $BANGER_UPDATE_EXIT >>%s; exit 9",
				   log);

	world_configure(&world, "[update]", "after", after);
	update_to("0.2.0", 2);
	expect_exit(&world, "", 0, "up to date");
	publish_release(&world, "0.3.0", 2, "unhealthy");
	expect_exit(&world, "", 4, NULL);
	char *told = scratch_read(log);

	cr_assert_str_eq(told, "updated 0.1.0 0.2.0 0\nrolled-back 0.2.0 0.3.0 4\n");
	free(told);
	free(after);
	free(log);
}

Test(back, everybody_may_read_the_published_status)
{
	update_to("0.2.0", 2);
	char *file = path_join(world.state, "status.json");
	char *state = scratch_read(file);

	cr_assert_not_null(strstr(state, "\"installed\":\"0.2.0\""), "%s", state);
	cr_assert_not_null(strstr(state, "\"interrupted\":null"), "%s", state);
	free(state);
	free(file);
}
