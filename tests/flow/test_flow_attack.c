/*
 * test_flow_attack.c - what a hostile or unlucky host does to a run: wrong exit codes, daemons that
 * cannot be stopped, killed runs, inherited things, words from outside on the terminal.
 */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "flow/world.h"

#define UPDATER BANGER_BUILD_DIR "/prefix/bin/banger-update"

static struct world world;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
}

static void end(void)
{
	char *second = scratch_path(&world.scratch, "second");
	char *stop = scratch_path(&world.scratch, "second stop");

	/* The world knows of one daemon only. */
	if (scratch_exists(second)) {
		(void)!system(stop);
	}
	free(stop);
	free(second);
	world_finish(&world);
}

TestSuite(attack, .init = begin, .fini = end);

static void publish(const char *version, size_t migrations, const char *behaviour)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = version,
							      .migrations = migrations,
							      .behaviour = behaviour});

	release_built_free(&built);
}

static struct outcome assert_exit(const char *line, int expected)
{
	struct outcome outcome = world_update(&world, line);

	cr_assert_eq(outcome.exit_code, expected, "'%s' exits with %d:\n%s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	return outcome;
}

static void update(const char *line, int expected)
{
	struct outcome outcome = assert_exit(line, expected);

	outcome_free(&outcome);
}

static void update_says(const char *line, int expected, const char *const *sentences)
{
	struct outcome outcome = assert_exit(line, expected);

	for (; *sentences != NULL; sentences++) {
		cr_assert(strstr(outcome.output, *sentences) != NULL ||
				  strstr(outcome.errors, *sentences) != NULL,
			  "'%s' does not say '%s':\n%s%s", line, *sentences, outcome.output,
			  outcome.errors);
	}
	outcome_free(&outcome);
}

static void assert_version(const char *expected)
{
	char *version = world_version(&world);

	cr_assert_str_eq(version, expected);
	free(version);
}

/* Gives the first key of that name in the INI another value. */
static void set_key(const char *key, const char *value)
{
	struct buffer changed = BUFFER_INIT(64u << 10);
	char *ini = scratch_read(world.ini);
	char *assignment = scratch_path(&world.scratch, "\n%s =", key);
	char *at = strstr(ini, strrchr(assignment, '\n'));

	free(assignment);
	cr_assert_not_null(at);
	cr_assert_eq(buffer_add_format(&changed, "%.*s%s = %s%s", (int)(at + 1 - ini), ini, key,
				       value, strchr(at + 1, '\n')),
		     0);
	scratch_write(world.ini, buffer_text(&changed));
	buffer_finish(&changed);
	free(ini);
}

/* Gives key a script, which is freed, as its command. */
static void set_command(const char *key, char *script)
{
	set_key(key, script);
	free(script);
}

/* The start command as a script, with head before it. */
static void set_start(const char *head)
{
	set_command("start", world_script(&world, "start",
					  "%s\n\"%s/bangerd\" --database \"%s\" --socket %s/socket "
					  "&\necho $! > \"%s\"",
					  head, world.bin, world.database, world.scratch.path,
					  world.pid_file));
}

static void set_stop(const char *head)
{
	set_command("stop",
		    world_script(&world, "stop",
				 "%s\nexec /sbin/start-stop-daemon --stop --quiet --pidfile \"%s\"",
				 head, world.pid_file));
}

/* What the shell says of `…` with {} for the updater and its configuration. */
static int run_shell(const char *before, const char *behind)
{
	char *line = NULL;

	cr_assert(asprintf(&line, "%s " UPDATER " --config %s %s", before, world.ini, behind) > 0);
	int status = system(line);

	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(attack, force_does_not_go_back_to_a_release_that_nobody_named)
{
	publish("0.2.0", 2, NULL);
	update("", 0);
	publish("0.1.5", 2, NULL);
	update("--force", 0);
	assert_version("banger 0.2.0");
	update("--force --to 0.1.5", 0);
	assert_version("banger 0.1.5");
}

Test(attack, a_garbled_pid_file_is_found_while_everything_still_runs)
{
	pid_t daemon = world_daemon(&world);

	publish("0.2.0", 3, NULL);
	char *text = scratch_read(world.pid_file);

	scratch_write(world.pid_file, "who?");
	update_says("", 3, (const char *const[]){"who?", "nothing was changed", NULL});
	scratch_write(world.pid_file, text);
	cr_assert_eq(world_daemon(&world), daemon);
	free(text);
}

Test(attack, a_database_is_not_put_back_under_a_daemon_that_could_not_be_stopped)
{
	char *head = NULL;

	cr_assert(asprintf(&head, "case \"$('%s/banger' --version)\" in *0.2.0*) exit 1;; esac",
			   world.bin) > 0);
	set_stop(head);
	free(head);
	publish("0.2.0", 3, "unhealthy");
	update_says("", 5,
		    (const char *const[]){"stop service bangerd by hand", "bangerd.previous",
					  "banger.previous", "its -wal", "start the services",
					  NULL});
	cr_assert_neq(world_daemon(&world), 0);
	cr_assert(world_daemon_is_installed(&world), "the new daemon runs beside the old files");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
	cr_assert_eq(world_failed_copies(&world), 0);
}

Test(attack, each_file_that_cannot_be_put_back_is_listed)
{
	char *head = NULL;

	cr_assert(asprintf(&head, "rm -f %s/*.previous", world.bin) > 0);
	set_start(head);
	free(head);
	publish("0.2.0", 3, "unhealthy");
	update_says("", 5,
		    (const char *const[]){"bin/bangerd back by hand", "bin/banger back by hand",
					  "start the services", NULL});
	cr_assert_eq(world_processes(&world), 0);
}

Test(attack, a_run_that_was_killed_half_way_is_not_taken_for_an_update)
{
	publish("0.2.0", 3, NULL);
	set_start("kill -9 $updater");
	update("", -1);
	assert_version("banger 0.2.0");
	set_start("");
	update_says("--check", 3, (const char *const[]){"or was killed there", NULL});
	update_says("preflight", 3, (const char *const[]){"banger-update recover", "start", NULL});
	update_says("recover", 0, (const char *const[]){"taken back", "0.1.0 stays", NULL});
	assert_version("banger 0.1.0");
	update_says("recover", 0, (const char *const[]){"nothing to recover", NULL});
	update("", 0);
	assert_version("banger 0.2.0");
}

Test(attack, a_run_that_was_killed_before_it_changed_anything_is_in_nobodys_way)
{
	char *health = scratch_path(&world.scratch, "health");

	publish("0.2.0", 3, NULL);
	scratch_write_bytes(health, "#!/bin/sh\nkill -9 $PPID\n", 24, 0755);
	char *ini = scratch_read(world.ini);

	set_key("command", health);
	update("", -1);
	scratch_write(world.ini, ini);
	update("", 0);
	assert_version("banger 0.2.0");
	free(ini);
	free(health);
}

/* What the start command saw of its own, and what the daemon still shows. */
static void assert_inherits_nothing(void)
{
	char *seen = scratch_path(&world.scratch, "seen");
	char *command = NULL;
	char *status = scratch_read(seen);
	int daemon = (int)world_daemon(&world);

	const char *ignored = strstr(status, "SigIgn:\t");

	cr_assert_not_null(strstr(status, "Umask:\t0022\n"));
	cr_assert_not_null(strstr(status, "SigBlk:\t0000000000000000\n"));
	/* Above are the C library's own and real-time signals. */
	cr_assert_eq(strtoull(ignored + strlen("SigIgn:\t"), NULL, 16) & 0x7fffffff, 0);
	cr_assert(asprintf(&command,
			   "test \"$(readlink /proc/%d/cwd)\" = / &&"
			   " ! ls -l /proc/%d/fd | grep -e %s -e memfd -e stage -e journal.db"
			   " -e /dev/zero && ! tr '\\0' '\\n' < /proc/%d/environ | grep SECRET",
			   daemon, daemon, world.state, daemon) > 0);
	cr_assert_eq(system(command), 0, "%s", command);
	free(command);
	free(status);
	free(seen);
}

Test(attack, a_started_daemon_inherits_nothing_of_the_updater)
{
	char *head = NULL;

	cr_assert(asprintf(&head,
			   "grep -e Umask -e SigBlk -e SigIgn /proc/self/status > \"%s/seen\"",
			   world.scratch.path) > 0);
	set_start(head);
	free(head);
	publish("0.2.0", 3, NULL);
	cr_assert_eq(run_shell("umask 0; cd /tmp; exec 7</dev/zero; env SECRET=1", "-q"), 0);
	assert_inherits_nothing();
	update("", 0);
	publish("0.3.0", 4, "unhealthy");
	cr_assert_eq(run_shell("env SECRET=1", "-q"), 4);
	assert_inherits_nothing();
	publish("0.4.0", 4, NULL);
	update("", 0);
	assert_version("banger 0.4.0");
}

Test(attack, no_key_on_the_terminal_ends_a_run_in_the_middle)
{
	static const char *const signals[] = {"QUIT", "INT", "TERM"};

	publish("0.2.0", 3, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char head[32];

		(void)snprintf(head, sizeof(head), "kill -%s $updater", signals[i]);
		set_start(head);
		update("", 4);
		assert_version("banger 0.1.0");
		cr_assert(world_daemon_is_installed(&world));
	}
	set_start("for s in TSTP HUP PIPE XFSZ ALRM USR1 USR2; do kill -$s $updater; done");
	update("", 0);
}

Test(attack, the_environment_cannot_change_how_a_signature_is_checked)
{
	char *conf = scratch_path(&world.scratch, "openssl.cnf");
	char *before = NULL;

	scratch_write(conf, "openssl_conf = all\n[all]\nalg_section = algorithms\n"
			    "[algorithms]\ndefault_properties = fips=yes\n");
	publish("0.2.0", 3, NULL);
	cr_assert(asprintf(&before, "env OPENSSL_CONF=%s", conf) > 0);
	cr_assert_eq(run_shell(before, "-q"), 0);
	free(before);
	free(conf);
}

Test(attack, a_reader_that_went_away_does_not_make_an_update_a_failure)
{
	publish("0.2.0", 3, NULL);
	cr_assert_eq(run_shell("", "--json > /dev/full"), 0);
	assert_version("banger 0.2.0");
}

Test(attack, words_from_outside_reach_no_terminal_unchecked)
{
	char *manifest = path_join(world.releases, "manifest.json");

	scratch_write(manifest, "{\"schema_version\":1,\"latest_stable\":\"9.0.0\",\"releases\":[{"
				"\"version\":\"9.0.0\",\"tarball_url\":\"/x/\\u001b[31mred\","
				"\"sha256sums_url\":\"/x/\\u001b[31mred\","
				"\"sha256sums_sig_url\":\"/x/\\u001b]0;title\\u0007\"}]}");
	struct outcome outcome = assert_exit("", 3);

	cr_assert_null(strchr(outcome.errors, '\033'), "%s", outcome.errors);
	cr_assert_null(strchr(outcome.output, '\033'));
	outcome_free(&outcome);
	free(manifest);
}

Test(attack, a_failed_start_command_leaves_no_new_daemon_behind)
{
	char *head = NULL;

	cr_assert(asprintf(&head,
			   "case \"$('%s/banger' --version)\" in *0.2.0*)\n"
			   "\"%s/bangerd\" --database \"%s\" --socket %s/socket2 &\nsleep 1\n"
			   "exit 1;; esac",
			   world.bin, world.bin, world.database, world.scratch.path) > 0);
	set_start(head);
	free(head);
	publish("0.2.0", 3, NULL);
	update("", 4);
	cr_assert_eq(world_processes(&world), 1);
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
}

Test(attack, a_new_daemon_that_no_pid_file_names_does_not_stay_behind)
{
	set_command("start",
		    world_script(&world, "start",
				 "\"%s/bangerd\" --database \"%s\" --socket %s/socket &\n"
				 "case \"$('%s/banger' --version)\" in *0.2.0*) rm -f \"%s\";;\n"
				 "*) echo $! > \"%s\";; esac",
				 world.bin, world.database, world.scratch.path, world.bin,
				 world.pid_file, world.pid_file));
	set_key("ready_timeout", "1s");
	publish("0.2.0", 3, NULL);
	update_says("", 4, (const char *const[]){"1 process of the new release", NULL});
	cr_assert_eq(world_processes(&world), 1);
	cr_assert(world_daemon_is_installed(&world));
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 2);
}

Test(attack, a_pid_file_of_somebody_else_does_not_hide_a_running_daemon)
{
	pid_t daemon = world_daemon(&world);

	publish("0.2.0", 2, NULL);
	set_key("pid_file", "/nowhere/bangerd.pid");
	update_says("", 75, (const char *const[]){"pid_file", "nothing was changed", NULL});
	assert_version("banger 0.1.0");
	cr_assert_eq(world_daemon(&world), daemon);
	update("--dry-run --waive services", 0);
}

Test(attack, two_services_of_one_file_are_each_asked_to_stop)
{
	const char *path = world.scratch.path;
	char *text = scratch_read(world.ini);
	char *first = strstr(text, "[service bangerd]");
	char *asked = scratch_path(&world.scratch, "asked");
	char *ini = NULL;

	cr_assert_not_null(first);
	cr_assert(asprintf(&ini,
			   "%.*s[service second]\nbinary = bangerd\npid_file = %s/second.pid\n"
			   "start = %s/second start\nstop = %s/second stop\n%s",
			   (int)(first - text), text, path, path, path, first) > 0);
	scratch_write(world.ini, ini);
	char *second =
		world_script(&world, "second",
			     "cd %s\ncase $1 in\n"
			     "start) \"%s/bangerd\" --database second.db --socket second.socket &\n"
			     "echo $! > second.pid;;\n"
			     "stop) kill $(cat second.pid) && echo asked >> asked;;\nesac",
			     path, world.bin);
	char *start = scratch_path(&world.scratch, "second start");

	cr_assert_eq(system(start), 0);
	publish("0.2.0", 2, "unhealthy");
	update("", 4);
	char *told = scratch_read(asked);

	cr_assert_str_eq(told, "asked\nasked\n", "the old and the new one were not asked: %s",
			 told);
	cr_assert_eq(world_processes(&world), 2);
	free(start);
	free(second);
	free(told);
	free(asked);
	free(ini);
	free(text);
}
