/*
 * test_ground.c - what is inherited, made firm: each test looks at a child that it has spoiled
 * before.
 */
#include "update/ground.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "update/phases.h"

#define DESCRIPTORS 64

static void nothing(void)
{
}

/* In a child: spoil, make firm, look. */
static void expect_firm(void (*spoil)(void), bool (*look)(void))
{
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		spoil();
		ground_make_firm();
		_exit(look() ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "status %x", (unsigned)status);
}

static void close_standard_descriptors(void)
{
	(void)close_range(0, 2, 0);
}

/* As many as fit. */
static void open_all_descriptors(void)
{
	const struct rlimit few = {DESCRIPTORS, DESCRIPTORS};

	(void)setrlimit(RLIMIT_NOFILE, &few);
	while (dup(STDERR_FILENO) >= 0) {
	}
	(void)close(STDIN_FILENO);
}

static bool only_standard_descriptors_are_open(void)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if ((fcntl(fd, F_GETFD) >= 0) != (fd <= STDERR_FILENO)) {
			return false;
		}
	}
	return true;
}

Test(ground, standard_descriptors_that_were_closed_are_open)
{
	expect_firm(close_standard_descriptors, only_standard_descriptors_are_open);
}

Test(ground, descriptors_that_were_left_open_are_closed)
{
	expect_firm(open_all_descriptors, only_standard_descriptors_are_open);
}

static const int endless[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_NPROC};

static void lower_soft_limits(void)
{
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		(void)getrlimit((__rlimit_resource_t)endless[i], &limit);
		limit.rlim_cur = 4096;
		(void)setrlimit((__rlimit_resource_t)endless[i], &limit);
	}
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 8;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool limits_are_high(void)
{
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		if (getrlimit((__rlimit_resource_t)endless[i], &limit) < 0 ||
		    limit.rlim_cur != limit.rlim_max) {
			return false;
		}
	}
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       (limit.rlim_cur >= 1024 || limit.rlim_cur == limit.rlim_max);
}

Test(ground, soft_limits_are_lifted)
{
	expect_firm(lower_soft_limits, limits_are_high);
}

static void lower_hard_limit(void)
{
	const struct rlimit files = {20, 40};

	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static bool hard_limit_is_kept_to(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 40 &&
	       limit.rlim_max == 40;
}

Test(ground, hard_limits_stay)
{
	expect_firm(lower_hard_limit, hard_limit_is_kept_to);
}

static void have_a_higher_limit(void)
{
	struct rlimit limit;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 2000;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool limit_is_as_before(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 2000;
}

Test(ground, limits_that_are_high_enough_stay)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 2000) {
		cr_skip_test("the hard limit is lower");
	}
	expect_firm(have_a_higher_limit, limit_is_as_before);
}

static void block_everything(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
}

static void block_and_ignore_everything(void)
{
	block_everything();
	for (int number = 1; number < SIGRTMIN; number++) {
		(void)signal(number, SIG_IGN);
	}
}

static bool only_interrupts_are_blocked(void)
{
	sigset_t interrupts = phases_interrupts();
	sigset_t blocked;

	(void)sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number < SIGRTMIN; number++) {
		if (sigismember(&blocked, number) != sigismember(&interrupts, number)) {
			return false;
		}
	}
	return true;
}

Test(ground, signals_that_were_blocked_are_not)
{
	expect_firm(block_everything, only_interrupts_are_blocked);
}

static bool sigterm_is_heard(void)
{
	return raise(SIGTERM) == 0 && phases_are_interrupted();
}

Test(ground, a_sigterm_that_was_ignored_interrupts)
{
	expect_firm(block_and_ignore_everything, sigterm_is_heard);
}

/* As a shell wants it for a job in the background. */
static bool sigint_is_not_heard(void)
{
	return raise(SIGINT) == 0 && !phases_are_interrupted();
}

Test(ground, a_sigint_that_was_ignored_stays_ignored)
{
	expect_firm(block_and_ignore_everything, sigint_is_not_heard);
}

static bool survives_signals(void)
{
	static const int harmless[] = {SIGHUP,  SIGPIPE, SIGALRM, SIGUSR1,   SIGUSR2, SIGTSTP,
				       SIGTTIN, SIGTTOU, SIGXFSZ, SIGVTALRM, SIGPROF};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		if (raise(harmless[i]) != 0) {
			return false;
		}
	}
	return true;
}

Test(ground, signals_that_would_leave_a_run_half_way_do_nothing)
{
	expect_firm(nothing, survives_signals);
}

static bool children_are_seen(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		_exit(7);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

Test(ground, children_that_were_ignored_are_seen)
{
	expect_firm(block_and_ignore_everything, children_are_seen);
}

static void set_environment(void)
{
	static const char *const names[] = {"LD_PRELOAD",    "LD_LIBRARY_PATH",
					    "OPENSSL_CONF",  "OPENSSL_MODULES",
					    "SQLITE_TMPDIR", "TMPDIR",
					    "http_proxy",    "IFS",
					    "PATH",          "LC_ALL",
					    "GCONV_PATH",    "TERM"};

	(void)clearenv();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)setenv(names[i], "harm", 1);
	}
}

static bool only_the_terminal_is_known(void)
{
	return environ != NULL && environ[0] != NULL && environ[1] == NULL &&
	       strcmp(environ[0], "TERM=harm") == 0;
}

Test(ground, the_environment_is_forgotten)
{
	expect_firm(set_environment, only_the_terminal_is_known);
}

static void forbid_everything(void)
{
	(void)umask(0777);
}

static bool umask_is_as_usual(void)
{
	return umask(0) == 022;
}

Test(ground, the_umask_is_as_usual)
{
	expect_firm(forbid_everything, umask_is_as_usual);
	expect_firm(nothing, umask_is_as_usual);
}
