/*
 * test_command_start.c - the child that starts a service: it holds the lock, and what becomes of
 * what it has started when it is killed, dies or hangs.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service_case.h"

TestSuite(command_start, .init = set_up, .fini = tear_down, .timeout = 60);

/* Killed when its start command is over and no pid file names the daemon yet. */
Test(command_start, who_starts_may_be_killed_and_the_lock_is_held_until_the_daemon_is_named)
{
	char *begun = scratch_path(&scratch, "the daemon.pid.begun");
	char *lock = scratch_path(&scratch, "lock");
	pid_t pid = fork();

	set_command(&service.start, STUB " start lazy \"%s\"", service.pid_file);
	if (pid == 0) {
		int held = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		_exit(flock(held, LOCK_EX) == 0 && start() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	while (!scratch_exists(begun)) {
		(void)poll(NULL, 0, 1);
	}
	cr_assert(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	int mine = open(lock, O_RDWR | O_CLOEXEC);

	cr_assert(flock(mine, LOCK_EX) == 0);
	cr_assert(find().pid != 0, "the lock was let go before anybody could know who runs");
	cr_assert(close(mine) == 0);
	free(begun);
	free(lock);
}

/* The first child of process that is not ours; 0: it has none. */
static pid_t other_child(pid_t process)
{
	char path[64];
	char *list = NULL;
	pid_t found = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", process, process);
	list = scratch_read(path);
	char *at = list;

	for (pid_t pid = (pid_t)strtol(at, &at, 10); pid > 0 && found == 0;
	     pid = (pid_t)strtol(at, &at, 10)) {
		found = pid != getpid() ? pid : 0;
	}
	free(list);
	return found;
}

/* Sends the child that starts a signal, once file is there. */
static pid_t disturb_the_child_when(const char *file, int signal)
{
	pid_t starter = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(60);
		while (!scratch_exists(file)) {
			(void)poll(NULL, 0, 1);
		}
		_exit(kill(other_child(starter), signal) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	return pid;
}

static void expect_gone(const char *pid_file)
{
	char *text = scratch_read(pid_file);
	pid_t pid = (pid_t)strtol(text, NULL, 10);

	cr_assert(pid > 0);
	cr_assert(kill(pid, 0) < 0 && errno == ESRCH, "%s was left behind", pid_file);
	free(text);
}

/* The daemon has left its group and is not named yet; the command stays. */
static void expect_nothing_left_of_a_child_that_gets(int signal, int code, const char *says)
{
	char *command = scratch_path(&scratch, "command");
	char *daemon = scratch_path(&scratch, "daemon");
	char *script = scratch_path(&scratch, "start");
	char *text = NULL;
	int status = 0;

	cr_assert(asprintf(&text,
			   "#!/bin/sh\necho $$ >%s\n"
			   "setsid /bin/sh -c 'echo $$ >%s.new; mv %s.new %s; exec sleep 50' &\n"
			   "exec sleep 50\n",
			   command, daemon, daemon, daemon) > 0);
	scratch_write_bytes(script, text, strlen(text), 0755);
	set_command(&service.start, "%s", script);
	pid_t killer = disturb_the_child_when(daemon, signal);

	cr_assert_eq(start(), code, "%s", err.text);
	cr_assert_not_null(strstr(err.text, says), "%s", err.text);
	cr_assert(waitpid(killer, &status, 0) == killer && status == 0);
	expect_gone(command);
	expect_gone(daemon);
	free(text);
	free(script);
	free(daemon);
	free(command);
}

/* As the kernel does it when memory is short. */
Test(command_start, when_the_child_that_starts_dies_what_it_had_started_is_ended)
{
	expect_nothing_left_of_a_child_that_gets(SIGKILL, -ECHILD,
						 "died, and what it had started was ended");
}

/* It waits for as long as such a child is given. */
Test(command_start, when_the_child_that_starts_hangs_what_it_had_started_is_ended)
{
	service.ready_timeout_ms = 2000;
	expect_nothing_left_of_a_child_that_gets(
		SIGSTOP, -ETIMEDOUT,
		"did not end within 22 s, and was ended with what it had started");
}

/* Who comes to us would stay as a zombie, which a stop command may wait for. */
static void expect_nobodys_child(void)
{
	bool killed = false;

	cr_assert(start() == 0, "%s", err.text);
	cr_assert_eq(other_child(getpid()), 0);
	cr_assert(stop(&killed) == 0 && !killed);
}

Test(command_start, a_daemon_that_was_started_is_nobodys_child)
{
	expect_nobodys_child();
	set_command(&service.start, STUB " start lazy \"%s\"", service.pid_file);
	expect_nobodys_child();
}

/* Its parent outlives the start command, and not the start. */
Test(command_start, a_daemon_that_forks_twice_and_late_is_nobodys_child)
{
	set_command(&service.start,
		    "/bin/sh -c \"(sleep 0.1; %s start plain '%s') >/dev/null 2>&1 &\"",
		    BANGER_BUILD_DIR "/tests/support/stub_daemon", service.pid_file);
	expect_nobodys_child();
}
