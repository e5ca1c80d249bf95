/*
 * test_service_command.c - services that are started and stopped by commands, with real processes.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/manager.h"
#include "service_case.h"
#include "support/scratch.h"

TestSuite(service_command, .init = set_up, .fini = tear_down, .timeout = 60);

/* A process of ours that does nothing, named by the pid file. */
static pid_t bystander(void)
{
	pid_t pid = fork();
	char text[32];

	if (pid == 0) {
		(void)alarm(60);
		for (;;) {
			(void)pause();
		}
	}
	(void)snprintf(text, sizeof(text), "%d\n", pid);
	scratch_write(service.pid_file, text);
	return pid;
}

static void end_bystander(pid_t pid)
{
	cr_assert(kill(pid, SIGKILL) == 0);
	cr_assert(waitpid(pid, NULL, 0) == pid);
}

Test(service_command, what_was_started_is_found_and_what_was_stopped_is_gone)
{
	bool killed = true;

	cr_assert(find().pid == 0);
	cr_assert(start() == 0, "%s", err.text);
	struct service_process running = find();

	cr_assert(running.pid > 0 && running.start_time > 0);
	cr_assert(kill(running.pid, 0) == 0);
	cr_assert(stop(&killed) == 0, "%s", err.text);
	cr_assert(!killed);
	cr_assert(find().pid == 0);
}

Test(service_command, starting_waits_until_the_status_command_succeeds)
{
	char *ready = scratch_path(&scratch, "the daemon.pid.ready");

	set_command(&service.start, STUB " start late \"%s\"", service.pid_file);
	set_command(&service.status, "/usr/bin/test -e \"%s\"", ready);
	cr_assert(start() == 0, "%s", err.text);
	cr_assert(scratch_exists(ready));
	free(ready);
}

Test(service_command, a_start_command_that_fails_is_told_with_what_it_wrote)
{
	set_command(&service.start, STUB " start refuses \"%s\"", service.pid_file);
	cr_assert(start() == -ECHILD);
	cr_assert_not_null(strstr(err.text, "stub"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "exited with 3"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "the port is taken"), "%s", err.text);
}

Test(service_command, a_start_command_that_does_not_exist_is_an_error)
{
	set_command(&service.start, "/nowhere/bin/daemon");
	cr_assert(start() == -ENOENT, "%s", err.text);
}

Test(service_command, a_daemon_that_dies_while_starting_ends_the_wait)
{
	uint64_t began = clock_monotonic_ms();

	set_command(&service.start, STUB " start dies \"%s\"", service.pid_file);
	set_command(&service.status, "/bin/false");
	cr_assert(start() == -ESRCH, "%s", err.text);
	cr_assert_not_null(strstr(err.text, "cannot open the socket"), "%s", err.text);
	cr_assert(clock_monotonic_ms() - began < service.ready_timeout_ms / 2);
}

Test(service_command, a_daemon_that_is_never_ready_is_waited_for_no_longer_than_configured)
{
	bool killed = false;

	/* Enough for the start command, also where a sanitizer makes it slow. */
	service.ready_timeout_ms = 3000;
	set_command(&service.status, "/bin/false");
	cr_assert(start() == -ETIMEDOUT);
	cr_assert_not_null(strstr(err.text, "its status command exited with 1"), "%s", err.text);
	cr_assert(find().pid > 0);
	cr_assert(stop(&killed) == 0, "%s", err.text);
	cr_assert(find().pid == 0);
}

/* Four answers, and the deadline ends the fifth. */
Test(service_command, an_answer_cut_short_by_the_deadline_does_not_hide_the_one_before_it)
{
	service.ready_timeout_ms = 3000;
	set_command(&service.status, "/bin/sh -c \"sleep 0.6; exit 7\"");
	cr_assert(start() == -ETIMEDOUT);
	cr_assert_not_null(strstr(err.text, "its status command exited with 7"), "%s", err.text);
}

Test(service_command, a_status_command_that_never_answers_is_told)
{
	service.ready_timeout_ms = 3000;
	set_command(&service.status, "/bin/sleep 50");
	cr_assert(start() == -ETIMEDOUT);
	cr_assert_not_null(strstr(err.text, "its status command did not end"), "%s", err.text);
}

Test(service_command, a_start_command_that_stays_is_ended)
{
	service.ready_timeout_ms = 200;
	set_command(&service.start, "/bin/sleep 50");
	cr_assert(start() == -ETIMEDOUT);
	cr_assert_not_null(strstr(err.text, "did not end"), "%s", err.text);
}

Test(service_command, stopping_what_does_not_run_is_success)
{
	bool killed = true;

	set_command(&service.stop, "/bin/false");
	cr_assert(stop(&killed) == 0, "%s", err.text);
	cr_assert(!killed);
}

Test(service_command, a_process_that_does_not_go_is_killed_and_that_is_told)
{
	bool killed = false;

	set_command(&service.start, STUB " start stubborn \"%s\"", service.pid_file);
	cr_assert(start() == 0, "%s", err.text);
	service.stop_timeout_ms = 200;
	cr_assert(stop(&killed) == 0, "%s", err.text);
	cr_assert(killed);
	cr_assert(find().pid == 0);
}

Test(service_command, a_stop_command_that_fails_does_not_matter_when_the_process_is_gone)
{
	bool killed = true;

	cr_assert(start() == 0, "%s", err.text);
	set_command(&service.stop, STUB " stop-badly \"%s\"", service.pid_file);
	cr_assert(stop(&killed) == 0, "%s", err.text);
	cr_assert(!killed);
}

Test(service_command, a_stop_command_that_fails_while_the_process_stays_is_an_error)
{
	bool killed = true;

	cr_assert(start() == 0, "%s", err.text);
	set_command(&service.stop, "/bin/false");
	cr_assert(stop(&killed) == -ECHILD);
	cr_assert_not_null(strstr(err.text, "still runs"), "%s", err.text);
	cr_assert(!killed);
	cr_assert(find().pid > 0);
}

Test(service_command, a_process_younger_than_its_pid_file_is_not_killed)
{
	const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	pid_t other = bystander();
	bool killed = true;

	cr_assert(utimensat(AT_FDCWD, service.pid_file, long_ago, 0) == 0);
	set_command(&service.stop, "/bin/true");
	service.stop_timeout_ms = 100;
	cr_assert(stop(&killed) == -EPERM);
	cr_assert(!killed);
	cr_assert(kill(other, 0) == 0);
	cr_assert(waitpid(other, NULL, WNOHANG) == 0, "it was killed");
	end_bystander(other);
}

Test(service_command, a_pid_file_of_a_process_that_is_gone_names_nobody)
{
	end_bystander(bystander());
	cr_assert(find().pid == 0);
}

Test(service_command, a_zombie_does_not_run)
{
	pid_t other = bystander();
	siginfo_t info;

	cr_assert(kill(other, SIGKILL) == 0);
	cr_assert(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT) == 0);
	cr_assert(find().pid == 0);
	cr_assert(waitpid(other, NULL, 0) == other);
}

Test(service_command, an_empty_pid_file_names_nobody)
{
	scratch_write(service.pid_file, "\n");
	cr_assert(find().pid == 0);
}

Test(service_command, a_pid_file_with_anything_else_is_an_error)
{
	static const char *const contents[] = {
		"twelve\n", "-5\n", "1\n", "0\n", "12a", "0x12", "99999999999999999999"};
	struct service_process process;

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		scratch_write(service.pid_file, contents[i]);
		cr_assert(service_manager_command()->find(&context, &service, &process, &err) ==
				  -EINVAL,
			  "%s was taken", contents[i]);
	}
}

Test(service_command, a_pid_file_that_is_no_file_is_an_error_and_does_not_hang)
{
	struct service_process process;

	cr_assert(mkfifo(service.pid_file, 0600) == 0);
	cr_assert(service_manager_command()->find(&context, &service, &process, &err) < 0);
	cr_assert(unlink(service.pid_file) == 0);
	scratch_directory(service.pid_file);
	cr_assert(service_manager_command()->find(&context, &service, &process, &err) < 0);
	cr_assert(rmdir(service.pid_file) == 0);
	cr_assert(symlink("/etc/passwd", service.pid_file) == 0);
	cr_assert(service_manager_command()->find(&context, &service, &process, &err) < 0);
}

/* A pipe that nobody writes to any more can be read. */
static struct service_context interrupted_context(void)
{
	int ends[2];

	cr_assert(pipe(ends) == 0 && close(ends[1]) == 0);
	return (struct service_context){.values = &values, .interrupts = ends[0]};
}

Test(service_command, an_interrupt_ends_a_start_command_that_hangs)
{
	struct service_context interrupted = interrupted_context();
	uint64_t began = clock_monotonic_ms();

	set_command(&service.start, "/bin/sleep 60");
	cr_assert_eq(service_manager_command()->start(&interrupted, &service, &err), -EINTR);
	cr_assert(clock_monotonic_ms() - began < service.ready_timeout_ms / 2);
	cr_assert(find().pid == 0);
	cr_assert(close(interrupted.interrupts) == 0);
}

/* The daemon lives, and its status command is never content. */
Test(service_command, an_interrupt_ends_the_wait_for_readiness)
{
	char *fifo = scratch_path(&scratch, "interrupt");
	char *script = scratch_path(&scratch, "status");
	char *text = NULL;
	struct service_context interrupted = {.values = &values};
	bool killed = false;
	uint64_t began = clock_monotonic_ms();

	cr_assert(mkfifo(fifo, 0600) == 0);
	interrupted.interrupts = open(fifo, O_RDWR | O_CLOEXEC);
	cr_assert(asprintf(&text, "#!/bin/sh\necho now >%s\nexit 1\n", fifo) > 0);
	scratch_write_bytes(script, text, strlen(text), 0755);
	set_command(&service.status, "%s", script);
	cr_assert_eq(service_manager_command()->start(&interrupted, &service, &err), -EINTR, "%s",
		     err.text);
	cr_assert_not_null(strstr(err.text, "interrupted"), "%s", err.text);
	cr_assert(clock_monotonic_ms() - began < service.ready_timeout_ms / 2);
	cr_assert(find().pid != 0, "it is left to stop");
	cr_assert(stop(&killed) == 0 && !killed);
	cr_assert(close(interrupted.interrupts) == 0);
	free(text);
	free(script);
	free(fifo);
}

Test(service_command, an_interrupt_does_not_cut_a_stop_short)
{
	struct service_context interrupted = interrupted_context();
	bool killed = false;

	cr_assert(start() == 0, "%s", err.text);
	cr_assert(service_manager_command()->stop(&interrupted, &service, &killed, &err) == 0, "%s",
		  err.text);
	cr_assert(!killed && find().pid == 0);
	cr_assert(close(interrupted.interrupts) == 0);
}
