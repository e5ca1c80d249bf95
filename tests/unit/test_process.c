/*
 * test_process.c - process.h: how a child ends, that nobody stays behind, and what is told of it.
 */
#include "base/process.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "process_case.h"
#include "support/scratch.h"

#define LATE_MS           4000 /* far from PATIENCE_MS */
#define BRIEFLY_MS        50   /* for what has to be cut off */
#define GRACE_AT_LEAST_MS 190

static struct process_status run(const struct process_options *options)
{
	struct process process = spawn(options);
	struct process_status status;

	process_wait(&process, PATIENCE_MS, &status);
	return status;
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

/* A descriptor that can be read. */
static int interrupt_at_once(void)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(close(ends[1]), 0);
	return ends[0];
}

Test(process, an_interrupt_ends_the_wait_and_the_whole_group)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed(
		"sleep 60 & echo x >&9; trap 'echo t >&9; exit 7' TERM; sleep 60 & wait", &witness,
		false);
	struct process_status status;
	char text[PROCESS_STATUS_TEXT_MAX];
	int interrupts = interrupt_at_once();

	cr_assert_eq(witness_read(&witness), 'x');
	process.interrupts = interrupts;
	process_wait(&process, PATIENCE_MS, &status);
	cr_assert(status.interrupted && !status.timed_out);
	cr_assert_lt(status.ms, LATE_MS);
	cr_assert_not(process_succeeded(&status));
	cr_assert_str_eq(process_status_text(&status, text), "was interrupted");
	cr_assert_eq(witness_read(&witness), '\n');
	witness_leave_to_child(&witness);
	while (witness_read(&witness) > 0) {
	}
	assert_nobody_is_left(&witness);
	cr_assert_eq(close(interrupts), 0);
}

Test(process, an_interrupt_does_not_hide_an_end)
{
	struct process_options options = shell(SHELL("exit 3"));
	struct process process = spawn(&options);
	struct process_status status;
	siginfo_t info;

	cr_assert_eq(waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0);
	process.interrupts = interrupt_at_once();
	int interrupts = process.interrupts;

	process_wait(&process, PATIENCE_MS, &status);
	cr_assert_not(status.interrupted);
	cr_assert_eq(status.exit_code, 3);
	cr_assert_eq(close(interrupts), 0);
}

Test(process, a_daemon_that_starts_is_ended_by_an_interrupt)
{
	struct witness witness = witness_make();
	struct process process = spawn_witnessed("sleep 60 & echo x >&9; sleep 60", &witness, true);
	struct process_status status;

	cr_assert_eq(witness_read(&witness), 'x');
	process.interrupts = interrupt_at_once();
	int interrupts = process.interrupts;

	process_wait(&process, PATIENCE_MS, &status);
	cr_assert(status.interrupted);
	cr_assert_eq(witness_read(&witness), '\n');
	assert_nobody_is_left(&witness);
	cr_assert_eq(close(interrupts), 0);
}
