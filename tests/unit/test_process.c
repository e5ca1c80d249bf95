/*
 * test_process.c - process.h: how a child starts, what it sees, and that nobody stays behind.
 *
 * Whether anybody stayed is told by the witness: a socket whose other end the child and all its
 * children hold; it reads end-of-file when the last of them is gone.
 */
#include "base/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "support/scratch.h"

#define PATIENCE_MS       5000 /* for what has to happen */
#define LATE_MS           4000 /* far from it */
#define BRIEFLY_MS        50   /* for what has to be cut off */
#define GRACE_AT_LEAST_MS 190
#define WITNESS           9 /* the number the child sees its end under */

static struct process_options shell(const char *const argv[])
{
	return (struct process_options){.argv = argv};
}

#define SHELL(script)                                                                              \
	(const char *const[])                                                                      \
	{                                                                                          \
		"/bin/sh", "-c", script, NULL                                                      \
	}

static struct process spawn(const struct process_options *options)
{
	struct process process = {.pidfd = -1};
	struct error err = {0};

	cr_assert_eq(process_spawn(options, &process, &err), 0, "%s", err.text);
	cr_assert_gt(process.pid, 0);
	return process;
}

static struct process_status run(const struct process_options *options)
{
	struct process process = spawn(options);
	struct process_status status;

	process_wait(&process, PATIENCE_MS, &status);
	return status;
}

struct witness {
	int ours;
	int theirs;
	struct process_fd fd; /* for the options */
};

static struct witness witness_make(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	return (struct witness){ends[0], ends[1], {ends[1], WITNESS}};
}

/* Call once the child runs: from then on only it and its children hold the other end. */
static void witness_leave_to_child(struct witness *witness)
{
	guard_close(&witness->theirs);
}

/* One byte, or 0 when all who held the other end are gone, or -1 when nothing happens. */
static int witness_read(const struct witness *witness)
{
	struct pollfd fd = {.fd = witness->ours, .events = POLLIN};
	unsigned char byte = 0;

	if (poll(&fd, 1, PATIENCE_MS) != 1) {
		return -1;
	}
	return read(witness->ours, &byte, 1) == 1 ? byte : 0;
}

static void assert_nobody_is_left(struct witness *witness)
{
	witness_leave_to_child(witness);
	cr_assert_eq(witness_read(witness), 0, "somebody was left behind");
	guard_close(&witness->ours);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD, "a child was not reaped");
}

/* Runs body in a child with no descriptor above 2 open, and returns its exit code. */
static int in_clean_child(int (*body)(void))
{
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		(void)close_range(3, ~0u, 0);
		_exit(body());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "the child was killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

Test(process, an_exit_code_is_told_as_it_is)
{
	static const struct {
		const char *script;
		int code;
	} cases[] = {
		{"exit 0", 0}, {"exit 1", 1}, {"exit 3", 3}, {"exit 127", 127}, {"exit 255", 255}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process_options options = shell(SHELL(cases[i].script));
		struct process_status status = run(&options);

		cr_assert_eq(status.signal, 0);
		cr_assert_eq(status.exit_code, cases[i].code);
		cr_assert_not(status.timed_out);
		cr_assert_eq(process_succeeded(&status), cases[i].code == 0);
	}
}

Test(process, a_signal_is_no_exit_code)
{
	static const struct {
		const char *script;
		int signal;
	} cases[] = {{"kill -KILL $$", SIGKILL},
		     {"kill -TERM $$", SIGTERM},
		     {"kill -PIPE $$", SIGPIPE}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process_options options = shell(SHELL(cases[i].script));
		struct process_status status = run(&options);

		cr_assert_eq(status.signal, cases[i].signal);
		cr_assert_not(status.timed_out);
		cr_assert_not(process_succeeded(&status));
	}
}

static void assert_not_started(const struct process_options *options, int code, const char *named)
{
	struct process process = {.pid = 4711, .pidfd = -1};
	struct error err = {0};

	cr_assert_eq(process_spawn(options, &process, &err), code, "%s", err.text);
	cr_assert_eq(process.pid, 4711);
	cr_assert_not_null(strstr(err.text, named), "%s", err.text);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD, "the failed child was not reaped");
}

Test(process, what_cannot_be_executed_is_an_error_and_not_an_exit_code)
{
	struct scratch scratch = scratch_make();
	auto_free char *plain = scratch_path(&scratch, "plain");
	auto_free char *garbage = scratch_path(&scratch, "garbage");
	auto_free char *missing = scratch_path(&scratch, "missing");
	const char *argv[] = {missing, NULL};
	struct process_options options = {.argv = argv};

	scratch_write(plain, "x");
	scratch_write_bytes(garbage, "\x7f\0garbage", 9, 0755);
	assert_not_started(&options, -ENOENT, missing);
	argv[0] = plain;
	assert_not_started(&options, -EACCES, plain);
	argv[0] = garbage;
	assert_not_started(&options, -ENOEXEC, garbage);
	argv[0] = scratch.path;
	assert_not_started(&options, -EACCES, scratch.path);
	scratch_remove(&scratch);
}

Test(process, a_missing_working_directory_is_named)
{
	struct process_options options = shell(SHELL("exit 0"));

	options.directory = "/nonexistent/directory";
	assert_not_started(&options, -ENOENT, "/nonexistent/directory");
}

Test(process, nothing_to_run_is_refused)
{
	const char *const empty[] = {NULL};
	struct process_options unset = {0};
	struct process_options options = shell(empty);

	assert_not_started(&unset, -EINVAL, "");
	assert_not_started(&options, -EINVAL, "");
}

Test(process, the_standard_descriptors_cannot_be_mapped_and_no_negative_one)
{
	for (int theirs = -1; theirs <= 2; theirs++) {
		struct process_fd fd = {0, theirs};
		struct process_options options = shell(SHELL("exit 0"));

		options.fds = &fd;
		options.fd_count = 1;
		assert_not_started(&options, -EINVAL, "/bin/sh");
	}
}

/* Starts a script that holds the witness and says a byte when it is ready. */
static struct process spawn_witnessed(const char *script, struct witness *witness,
				      bool starts_daemon)
{
	struct process_options options = shell(SHELL(script));

	options.fds = &witness->fd;
	options.fd_count = 1;
	options.starts_daemon = starts_daemon;
	return spawn(&options);
}

Test(process, at_its_deadline_the_whole_group_ends)
{
	struct witness witness = witness_make();
	struct process process =
		spawn_witnessed("sleep 60 & (sleep 60 & sleep 60) & echo x >&9; sleep 60", &witness,
				false);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	uint64_t started = clock_monotonic_ms();

	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	cr_assert_not(process_succeeded(&status));
	cr_assert_lt(clock_monotonic_ms() - started, LATE_MS);
	cr_assert_geq(status.ms, BRIEFLY_MS);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(process, who_ignores_sigterm_is_killed)
{
	struct witness witness = witness_make();
	struct process process =
		spawn_witnessed("trap '' TERM; sleep 60 & echo x >&9; sleep 60; sleep 60", &witness,
				false);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	cr_assert_eq(status.signal, SIGKILL);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(process, a_grandchild_that_ignores_sigterm_does_not_outlive_an_obedient_leader)
{
	struct witness witness = witness_make();
	struct process process =
		spawn_witnessed("sh -c \"trap '' TERM; echo x >&9; sleep 60; sleep 60\" & wait",
				&witness, false);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	cr_assert_eq(status.signal, SIGTERM);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(process, sigterm_comes_first_and_gives_time_to_tidy_up)
{
	struct witness witness = witness_make();
	struct process process =
		spawn_witnessed("trap 'echo t >&9; exit 7' TERM; echo x >&9; sleep 60 & wait",
				&witness, false);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	cr_assert_eq(status.exit_code, 7);
	cr_assert_eq(witness_read(&witness), '\n');
	cr_assert_eq(witness_read(&witness), 't');
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(process, a_stopped_one_is_killed_too)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed("kill -STOP $$; sleep 60", &witness, false);
	struct process_status status;

	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	assert_nobody_is_left(&witness);
}

Test(process, what_a_child_leaves_running_ends_with_it)
{
	struct witness witness = witness_make();
	struct process process =
		spawn_witnessed("trap '' TERM; sleep 60 & sleep 60 & exit 5", &witness, false);
	struct process_status status;

	process_wait(&process, PATIENCE_MS, &status);
	cr_assert_eq(status.exit_code, 5);
	cr_assert_not(status.timed_out);
	assert_nobody_is_left(&witness);
}

Test(process, killing_ends_it_at_once_and_twice_does_nothing)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed("sleep 60", &witness, false);

	process_kill(&process);
	cr_assert_eq(process.pidfd, -1);
	process_kill(&process);
	assert_nobody_is_left(&witness);
}

Test(process, waiting_for_nobody_does_nothing_and_is_no_success)
{
	struct process never = {.pidfd = -1};
	struct process_options options = shell(SHELL("exit 0"));
	struct process process = spawn(&options);
	char text[PROCESS_STATUS_TEXT_MAX];
	struct process_status status;

	process_wait(&process, PATIENCE_MS, &status);
	cr_assert(process_succeeded(&status));
	process_wait(&process, PATIENCE_MS, &status);
	cr_assert_not(process_succeeded(&status));
	cr_assert_str_neq(process_status_text(&status, text), "exited with 0");
	process_wait(&never, PATIENCE_MS, &status);
	cr_assert_not(process_succeeded(&status));
	process_kill(&never);
}

/* cat answers what it is sent: a child that proves to be alive. */
#define ECHOING "exec cat <&9 >&9"

static void assert_echoes(const struct witness *witness)
{
	cr_assert_eq(write(witness->ours, "e", 1), 1);
	cr_assert_eq(witness_read(witness), 'e', "the daemon is gone");
}

Test(process, a_daemon_survives_the_wait_for_who_started_it)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed("(" ECHOING ") & exit 0", &witness, true);
	pid_t session = process.pid;
	struct process_status status;

	witness_leave_to_child(&witness);
	process_wait(&process, PATIENCE_MS, &status);
	cr_assert(process_succeeded(&status));
	cr_assert_neq(session, getsid(0));
	assert_echoes(&witness);
	cr_assert_eq(shutdown(witness.ours, SHUT_WR), 0);
	assert_nobody_is_left(&witness);
}

Test(process, what_should_have_started_a_daemon_ends_at_its_deadline)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed("sleep 60 & echo x >&9; sleep 60", &witness, true);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

/* Starts an echoing child from a parent that ends at once, without waiting for it. */
static void spawn_from_dying_parent(struct witness *witness, bool starts_daemon)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct process_options options = shell(SHELL("echo x >&9; " ECHOING));
		struct process process;
		struct error err;

		options.fds = &witness->fd;
		options.fd_count = 1;
		options.starts_daemon = starts_daemon;
		_exit(process_spawn(&options, &process, &err) < 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	witness_leave_to_child(witness);
}

Test(process, a_daemon_survives_our_end)
{
	struct witness witness = witness_make();

	spawn_from_dying_parent(&witness, true);
	cr_assert_eq(witness_read(&witness), 'x');
	cr_assert_eq(witness_read(&witness), '\n');
	assert_echoes(&witness);
	cr_assert_eq(shutdown(witness.ours, SHUT_WR), 0);
	assert_nobody_is_left(&witness);
}

Test(process, any_other_child_does_not)
{
	struct witness witness = witness_make();
	int byte = 0;

	spawn_from_dying_parent(&witness, false);
	do { /* it may have come to say its x */
		byte = witness_read(&witness);
	} while (byte > 0);
	cr_assert_eq(byte, 0, "the child outlived its parent");
	assert_nobody_is_left(&witness);
}

/* Runs a script that checks something of itself, in a parent made strange by the caller. */
static int check_by_script(const char *script)
{
	struct process_options options = shell(SHELL(script));
	struct process process;
	struct process_status status;
	struct error err;

	if (process_spawn(&options, &process, &err) < 0) {
		return 100;
	}
	process_wait(&process, PATIENCE_MS, &status);
	return status.signal != 0 ? 101 : status.exit_code;
}

#define ALL_NULL "for n in 0 1 2; do [ \"$(readlink /proc/$$/fd/$n)\" = /dev/null ] || exit 9; done"

Test(process, without_an_output_all_three_are_the_null_device)
{
	cr_assert_eq(check_by_script(ALL_NULL), 0);
}

static int null_without_standard(void)
{
	for (int set = 1; set < 8; set++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0) {
			for (int fd = 0; fd < 3; fd++) {
				if ((set & (1 << fd)) != 0) {
					(void)close(fd);
				}
			}
			_exit(check_by_script(ALL_NULL));
		}
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			return set;
		}
	}
	return 0;
}

Test(process, a_parent_without_standard_descriptors_gives_its_child_all_three)
{
	cr_assert_eq(in_clean_child(null_without_standard), 0);
}

/* Descriptors number and up each read as the word at their place. */
static bool open_words(int number, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int ends[2];

		if (pipe(ends) < 0 ||
		    write(ends[1], words[i], strlen(words[i])) != (ssize_t)strlen(words[i])) {
			return false;
		}
		(void)close(ends[1]);
		int high = fcntl(ends[0], F_DUPFD, 100);

		(void)close(ends[0]);
		if (high < 0 || dup2(high, number + (int)i) < 0) {
			return false;
		}
		(void)close(high);
	}
	return true;
}

static int run_mapped(const struct process_fd *fds, size_t count, const char *script)
{
	struct process_options options = shell(SHELL(script));
	struct process process;
	struct process_status status;
	struct error err;

	options.fds = fds;
	options.fd_count = count;
	if (process_spawn(&options, &process, &err) < 0) {
		return 100;
	}
	process_wait(&process, PATIENCE_MS, &status);
	return status.signal != 0 ? 101 : status.exit_code;
}

static const char *const words[] = {"three\n", "four\n", "five\n"};

static int swap_two(void)
{
	static const struct process_fd fds[] = {{3, 4}, {4, 3}};

	return open_words(3, words, 2)
		       ? run_mapped(fds, 2, "read a <&3; read b <&4; [ $a$b = fourthree ]")
		       : 102;
}

static int rotate_three(void)
{
	static const struct process_fd fds[] = {{3, 4}, {4, 5}, {5, 3}};

	return open_words(3, words, 3) ? run_mapped(fds, 3,
						    "read a <&3; read b <&4; read c <&5; "
						    "[ $a$b$c = fivethreefour ]")
				       : 102;
}

static int keep_and_double(void)
{
	static const struct process_fd fds[] = {{3, 3}, {4, 5}, {4, 9}};

	return open_words(3, words, 2)
		       ? run_mapped(fds, 3,
				    "read a <&3; read b <&9; "
				    "[ $a$b = threefour ] || exit 1; "
				    "if (: <&4) 2>/dev/null; then exit 2; fi; : <&5")
		       : 102;
}

Test(process, descriptors_may_change_places)
{
	cr_assert_eq(in_clean_child(swap_two), 0);
	cr_assert_eq(in_clean_child(rotate_three), 0);
	cr_assert_eq(in_clean_child(keep_and_double), 0);
}

/* The output's own number is wanted for something else. */
static int output_collides(void)
{
	static const struct process_fd fds[] = {{4, 3}};
	struct process_options options = shell(SHELL("read a <&3; echo $a; echo error >&2"));
	int output[2];
	char text[64] = "";
	struct process process;
	struct process_status status;
	struct error err;

	if (!open_words(3, words, 2) || pipe(output) < 0 || dup2(output[1], 3) < 0) {
		return 102;
	}
	options.fds = fds;
	options.fd_count = 1;
	options.output_fd = 3;
	if (process_spawn(&options, &process, &err) < 0) {
		return 100;
	}
	process_wait(&process, PATIENCE_MS, &status);
	(void)close(3);
	(void)close(output[1]);
	ssize_t got = read(output[0], text, sizeof(text) - 1);

	return got > 0 && strcmp(text, "four\nerror\n") == 0 ? 0 : 1;
}

Test(process, an_output_may_have_the_number_of_a_mapped_descriptor)
{
	cr_assert_eq(in_clean_child(output_collides), 0);
}

/* Executes a descriptor whose own number, exec_fd, is a target of the mapping or 0, 1 or 2. */
static int run_by_descriptor(int exec_fd)
{
	static const struct process_fd fds[] = {{4, 3}};
	struct process_options options = shell(SHELL("read a <&3; [ $a = four ]"));
	struct process process;
	struct process_status status;
	struct error err;

	if (!open_words(3, words, 2)) {
		return 102;
	}
	int program = open("/bin/sh", O_RDONLY | O_CLOEXEC);

	if (program < 0 || dup3(program, exec_fd, O_CLOEXEC) < 0) {
		return 102;
	}
	options.fds = fds;
	options.fd_count = 1;
	options.by_descriptor = true;
	options.exec_fd = exec_fd;
	if (process_spawn(&options, &process, &err) < 0) {
		return 100;
	}
	process_wait(&process, PATIENCE_MS, &status);
	return status.signal != 0 ? 101 : status.exit_code;
}

static int descriptor_zero(void)
{
	return run_by_descriptor(0);
}

static int descriptor_two(void)
{
	return run_by_descriptor(2);
}

static int descriptor_three(void)
{
	return run_by_descriptor(3);
}

static int descriptor_high(void)
{
	return run_by_descriptor(50);
}

Test(process, a_program_runs_by_its_descriptor_whatever_its_number)
{
	cr_assert_eq(in_clean_child(descriptor_high), 0);
	cr_assert_eq(in_clean_child(descriptor_three), 0);
	cr_assert_eq(in_clean_child(descriptor_zero), 0);
	cr_assert_eq(in_clean_child(descriptor_two), 0);
}

/* The names in /proc/self/fd of a child, in one line; ls itself holds one more, the lowest free. */
static char *list_descriptors(const struct process_fd *fds, size_t count)
{
	const char *const argv[] = {"/bin/ls", "-mv", "/proc/self/fd", NULL};
	struct process_options options = {.argv = argv, .fds = fds, .fd_count = count};
	struct process_result result;
	struct error err;

	cr_assert_eq(process_run_options(&options, PATIENCE_MS, &result, &err), 0);
	char *text = buffer_detach(&result.output);

	process_result_finish(&result);
	return text;
}

Test(process, no_descriptor_is_inherited_but_those_given)
{
	int leaks[20];

	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		leaks[i] = open("/dev/null", O_RDWR); /* without close-on-exec */
		cr_assert_geq(leaks[i], 0);
	}
	const struct process_fd fds[] = {{leaks[0], 7}, {leaks[1], 200}};
	auto_free char *none = list_descriptors(NULL, 0);
	auto_free char *two = list_descriptors(fds, 2);

	cr_assert_str_eq(none, "0, 1, 2, 3\n");
	cr_assert_str_eq(two, "0, 1, 2, 3, 7, 200\n");
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		cr_assert_eq(close(leaks[i]), 0);
	}
}

static int ignore_everything(void)
{
	sigset_t all;

	for (int number = 1; number < NSIG; number++) {
		(void)signal(number, SIG_IGN);
	}
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	return check_by_script("exec grep -q '^SigBlk:.0000000000000000$' /proc/$$/status") +
	       check_by_script("exec grep -q '^SigIgn:.0000000000000000$' /proc/$$/status");
}

Test(process, signals_are_back_at_their_defaults)
{
	cr_assert_eq(in_clean_child(ignore_everything), 0);
}

static int exit_five_with(int flags, void (*handler)(int))
{
	struct sigaction action = {.sa_flags = flags, .sa_handler = handler};

	if (sigaction(SIGCHLD, &action, NULL) < 0) {
		return 102;
	}
	return check_by_script("exit 5");
}

static int child_signal_ignored(void)
{
	return exit_five_with(0, SIG_IGN);
}

static int children_not_kept(void)
{
	return exit_five_with(SA_NOCLDWAIT, SIG_DFL);
}

Test(process, a_parent_that_ignores_its_children_still_learns_how_they_ended)
{
	cr_assert_eq(in_clean_child(child_signal_ignored), 5);
	cr_assert_eq(in_clean_child(children_not_kept), 5);
}

static char *output_of(struct process_options *options)
{
	struct process_result result;
	struct error err;

	cr_assert_eq(process_run_options(options, PATIENCE_MS, &result, &err), 0);
	cr_assert(process_succeeded(&result.status));
	char *text = buffer_detach(&result.output);

	process_result_finish(&result);
	return text;
}

Test(process, the_environment_is_minimal_unless_given)
{
	const char *const argv[] = {"/usr/bin/env", NULL};
	const char *const environment[] = {"ONLY=this one", NULL};
	const char *const nothing[] = {NULL};
	struct process_options options = {.argv = argv};

	cr_assert_eq(setenv("LD_PRELOAD_LIKE", "leaks", 1), 0);
	auto_free char *minimal = output_of(&options);

	cr_assert_str_eq(minimal,
			 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
			 "LC_ALL=C.UTF-8\n");
	options.environment = environment;
	auto_free char *given = output_of(&options);

	cr_assert_str_eq(given, "ONLY=this one\n");
	options.environment = nothing;
	auto_free char *empty = output_of(&options);

	cr_assert_str_eq(empty, "");
}

Test(process, the_working_directory_is_the_root_unless_given)
{
	const char *const argv[] = {"/bin/pwd", NULL};
	struct process_options options = {.argv = argv};
	auto_free char *standard = output_of(&options);

	cr_assert_str_eq(standard, "/\n");
	options.directory = "/usr";
	auto_free char *given = output_of(&options);

	cr_assert_str_eq(given, "/usr\n");
}

Test(process, it_runs_in_a_group_of_its_own)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed("echo x >&9; sleep 60", &witness, false);

	cr_assert_eq(witness_read(&witness), 'x');
	cr_assert_eq(getpgid(process.pid), process.pid);
	cr_assert_neq(getpgid(0), process.pid);
	cr_assert_eq(fcntl(process.pidfd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	process_kill(&process);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(process, a_status_is_told_in_words)
{
	static const struct {
		struct process_status status;
		const char *text;
	} cases[] = {
		{{.exit_code = 0}, "exited with 0"},
		{{.exit_code = 3}, "exited with 3"},
		{{.signal = SIGSEGV}, "was killed by signal 11 (Segmentation fault)"},
		{{.timed_out = true, .signal = SIGKILL, .ms = 30000}, "did not end within 30 s"},
		{{.timed_out = true, .ms = 30012}, "did not end within 30 s"},
		{{.timed_out = true, .ms = 1550}, "did not end within 1.5 s"},
		{{.timed_out = true, .ms = 250}, "did not end within 250 ms"},
		{{.timed_out = true, .ms = UINT64_MAX}, "did not end within 18446744073709551.6 s"},
	};
	char text[PROCESS_STATUS_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_str_eq(process_status_text(&cases[i].status, text), cases[i].text);
	}
}

Test(process, the_time_of_grace_is_not_told_as_part_of_the_deadline)
{
	struct witness witness = witness_make();
	struct process process =
		spawn_witnessed("trap '' TERM; echo x >&9; sleep 60; sleep 60", &witness, false);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	uint64_t started = clock_monotonic_ms();

	process_wait(&process, BRIEFLY_MS, &status);
	cr_assert(status.timed_out);
	cr_assert_geq(status.ms, BRIEFLY_MS);
	cr_assert_geq(clock_monotonic_ms() - started, status.ms + GRACE_AT_LEAST_MS);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(process, its_start_time_stays_the_same_and_is_not_in_the_future)
{
	auto_free char *uptime = NULL;
	uint64_t first = 0;
	uint64_t again = 1;

	cr_assert_eq(process_start_time(getpid(), &first), 0);
	cr_assert_eq(process_start_time(getpid(), &again), 0);
	cr_assert_eq(first, again);
	uptime = scratch_read("/proc/uptime");
	cr_assert_gt(first, 0);
	cr_assert_leq(first / (uint64_t)sysconf(_SC_CLK_TCK), strtoull(uptime, NULL, 10));
}

Test(process, a_name_full_of_brackets_and_blanks_does_not_hide_the_start_time)
{
	static const char *const names[] = {") R 1 (x", "a) b) c)", "( (", "1 2 3 4 5 6 7 8", ")"};
	uint64_t plain = 0;

	cr_assert_eq(process_start_time(getpid(), &plain), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t renamed = 0;

		cr_assert_eq(prctl(PR_SET_NAME, names[i]), 0);
		cr_assert_eq(process_start_time(getpid(), &renamed), 0);
		cr_assert_eq(renamed, plain, "'%s'", names[i]);
	}
}

Test(process, who_does_not_exist_has_no_start_time)
{
	uint64_t start = 42;
	pid_t gone = fork();

	if (gone == 0) {
		_exit(0);
	}
	cr_assert_eq(waitpid(gone, NULL, 0), gone);
	cr_assert_eq(process_start_time(gone, &start), -ESRCH);
	cr_assert_eq(process_start_time(0, &start), -ESRCH);
	cr_assert_eq(process_start_time(-1, &start), -ESRCH);
	cr_assert_eq(start, 42);
}
