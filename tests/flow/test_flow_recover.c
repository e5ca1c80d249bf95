/*
 * test_flow_recover.c - an update that was killed half-way, by its own start command, is taken back
 * by the next that may change the host, or by `recover`.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "flow/expect.h"
#include "flow/world.h"

static struct world world;

/* The start command is a script, since a recovery runs what the journal has. */
static void make_starter(const char *first)
{
	char *start = world_start_command(&world);

	free(world_script(&world, "start.sh", "%s\nexec %s", first, start));
	free(start);
}

static void set_up(void)
{
	world = world_make(&(struct world_options){0});
	char *script = scratch_path(&world.scratch, "start.sh");

	world_configure(&world, "[service bangerd]", "start", script);
	free(script);
	publish_release(&world, "0.2.0", 3, NULL);
}

static void tear_down(void)
{
	world_finish(&world);
}

TestSuite(recover, .init = set_up, .fini = tear_down, .timeout = 300);

/* The new files are there, the old daemon is stopped, the new one was never started. */
static void kill_at_start(void)
{
	make_starter("kill -9 $updater; exit 1");
	expect_exit(&world, "", -1, NULL);
	make_starter("true");
}

/* Started, with the database migrated, and killed before the health command answered. */
static void kill_at_health(void)
{
	char *flag = scratch_path(&world.scratch, "killed");
	char *health = world_script(&world, "health.sh",
				    "case $(%s/banger --version) in *0.2.0*)\n"
				    "[ -e %s ] || { : >%s; kill -9 $updater; } ;; esac",
				    world.bin, flag, flag);

	make_starter("true");
	world_configure(&world, "[health]", "command", health);
	expect_exit(&world, "", -1, NULL);
	free(flag);
	free(health);
}

static void expect_old(struct sight *before)
{
	assert_runs(&world, "0.1.0");
	sight_free(before);
	expect_exit(&world, "recover", 0, "nothing to recover");
}

Test(recover, files_go_back_and_the_old_daemon_runs_again)
{
	struct sight before = sight_take(&world);

	kill_at_start();
	cr_assert_eq(world_daemon(&world), 0);
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	cr_assert_eq(world_failed_copies(&world), 0);
	expect_old(&before);
}

Test(recover, a_database_that_was_migrated_goes_back_and_is_kept)
{
	struct sight before = sight_take(&world);

	kill_at_health();
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
	cr_assert_eq(world_failed_copies(&world), 1);
	expect_old(&before);
}

Test(recover, needs_no_configuration)
{
	struct sight before = sight_take(&world);
	char *line = NULL;

	kill_at_start();
	char *ini = scratch_read(world.ini);

	scratch_write(world.ini, "[nonsense]\n");
	expect_exit(&world, "recover", 64, "--state");
	cr_assert(asprintf(&line, "recover --state %s", world.state) > 0);
	expect_exit(&world, line, 0, "0.1.0 stays");
	scratch_write(world.ini, ini);
	free(ini);
	free(line);
	expect_old(&before);
}

Test(recover, at_boot_nothing_is_started_and_the_rest_comes_later)
{
	struct sight before = sight_take(&world);

	kill_at_start();
	expect_exit(&world, "recover --boot", 0, "once the host is up");
	cr_assert_eq(world_daemon(&world), 0, "nothing is started");
	char *version = world_version(&world);

	cr_assert(text_has_word(version, "0.1.0"));
	free(version);
	expect_exit(&world, "status", 0, "INTERRUPTED");
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	expect_old(&before);
}

Test(recover, at_boot_a_daemon_that_was_started_meanwhile_is_accepted)
{
	struct sight before = sight_take(&world);

	kill_at_start();
	expect_exit(&world, "recover --boot", 0, NULL);
	world_start_daemon(&world);
	pid_t daemon = world_daemon(&world);

	expect_exit(&world, "recover", 0, "0.1.0 stays");
	cr_assert_eq(world_daemon(&world), daemon, "it is left alone");
	expect_old(&before);
}

Test(recover, an_update_recovers_first_and_then_goes_on)
{
	kill_at_health();
	expect_exit(&world, "", 0, "0.2.0 is installed and healthy");
	assert_runs(&world, "0.2.0");
	cr_assert_eq(world_failed_copies(&world), 1);
}

Test(recover, who_only_asks_is_told_and_changes_nothing)
{
	kill_at_start();
	struct sight before = sight_take(&world);

	expect_exit(&world, "preflight", 3, "banger-update recover");
	expect_exit(&world, "--dry-run", 3, "banger-update recover");
	expect_exit(&world, "status", 0, "INTERRUPTED");
	cr_assert_eq(world_daemon(&world), 0);
	sight_free(&before);
}

Test(recover, a_file_that_somebody_replaced_meanwhile_is_kept)
{
	kill_at_start();
	char *target = path_join(world.bin, "banger");
	char *listing = NULL;

	cr_assert(unlink(target) == 0);
	scratch_write_bytes(target, "#!/bin/sh\n", 10, 0755);
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	listing = world_files(&world);
	cr_assert_not_null(strstr(listing, "banger.unexpected-"), "%s", listing);
	assert_runs(&world, "0.1.0");
	free(listing);
	free(target);
}

static char *last_run(void)
{
	struct outcome outcome = world_update(&world, "history --json");
	const char *at = strstr(outcome.output, "\"run\":");
	char run[64] = "";

	cr_assert(at != NULL && sscanf(at, "\"run\": \"%63[^\"]", run) == 1, "%s", outcome.output);
	outcome_free(&outcome);
	return strdup(run);
}

Test(recover, what_a_finished_run_could_not_remove_goes_with_the_next)
{
	make_starter("true");
	expect_exit(&world, "", 0, NULL);
	char *run = last_run();
	char *base = path_join(world.bin, ".banger-update-banger");
	char *staging = path_join(base, run);
	char *earlier = path_join(world.bin, "bangerd.previous.earlier");

	scratch_directory(base);
	scratch_directory(staging);
	scratch_write(earlier, "an earlier backup");
	expect_exit(&world, "recover", 0, "nothing to recover");
	cr_assert_not(scratch_exists(base));
	cr_assert_not(scratch_exists(earlier));
	free(run);
	free(base);
	free(staging);
	free(earlier);
}

static void move(const char *from, const char *to)
{
	cr_assert_eq(rename(from, to), 0, "%s to %s", from, to);
}

/* A way back that failed in the middle; then somebody puts right what was wrong and starts what
 * lies there, which migrates the database that went back already. */
static void go_half_back(void)
{
	char *backup = path_join(world.bin, "bangerd.previous");
	char *away = path_join(world.bin, "away");
	char *first = NULL;

	cr_assert(asprintf(&first, "mv %s %s; exit 1", backup, away) > 0);
	make_starter(first);
	expect_exit(&world, "", 5, "put");
	move(away, backup);
	make_starter("true");
	world_start_daemon(&world);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	free(first);
	free(away);
	free(backup);
}

static void expect_all_of_it_back(struct sight *before)
{
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
	expect_old(before);
}

Test(recover, who_was_started_meanwhile_is_stopped_before_files_go_back)
{
	struct sight before = sight_take(&world);

	go_half_back();
	expect_all_of_it_back(&before);
}

/* The first recovery puts back the files, but not the database. */
Test(recover, what_was_put_back_by_another_walk_than_the_last_does_not_count)
{
	struct sight before = sight_take(&world);
	char *snapshots = path_join(world.scratch.path, "host/lib/.banger-update");
	char *elsewhere = path_join(world.scratch.path, "host/lib/elsewhere");

	go_half_back();
	move(snapshots, elsewhere);
	expect_exit(&world, "recover", 5, "put database state back by hand");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	move(elsewhere, snapshots);
	expect_all_of_it_back(&before);
	free(elsewhere);
	free(snapshots);
}

static void forget_the_end(void)
{
	char *path = path_join(world.state, "journal.db");
	sqlite3 *db = NULL;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "UPDATE run SET ended_at = NULL, result = NULL", NULL, NULL,
				  NULL),
		     SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
	free(path);
}

Test(recover, a_committed_run_goes_on_until_its_service_runs)
{
	make_starter("true");
	expect_exit(&world, "", 0, NULL);
	forget_the_end();
	cr_assert_eq(kill(world_daemon(&world), SIGKILL), 0);
	make_starter("exit 1");
	expect_exit(&world, "recover", 5, "start it by hand");
	expect_exit(&world, "recover", 5, "start it by hand");
	make_starter("true");
	expect_exit(&world, "recover", 0, "0.2.0 stays");
	assert_runs(&world, "0.2.0");
	expect_exit(&world, "recover", 0, "nothing to recover");
}

/* Something may have to be done before it can run: what comes next may be that. */
Test(recover, a_committed_run_keeps_no_other_from_what_it_is_to_do)
{
	make_starter("true");
	expect_exit(&world, "", 0, NULL);
	forget_the_end();
	cr_assert_eq(kill(world_daemon(&world), SIGKILL), 0);
	char *first = NULL;

	cr_assert(asprintf(&first, "case $(%s/banger --version) in *0.2.0*) exit 1 ;; esac",
			   world.bin) > 0);
	make_starter(first);
	expect_exit(&world, "rollback --yes --with-database", 0, "0.1.0");
	assert_runs(&world, "0.1.0");
	free(first);
}

/* And the next one, should it fail, is taken back as any other. */
Test(recover, a_committed_run_with_more_than_one_service_down_keeps_no_other_from_going_back)
{
	world_add_side_service(&world);
	make_starter("true");
	expect_exit(&world, "", 0, NULL);
	forget_the_end();
	char *stop = scratch_path(&world.scratch, "unside.sh");

	cr_assert_eq(system(stop), 0);
	cr_assert_eq(kill(world_daemon(&world), SIGKILL), 0);
	world_configure(&world, "[service side]", "start", "/bin/false");
	/* What the journal has is what a recovery runs. */
	char *side = scratch_path(&world.scratch, "side.sh");

	scratch_write_bytes(side, "#!/bin/sh\nexit 1\n", 17, 0755);
	make_starter("exit 1");
	publish_release(&world, "0.3.0", 3, NULL);
	char *health = world_script(&world, "health.sh", "! %s/banger --version | grep -q 0.3.0",
				    world.bin);

	world_configure(&world, "[health]", "command", health);
	world_configure(&world, "[health]", "timeout", "1s");
	struct outcome outcome = world_update(&world, "--json");

	cr_assert_eq(outcome.exit_code, 4, "%d: %s", outcome.exit_code, outcome.output);
	cr_assert_not_null(strstr(outcome.output, "\"to_do\":[]"), "%s", outcome.output);
	outcome_free(&outcome);
	free(health);
	free(side);
	free(stop);
}

/* It did not run when the update began. */
Test(recover, another_service_that_was_started_meanwhile_is_started_again)
{
	char *start = scratch_path(&world.scratch, "side.sh");
	char *stop = scratch_path(&world.scratch, "unside.sh");

	world_add_side_service(&world);
	cr_assert_eq(system(stop), 0);
	kill_at_start();
	cr_assert_eq(system(start), 0);
	cr_assert_eq(world_processes(&world), 1);
	expect_exit(&world, "recover", 0, "0.1.0 stays");
	cr_assert_eq(world_processes(&world), 2, "a service was left stopped");
	free(start);
	free(stop);
}

Test(recover, what_was_named_and_is_not_there_is_not_whole)
{
	char *line = NULL;

	cr_assert(asprintf(&line, "recover --state %s/typo", world.state) > 0);
	expect_exit(&world, line, 3, "there is no ");
	free(line);
	cr_assert(asprintf(&line, "recover --boot --state %s/typo", world.state) > 0);
	expect_exit(&world, line, 0, "there is no ");
	free(line);
	char *ini = scratch_path(&world.scratch, "kept.ini");

	move(world.ini, ini);
	expect_exit(&world, "recover", 64, "--state DIR recovers without an INI file");
	move(ini, world.ini);
	free(ini);
}

/* Without an INI file: one product is busy, the other cannot be looked at. */
Test(recover, of_several_products_the_most_urgent_is_what_it_exits_with)
{
	char *root = scratch_path(&world.scratch, "root");
	char *busy = path_join(root, "var/lib/banger-update/busy");
	char *lost = path_join(root, "var/lib/banger-update/lost");
	char *journal = path_join(busy, "journal.db");
	char *lock = path_join(busy, "lock");
	struct strings words = {0};
	struct process_result result = {0};
	struct error err;

	cr_assert(file_make_directories(busy, 0700, &err) == 0, "%s", err.text);
	cr_assert(symlink("lost", lost) == 0);
	scratch_write(journal, "");
	int held = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	cr_assert(flock(held, LOCK_EX) == 0);
	cr_assert(strings_add(&words, BANGER_BUILD_DIR "/prefix/bin/banger-update") == 0 &&
		  strings_add(&words, "recover") == 0 && strings_add(&words, "--root") == 0 &&
		  strings_add(&words, root) == 0);
	cr_assert(process_run(&words, 20000, &result, &err) == 0, "%s", err.text);
	cr_assert_not_null(strstr(buffer_text(&result.errors), "another run holds the lock"));
	cr_assert_eq(result.status.exit_code, 3, "%s", buffer_text(&result.errors));
	cr_assert(close(held) == 0);
	process_result_finish(&result);
	strings_finish(&words);
	free(lock);
	free(journal);
	free(lost);
	free(busy);
	free(root);
}

/* Who cannot look does not know whether there is a journal. */
Test(recover, what_cannot_be_looked_at_is_not_whole)
{
	cr_assert_eq(symlink("state", world.state), 0);
	expect_exit(&world, "recover", 3, "cannot look at");
	cr_assert_eq(unlink(world.state), 0);
}
