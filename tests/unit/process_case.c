/*
 * process_case.c - process_case.h: children and their witness.
 */
#include "process_case.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"

struct process_options shell(const char *const argv[])
{
	return (struct process_options){.argv = argv};
}

struct process spawn(const struct process_options *options)
{
	struct process process = {.pidfd = -1};
	struct error err = {0};

	cr_assert_eq(process_spawn(options, &process, &err), 0, "%s", err.text);
	cr_assert_gt(process.pid, 0);
	return process;
}

struct witness witness_make(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	return (struct witness){ends[0], ends[1], {ends[1], WITNESS}};
}

void witness_leave_to_child(struct witness *witness)
{
	guard_close(&witness->theirs);
}

int witness_read(const struct witness *witness)
{
	struct pollfd fd = {.fd = witness->ours, .events = POLLIN};
	unsigned char byte = 0;

	if (poll(&fd, 1, PATIENCE_MS) != 1) {
		return -1;
	}
	return read(witness->ours, &byte, 1) == 1 ? byte : 0;
}

struct process spawn_witnessed(const char *script, struct witness *witness, bool starts_daemon)
{
	struct process_options options = shell(SHELL(script));

	options.fds = &witness->fd;
	options.fd_count = 1;
	options.starts_daemon = starts_daemon;
	return spawn(&options);
}

void assert_nobody_is_left(struct witness *witness)
{
	witness_leave_to_child(witness);
	cr_assert_eq(witness_read(witness), 0, "somebody was left behind");
	guard_close(&witness->ours);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD, "a child was not reaped");
}

int in_clean_child(int (*body)(void))
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

int exit_code_of(const struct process_options *options)
{
	struct process process;
	struct process_status status;
	struct error err;

	if (process_spawn(options, &process, &err) < 0) {
		return 100;
	}
	process_wait(&process, PATIENCE_MS, &status);
	return status.signal != 0 ? 101 : status.exit_code;
}

int check_by_script(const char *script)
{
	struct process_options options = shell(SHELL(script));

	return exit_code_of(&options);
}
