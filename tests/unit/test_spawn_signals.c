/*
 * test_spawn_signals.c - process.h: a child's signals are its own, and its parent's stay as they
 * were.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>

#include "base/process.h"
#include "process_case.h"

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

Test(spawn_signals, signals_are_back_at_their_defaults)
{
	cr_assert_eq(in_clean_child(ignore_everything), 0);
}

static unsigned count_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		count += fcntl(fd, F_GETFD) >= 0;
	}
	return count;
}

static volatile sig_atomic_t handled;

static void count_signal(int number)
{
	(void)number;
	handled++;
}

/* The child has our memory until it is a program, but nothing of ours may run in it. */
static int start_with_handlers(void)
{
	static const char *const programs[] = {"/bin/true", "/nowhere"};
	sigset_t blocked;
	sigset_t after;
	unsigned before = count_descriptors();
	int wrong = 0;

	for (int number = 1; number < NSIG; number++) {
		(void)signal(number, count_signal);
	}
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR1);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
	(void)raise(SIGUSR1);
	for (size_t i = 0; i < 2; i++) {
		const char *const argv[] = {programs[i], NULL};
		const struct process_options options = {.argv = argv};
		struct process process;
		struct error err;
		int rc = process_spawn(&options, &process, &err);

		wrong += (i == 0) != (rc == 0);
		if (rc == 0) {
			process_kill(&process);
		}
	}
	(void)sigprocmask(SIG_SETMASK, NULL, &after);
	wrong += sigismember(&after, SIGUSR1) != 1 || sigismember(&after, SIGUSR2) != 0;
	/* SIGCHLD came to us, SIGUSR1 is still to come. */
	int children = handled;

	(void)sigemptyset(&blocked);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
	return wrong + (handled != children + 1) + (count_descriptors() != before);
}

Test(spawn_signals, the_caller_s_signals_and_descriptors_are_as_they_were)
{
	cr_assert_eq(in_clean_child(start_with_handlers), 0);
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

Test(spawn_signals, a_parent_that_ignores_its_children_still_learns_how_they_ended)
{
	cr_assert_eq(in_clean_child(child_signal_ignored), 5);
	cr_assert_eq(in_clean_child(children_not_kept), 5);
}
