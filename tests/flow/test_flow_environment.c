/*
 * test_flow_environment.c - updates from surroundings that are not as a shell leaves them: the
 * exit code still tells what happened, and what was installed does not depend on them.
 */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/sanitizer.h"
#include "flow/expect.h"

#define EXEC "exec \"$@\""

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

static void assert_new_release_runs(void)
{
	assert_runs(&world, "0.2.0");
	cr_assert_eq(world_query(&world, "SELECT max(id) FROM schema_migrations"), 3);
}

static void expect_updated_from(const char *shell, const char *line)
{
	struct outcome outcome = world_update_from(&world, shell, line);

	cr_assert_eq(outcome.exit_code, 0, "exit %d: %s%s", outcome.exit_code, outcome.output,
		     outcome.errors);
	assert_new_release_runs();
	outcome_free(&outcome);
}

/* Of everything in the world, the lines of find(1) with this test. */
static char *find(const char *test)
{
	char *command = NULL;

	cr_assert(asprintf(&command, "find %s %s", world.scratch.path, test) > 0);
	FILE *pipe = popen(command, "re");
	char *text = calloc(1, 65536);

	cr_assert_not_null(pipe);
	(void)!fread(text, 1, 65535, pipe);
	cr_assert_eq(pclose(pipe), 0);
	free(command);
	return text;
}

TestSuite(environment, .init = begin, .fini = end);

Test(environment, standard_descriptors_that_are_closed)
{
	expect_updated_from(EXEC " <&- >&- 2>&-", "");
}

Test(environment, standard_output_that_is_closed_and_wanted)
{
	expect_updated_from(EXEC " >&-", "--json");
}

Test(environment, standard_output_on_a_full_disk)
{
	expect_updated_from(EXEC " >/dev/full", "");
}

Test(environment, an_answer_in_json_on_a_full_disk)
{
	expect_updated_from(EXEC " >/dev/full", "--json");
}

Test(environment, reports_on_a_full_disk)
{
	expect_updated_from(EXEC " 2>/dev/full", "");
}

Test(environment, a_reader_that_is_gone)
{
	expect_updated_from("\"$@\" 2>&1 | true", "");
}

Test(environment, a_reader_that_does_not_read)
{
	char *shell = NULL;

	cr_assert(asprintf(&shell,
			   "mkfifo %s/full; exec 3<>%s/full\n"
			   "dd if=/dev/zero bs=4096 count=1024 oflag=nonblock >&3 2>/dev/null\n"
			   "exec \"$@\" 2>%s/full",
			   world.scratch.path, world.scratch.path, world.scratch.path) > 0);
	expect_updated_from(shell, "");
	free(shell);
}

Test(environment, children_that_are_ignored)
{
	expect_updated_from("trap '' CHLD; " EXEC, "");
}

Test(environment, ignored_children_do_not_hide_a_failure)
{
	publish_release(&world, "0.3.0", 3, "exits-at-once");
	struct sight before = sight_take(&world);
	struct outcome outcome = world_update_from(&world, "trap '' CHLD; " EXEC, "--json");

	assert_outcome(&world, &outcome, EXPECTED(4, "start", "cannot start bangerd"));
	assert_restored(&world, &before, 0);
	sight_free(&before);
	outcome_free(&outcome);
}

Test(environment, a_umask_that_forbids_nothing)
{
	expect_updated_from("umask 0; " EXEC, "");
	char *writable = find("-perm /022 ! -type l ! -type s ! -name '*.pid'");

	cr_assert_str_eq(writable, "");
	free(writable);
}

Test(environment, a_umask_that_forbids_everything)
{
	char *tool = path_join(world.bin, "tool");
	struct release_built built = world_publish(
		&world, &(struct world_release){.version = "0.2.0",
						.migrations = 3,
						.more = {.name = "tool",
							 .text = "#!/bin/sh\necho tool 0.2.0\n"}});
	struct stat st;

	world_configure(&world, "[artifact tool]", "install", tool);
	expect_updated_from("umask 0777; " EXEC, "");
	cr_assert_eq(stat(tool, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0755);
	release_built_free(&built);
	free(tool);
}

Test(environment, a_working_directory_that_was_removed)
{
	expect_updated_from("d=$(mktemp -d) && cd $d && rmdir $d && " EXEC, "");
}

Test(environment, no_environment_at_all)
{
	expect_updated_from("exec env -i \"$@\"", "");
}

Test(environment, an_environment_that_means_harm)
{
	char *seen = path_join(world.scratch.path, "environment");
	char *start = world_start_command(&world);
	char *script = world_script(&world, "start.sh", "/usr/bin/env >%s\nexec %s", seen, start);

	world_configure(&world, "[service bangerd]", "start", script);
	expect_updated_from("export LD_PRELOAD=/no/such.so LD_LIBRARY_PATH=/tmp PATH= "
			    "TMPDIR=/no/such SQLITE_TMPDIR=/no/such HOME= LC_ALL=xx_YY IFS=/ "
			    "OPENSSL_CONF=/etc/passwd OPENSSL_MODULES=/tmp SSL_CERT_FILE=/dev/zero "
			    "COLUMNS=1 TERM=nonsense PF_PRODUCT=other BASH_ENV=/no/such "
			    "MALLOC_PERTURB_=90; " EXEC,
			    "");
	char *text = scratch_read(seen);

	cr_assert_null(strstr(text, "/no/such"), "%s", text);
	cr_assert_null(strstr(text, "OPENSSL"), "%s", text);
	cr_assert_not_null(strstr(text, "PATH=/usr/local/sbin:"), "%s", text);
	cr_assert_not_null(strstr(text, "LC_ALL=C.UTF-8"), "%s", text);
	free(text);
	free(seen);
	free(start);
	free(script);
}

Test(environment, banger_update_is_the_same)
{
	struct outcome outcome = world_update_from(&world,
						   "shift; exec " BANGER_BUILD_DIR
						   "/prefix/bin/banger update \"$@\"",
						   "--json");

	cr_assert_eq(outcome.exit_code, 0, "%s%s", outcome.output, outcome.errors);
	cr_assert_not_null(strstr(outcome.output, "\"result\":\"updated\""));
	assert_new_release_runs();
	outcome_free(&outcome);
	outcome = world_update_from(&world,
				    "shift; exec " BANGER_BUILD_DIR
				    "/prefix/bin/banger update \"$@\"",
				    "--frobnicate");
	cr_assert_eq(outcome.exit_code, 64);
	outcome_free(&outcome);
}

/* What a shell or a service manager happens to have set, and what of it the daemon would have had
 * for the rest of its life. */
Test(environment, soft_limits_that_would_end_a_run_half_way)
{
	static const char *const limits[] = {
		"-Sn 8",
		"-Sf 0",
		"-St 1",
		"-Sp 8",
#if !SANITIZED_ADDRESSES /* its shadow memory alone is more */
		"-Ss 64",
		"-Sv 200000",
		"-Sd 20000"
#endif
	};
	struct buffer shell = BUFFER_INIT(1024);

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		cr_assert_eq(buffer_add_format(&shell, "ulimit %s 2>/dev/null; ", limits[i]), 0);
	}
	cr_assert_eq(buffer_add_format(&shell, EXEC), 0);
	expect_updated_from(buffer_text(&shell), "");
	char *path = NULL;

	cr_assert(asprintf(&path, "/proc/%d/limits", (int)world_daemon(&world)) > 0);
	char *of_daemon = scratch_read(path);

	cr_assert_not_null(strstr(of_daemon, "Max cpu time              unlimited"), "%s",
			   of_daemon);
	cr_assert_not_null(strstr(of_daemon, "Max file size             unlimited"), "%s",
			   of_daemon);
	cr_assert_null(strstr(of_daemon, "Max open files            8 "), "%s", of_daemon);
	free(of_daemon);
	free(path);
	buffer_finish(&shell);
}

/* One run with a hard limit: true when it succeeded. Whatever was too little was said before
 * anything was changed, or everything was put back. */
static bool ends_well_with(const char *option, unsigned value)
{
	char *shell = NULL;
	struct sight before = sight_take(&world);

	cr_assert(asprintf(&shell, "ulimit %s %u && " EXEC, option, value) > 0);
	struct outcome outcome = world_update_from(&world, shell, "");
	bool succeeded = outcome.exit_code == 0;

	if (succeeded) {
		assert_new_release_runs();
	} else if (outcome.exit_code == 4) {
		assert_restored(&world, &before, world_failed_copies(&world));
	} else {
		cr_assert_eq(outcome.exit_code, 3, "ulimit %s %u: exit %d: %s%s", option, value,
			     outcome.exit_code, outcome.output, outcome.errors);
		assert_unchanged(&world, &before);
	}
	outcome_free(&outcome);
	sight_free(&before);
	free(shell);
	return succeeded;
}

/* From almost nothing until it is enough. */
static void expect_clean_ends(const char *option, unsigned from, unsigned to, unsigned step)
{
	unsigned value = from;

	while (value <= to && !ends_well_with(option, value)) {
		value += step;
	}
	cr_assert_gt(value, from, "the least of %s was enough", option);
	cr_assert_leq(value, to, "the most of %s was not enough", option);
}

Test(environment, hard_limits_on_open_files)
{
	expect_clean_ends("-n", 4, 256, 3);
}

Test(environment, hard_limits_on_the_size_of_files)
{
	expect_clean_ends("-f", 0, 64000, 100);
}

Test(environment, a_hard_limit_on_processes)
{
	world_skip_unless(&world, geteuid() != 0, "root may start as many as it likes");
	cr_assert_not(ends_well_with("-p", 1));
}

/* env(1) blocks all that can be blocked, the C library's own ones excepted. */
Test(environment, signals_that_are_blocked)
{
	expect_updated_from("exec env --block-signal \"$@\"", "");
}

Test(environment, signals_that_are_ignored)
{
	expect_updated_from("exec env --ignore-signal \"$@\"", "");
}

/* All but two that the limit allows: the dynamic linker, who comes before us, needs one. */
Test(environment, descriptors_that_are_left_open)
{
	char *secret = path_join(world.scratch.path, "secret");
	char *shell = NULL;
	char *open_in_daemon = NULL;

	scratch_write(secret, "of the one who started us");
	cr_assert(asprintf(&shell,
			   "ulimit -n 256; exec perl -e '$^F = 1000; open(my $f, \"<\", shift);\n"
			   "my @all; while (open(my $g, \"<&\", $f)) { push @all, $g }\n"
			   "close(pop @all) for (1, 2); "
			   "exec @ARGV' %s \"$@\"",
			   secret) > 0);
	expect_updated_from(shell, "");
	cr_assert(asprintf(&open_in_daemon, "! ls -l /proc/%d/fd | grep -q %s",
			   (int)world_daemon(&world), secret) > 0);
	cr_assert_eq(system(open_in_daemon), 0, "%s", open_in_daemon);
	free(open_in_daemon);
	free(shell);
	free(secret);
}

/* A timer goes on over execve(2): SIGALRM would kill a run in the middle. */
Test(environment, an_alarm_that_was_set_before)
{
	world_configure(&world, "[health]", "settle", "2s");
	expect_updated_from("exec perl -e 'alarm 1; exec @ARGV' \"$@\"", "");
}
