/*
 * test_strays.c - nobody is left behind, however fast he runs.
 *
 * What runs away here is bounded: a relay has one runner at a time, or two for a moment, and comes
 * to its end. The bomb exists only as a user of its own who may have BOMB_PROCESSES, in a PID
 * namespace that ends with the test.
 */
#include "base/strays.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RELAYS 4
#define HOPS   20000

#define BOMB_PROCESSES 40
#define BOMB_USER      700000u /* and our pid: nobody else's */
#define PATIENCE_MS    20000
#define CANNOT_LOCK    77

static pid_t start(void (*run)(int), int argument)
{
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (child == 0) {
		run(argument);
		_exit(0);
	}
	return child;
}

__attribute__((noreturn)) static void stay(void)
{
	(void)alarm(60);
	for (;;) {
		(void)pause();
	}
}

/* Each hands on to the next and is gone. */
static void relay(int ready)
{
	for (int i = 0; i < HOPS; i++) {
		pid_t next = fork();

		if (next != 0) {
			_exit(0);
		}
		(void)setsid();
		if (i == 0) {
			(void)!write(ready, "r", 1);
		}
	}
}

/* Three generations, each in a session of its own. */
static void family(int ready)
{
	for (int i = 0; i < 2 && fork() == 0; i++) {
		(void)setsid();
	}
	(void)!write(ready, "r", 1);
	stay();
}

static void await(int ready, size_t count)
{
	char byte = 0;

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(read(ready, &byte, 1), 1);
	}
}

static void assert_alone(void)
{
	int is_reaper = 1;

	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "somebody is left");
	cr_assert_eq(errno, ECHILD);
	cr_assert_eq(prctl(PR_GET_CHILD_SUBREAPER, &is_reaper), 0);
	cr_assert_eq(is_reaper, 0);
}

Test(strays, all_generations_of_a_family_are_ended)
{
	struct strays strays;
	struct error err;
	int ready[2];

	cr_assert_eq(pipe(ready), 0);
	cr_assert_eq(strays_begin(&strays, &err), 0, "%s", err.text);
	(void)start(family, ready[1]);
	await(ready[0], 3);
	strays_end(&strays);
	assert_alone();
}

Test(strays, who_hands_on_before_he_is_reached_is_caught, .timeout = 60)
{
	struct strays strays;
	struct error err;
	int ready[2];

	cr_assert_eq(pipe(ready), 0);
	cr_assert_eq(strays_begin(&strays, &err), 0, "%s", err.text);
	for (int i = 0; i < RELAYS; i++) {
		(void)start(relay, ready[1]);
	}
	await(ready[0], RELAYS);
	strays_end(&strays);
	assert_alone();
}

Test(strays, children_that_were_there_before_stay)
{
	struct strays strays;
	struct error err;
	int ready[2];

	cr_assert_eq(pipe(ready), 0);
	pid_t old = start(family, ready[1]);

	await(ready[0], 3);
	cr_assert_eq(strays_begin(&strays, &err), 0, "%s", err.text);
	strays_end(&strays);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), 0, "all live");
	/* Its own children come to us when it dies, and are strays then. */
	cr_assert_eq(strays_begin(&strays, &err), 0, "%s", err.text);
	cr_assert_eq(kill(old, SIGKILL), 0);
	cr_assert_eq(waitpid(old, NULL, 0), old);
	strays_end(&strays);
	assert_alone();
}

/* Never more than the user may have; whoever cannot fork says so once, and tries again. */
__attribute__((noreturn)) static void explode(int ready)
{
	bool is_known = false;

	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			(void)setsid();
		} else if (child < 0 && !is_known) {
			is_known = true;
			(void)!write(ready, "r", 1);
		}
	}
}

/* The first process of the namespace. Its exit code: which step failed. */
static int end_a_bomb(uid_t user)
{
	const struct rlimit most = {BOMB_PROCESSES, BOMB_PROCESSES};
	struct strays strays;
	struct error err;
	int ready[2];
	char byte = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 || setrlimit(RLIMIT_NPROC, &most) < 0 ||
	    setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return 2;
	}
	if (getpid() != 1 || geteuid() != user || pipe(ready) < 0 ||
	    strays_begin(&strays, &err) < 0) {
		return 3;
	}
	if (fork() == 0) {
		explode(ready[1]);
	}
	if (read(ready[0], &byte, 1) != 1) {
		return 4;
	}
	strays_end(&strays);
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 5;
}

/* In between is who can still have children outside: its own can be in the namespace alone. */
static int lock_in(uid_t user)
{
	int status = 0;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) {
		return CANNOT_LOCK;
	}
	pid_t first = fork();

	if (first == 0) {
		_exit(end_a_bomb(user));
	}
	struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, first, 0), .events = POLLIN};
	int rc = first > 0 ? poll(&end, 1, PATIENCE_MS) : -1;

	if (rc != 1 && first > 0) {
		(void)kill(first, SIGKILL);
	}
	return rc == 1 && waitpid(first, &status, 0) == first && WIFEXITED(status)
		       ? WEXITSTATUS(status)
		       : 6;
}

Test(strays, who_multiplies_faster_than_he_is_ended_is_ended, .timeout = 60)
{
	uid_t user = BOMB_USER + (uid_t)getpid();
	int status = 0;

	if (geteuid() != 0) {
		cr_skip_test("only root can lock it in");
	}
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (child == 0) {
		_exit(lock_in(user));
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_LOCK) {
		cr_skip_test("no namespaces here");
	}
	cr_assert_eq(WEXITSTATUS(status), 0, "step %d", WEXITSTATUS(status));
}
