/*
 * test_spawn.c - process.h: how a child starts, what it sees, and what it does not.
 */
#include "base/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "process_case.h"
#include "support/scratch.h"

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

Test(spawn, what_cannot_be_executed_is_an_error_and_not_an_exit_code)
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

Test(spawn, a_missing_working_directory_is_named)
{
	struct process_options options = shell(SHELL("exit 0"));

	options.directory = "/nonexistent/directory";
	assert_not_started(&options, -ENOENT, "/nonexistent/directory");
}

Test(spawn, nothing_to_run_is_refused)
{
	const char *const empty[] = {NULL};
	struct process_options unset = {0};
	struct process_options options = shell(empty);

	assert_not_started(&unset, -EINVAL, "");
	assert_not_started(&options, -EINVAL, "");
}

Test(spawn, the_standard_descriptors_cannot_be_mapped_and_no_negative_one)
{
	for (int theirs = -1; theirs <= 2; theirs++) {
		struct process_fd fd = {0, theirs};
		struct process_options options = shell(SHELL("exit 0"));

		options.fds = &fd;
		options.fd_count = 1;
		assert_not_started(&options, -EINVAL, "/bin/sh");
	}
}

#define ALL_NULL "for n in 0 1 2; do [ \"$(readlink /proc/$$/fd/$n)\" = /dev/null ] || exit 9; done"

Test(spawn, without_an_output_all_three_are_the_null_device)
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

Test(spawn, a_parent_without_standard_descriptors_gives_its_child_all_three)
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

	options.fds = fds;
	options.fd_count = count;
	return exit_code_of(&options);
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

Test(spawn, descriptors_may_change_places)
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

Test(spawn, an_output_may_have_the_number_of_a_mapped_descriptor)
{
	cr_assert_eq(in_clean_child(output_collides), 0);
}

/* Executes a descriptor whose own number, exec_fd, is a target of the mapping or 0, 1 or 2. */
static int run_by_descriptor(int exec_fd)
{
	static const struct process_fd fds[] = {{4, 3}};
	struct process_options options = shell(SHELL("read a <&3; [ $a = four ]"));

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
	return exit_code_of(&options);
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

Test(spawn, a_program_runs_by_its_descriptor_whatever_its_number)
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

Test(spawn, no_descriptor_is_inherited_but_those_given)
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

Test(spawn, the_environment_is_minimal_unless_given)
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

Test(spawn, the_working_directory_is_the_root_unless_given)
{
	const char *const argv[] = {"/bin/pwd", NULL};
	struct process_options options = {.argv = argv};
	auto_free char *standard = output_of(&options);

	cr_assert_str_eq(standard, "/\n");
	options.directory = "/usr";
	auto_free char *given = output_of(&options);

	cr_assert_str_eq(given, "/usr\n");
}

Test(spawn, it_runs_in_a_group_of_its_own)
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

Test(spawn, it_can_have_a_session_of_its_own_without_our_terminal)
{
	struct witness witness = witness_make();
	const char *const *argv = SHELL("echo x >&9; sleep 60");
	struct process_options options = shell(argv);

	options.fds = &witness.fd;
	options.fd_count = 1;
	options.own_session = true;
	struct process process = spawn(&options);

	cr_assert_eq(witness_read(&witness), 'x');
	cr_assert_eq(getsid(process.pid), process.pid);
	process_kill(&process);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

/* Whoever left the group and the session is still in the namespace. */
Test(spawn, with_its_pid_namespace_end_all_who_are_in_it)
{
	struct witness witness = witness_make();
	const char *const *argv =
		SHELL("setsid sleep 60 & test $$ = 1 && echo x >&9 || echo y >&9; sleep 60");
	struct process_options options = shell(argv);

	if (geteuid() != 0) {
		cr_skip_test("a PID namespace takes root");
	}
	options.fds = &witness.fd;
	options.fd_count = 1;
	options.own_pids = true;
	struct process process = spawn(&options);

	cr_assert_eq(witness_read(&witness), 'x', "it is process 1");
	process_kill(&process);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
}

Test(spawn, without_the_right_to_a_pid_namespace_it_starts_all_the_same)
{
	const char *const argv[] = {"/bin/echo", "started", NULL};
	struct process_options options = {.argv = argv, .own_pids = true};

	if (geteuid() == 0) {
		cr_assert_eq(setresuid(65534, 65534, 65534), 0);
	}
	auto_free char *output = output_of(&options);

	cr_assert_str_eq(output, "started\n");
}
