/*
 * test_capture.c - process.h's process_run(): what a command wrote, bounded in size and time.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"

#define PATIENCE_MS       5000
#define LATE_MS           4000
#define GRACE_AT_LEAST_MS 190
#define BRIEFLY_MS        500 /* time for a shell to begin */

static int run_script(const char *script, uint64_t timeout_ms, struct process_result *ret)
{
	auto_strings struct strings command = {0};
	struct error err = {0};

	if (strings_add(&command, "/bin/sh") < 0 || strings_add(&command, "-c") < 0 ||
	    strings_add(&command, script) < 0) {
		return -ENOMEM;
	}
	return process_run(&command, timeout_ms, ret, &err);
}

static struct process_result run(const char *script, uint64_t timeout_ms)
{
	struct process_result result;

	cr_assert_eq(run_script(script, timeout_ms, &result), 0);
	return result;
}

static size_t open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	cr_assert_not_null(directory);
	while (readdir(directory) != NULL) {
		count++;
	}
	cr_assert_eq(closedir(directory), 0);
	return count;
}

Test(capture, the_two_outputs_are_kept_apart)
{
	auto_process_result struct process_result result =
		run("echo out; echo err >&2; exit 3", PATIENCE_MS);

	cr_assert_str_eq(buffer_text(&result.output), "out\n");
	cr_assert_str_eq(buffer_text(&result.errors), "err\n");
	cr_assert_eq(result.status.exit_code, 3);
	cr_assert_eq(result.status.signal, 0);
	cr_assert_not(result.status.timed_out);
}

Test(capture, standard_input_is_empty)
{
	auto_process_result struct process_result result = run("cat; echo end", PATIENCE_MS);

	cr_assert_str_eq(buffer_text(&result.output), "end\n");
}

Test(capture, the_last_words_before_a_signal_are_kept)
{
	auto_process_result struct process_result result =
		run("echo last words; kill -KILL $$", PATIENCE_MS);

	cr_assert_str_eq(buffer_text(&result.output), "last words\n");
	cr_assert_eq(result.status.signal, SIGKILL);
}

Test(capture, output_beyond_the_limit_is_dropped_and_does_not_block)
{
	auto_process_result struct process_result result =
		run("head -c 1000000 /dev/zero | tr '\\0' o; head -c 1000000 /dev/zero | tr '\\0' "
		    "e >&2",
		    PATIENCE_MS);

	cr_assert(process_succeeded(&result.status));
	cr_assert_eq(result.output.length, LIMIT_OUTPUT);
	cr_assert_eq(result.errors.length, LIMIT_OUTPUT);
	cr_assert_eq(strspn(buffer_text(&result.output), "o"), LIMIT_OUTPUT);
	cr_assert_eq(strspn(buffer_text(&result.errors), "e"), LIMIT_OUTPUT);
}

Test(capture, exactly_the_limit_is_kept_whole)
{
	auto_process_result struct process_result result =
		run("head -c 16383 /dev/zero | tr '\\0' o; printf E", PATIENCE_MS);

	cr_assert_eq(result.output.length, LIMIT_OUTPUT);
	cr_assert_eq(buffer_text(&result.output)[LIMIT_OUTPUT - 1], 'E');
}

Test(capture, a_quiet_command_ends_at_its_deadline)
{
	uint64_t started = clock_monotonic_ms();
	auto_process_result struct process_result result = run("echo begun; sleep 60", BRIEFLY_MS);
	uint64_t ms = clock_monotonic_ms() - started;

	cr_assert(result.status.timed_out);
	cr_assert_not(process_succeeded(&result.status));
	cr_assert(ms >= BRIEFLY_MS && ms < LATE_MS);
	cr_assert_str_eq(buffer_text(&result.output), "begun\n");
}

Test(capture, a_command_that_never_stops_writing_ends_at_its_deadline)
{
	uint64_t started = clock_monotonic_ms();
	auto_process_result struct process_result result = run("exec cat /dev/zero", BRIEFLY_MS);

	cr_assert(result.status.timed_out);
	cr_assert_lt(clock_monotonic_ms() - started, LATE_MS);
	cr_assert_eq(result.output.length, LIMIT_OUTPUT);
}

Test(capture, the_deadline_is_told_without_the_time_of_grace)
{
	uint64_t started = clock_monotonic_ms();
	auto_process_result struct process_result result =
		run("trap '' TERM; sleep 60; sleep 60", BRIEFLY_MS);

	cr_assert(result.status.timed_out);
	cr_assert_geq(result.status.ms, BRIEFLY_MS);
	cr_assert_geq(clock_monotonic_ms() - started, result.status.ms + GRACE_AT_LEAST_MS);
}

Test(capture, a_command_that_closes_its_outputs_is_waited_for)
{
	auto_process_result struct process_result result =
		run("echo out; exec >&- 2>&-; cat /dev/null; exit 4", PATIENCE_MS);

	cr_assert_eq(result.status.exit_code, 4);
	cr_assert_str_eq(buffer_text(&result.output), "out\n");
}

/*
 * A grandchild that leaves the group keeps both pipes open. It ends when the test closes its end
 * of the socket that it reads as 3; over 4 and 5 the shell learns that it has left.
 */
Test(capture, an_escaped_grandchild_that_holds_the_pipes_does_not_delay)
{
	static const char *const argv[] = {
		"/bin/sh", "-c",
		"setsid sh -c 'echo up >&4; exec cat <&3 4>&-' & read up <&5; echo done", NULL};
	int life[2];
	int news[2];
	struct process_result result;
	struct error err;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life), 0);
	cr_assert_eq(pipe(news), 0);
	const struct process_fd fds[] = {{life[1], 3}, {news[1], 4}, {news[0], 5}};
	struct process_options options = {.argv = argv, .fds = fds, .fd_count = 3};
	uint64_t started = clock_monotonic_ms();

	cr_assert_eq(process_run_options(&options, PATIENCE_MS, &result, &err), 0);
	cr_assert_lt(clock_monotonic_ms() - started, LATE_MS);
	cr_assert(process_succeeded(&result.status));
	cr_assert_str_eq(buffer_text(&result.output), "done\n");
	process_result_finish(&result);

	/* It does live; now let it go. */
	struct pollfd fd = {.fd = life[0], .events = POLLIN};

	cr_assert_eq(close(life[1]), 0);
	cr_assert_eq(poll(&fd, 1, 0), 0);
	cr_assert_eq(shutdown(life[0], SHUT_WR), 0);
	cr_assert_eq(poll(&fd, 1, PATIENCE_MS), 1);
	cr_assert_eq(close(life[0]), 0);
	cr_assert_eq(close(news[0]), 0);
	cr_assert_eq(close(news[1]), 0);
}

Test(capture, what_cannot_be_started_is_an_error)
{
	auto_strings struct strings missing = {0};
	struct strings nothing = {0};
	struct process_result result;
	struct error err;

	cr_assert_eq(strings_add(&missing, "/nonexistent/program"), 0);
	cr_assert_eq(process_run(&missing, PATIENCE_MS, &result, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, "/nonexistent/program"));
	cr_assert_eq(process_run(&nothing, PATIENCE_MS, &result, &err), -EINVAL);
}

Test(capture, no_descriptor_and_no_child_is_left_however_it_ended)
{
	auto_strings struct strings missing = {0};
	struct process_result result;
	struct error err;
	size_t before = open_descriptors();

	cr_assert_eq(strings_add(&missing, "/nonexistent/program"), 0);
	for (int i = 0; i < 5; i++) {
		result = run("exit 1", PATIENCE_MS);
		process_result_finish(&result);
		result = run("echo x; exec >&-", PATIENCE_MS);
		process_result_finish(&result);
		result = run("sleep 60", 0);
		process_result_finish(&result);
		cr_assert_lt(process_run(&missing, PATIENCE_MS, &result, &err), 0);
	}
	cr_assert_eq(open_descriptors(), before);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
}

/* Runs a command in a child that has the standard descriptors of set closed. */
static int run_without(int set)
{
	struct process_result result;

	for (int fd = 0; fd < 3; fd++) {
		if ((set & (1 << fd)) != 0) {
			(void)close(fd);
		}
	}
	if (run_script("cat; echo out; echo err >&2", PATIENCE_MS, &result) < 0) {
		return 2;
	}
	bool right = strcmp(buffer_text(&result.output), "out\n") == 0 &&
		     strcmp(buffer_text(&result.errors), "err\n") == 0;

	process_result_finish(&result);
	return right ? 0 : 1;
}

Test(capture, a_parent_without_standard_descriptors_hears_its_child)
{
	for (int set = 1; set < 8; set++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			_exit(run_without(set));
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert_eq(status, 0, "with the descriptors of set %d closed", set);
	}
}

/* From a write end of a pipe that a child closes: "now". */
Test(capture, an_interrupt_ends_a_command_that_says_nothing)
{
	auto_strings struct strings command = {0};
	struct process_result result = {0};
	struct error err;
	int ends[2];
	uint64_t started = clock_monotonic_ms();

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(strings_add(&command, "/bin/sh"), 0);
	cr_assert_eq(strings_add(&command, "-c"), 0);
	cr_assert_eq(strings_add(&command, "echo begun; exec sleep 60"), 0);
	pid_t pid = fork();

	if (pid == 0) {
		(void)poll(NULL, 0, BRIEFLY_MS);
		_exit(0);
	}
	cr_assert_eq(close(ends[1]), 0);
	cr_assert_eq(process_run_interruptibly(&command, 60000, ends[0], &result, &err), -EINTR);
	cr_assert_str_eq(err.text, "interrupted while /bin/sh ran");
	cr_assert_null(result.output.data);
	cr_assert_lt(clock_monotonic_ms() - started, 30000);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_eq(close(ends[0]), 0);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

Test(capture, without_an_interrupt_a_command_runs_to_its_end)
{
	auto_strings struct strings command = {0};
	struct process_result result = {0};
	struct error err;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(strings_add(&command, "/bin/true"), 0);
	cr_assert_eq(process_run_interruptibly(&command, PATIENCE_MS, ends[0], &result, &err), 0);
	cr_assert(process_succeeded(&result.status));
	process_result_finish(&result);
	cr_assert_eq(close(ends[0]), 0);
	cr_assert_eq(close(ends[1]), 0);
}
