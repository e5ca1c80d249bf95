/*
 * test_listener.c - one living listener at a path, whoever else tries.
 */
#include "daemon/listener.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/guard.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;
static struct error error;

static void set_up(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "run/daemon.sock");
}

static void tear_down(void)
{
	scratch_remove(&scratch);
	free(path);
}

TestSuite(listener, .init = set_up, .fini = tear_down);

/* What a daemon that was killed leaves: a socket that nobody listens at. */
static void leave_stale_socket(void)
{
	struct listener dead = LISTENER_INIT;

	cr_assert_eq(listener_open(path, &dead, &error), 0, "%s", error.text);
	close(dead.fd);
	free(dead.path);
	cr_assert(scratch_exists(path));
}

Test(listener, it_makes_its_directory_and_removes_its_socket)
{
	struct listener listener = LISTENER_INIT;
	struct stat st;

	cr_assert_eq(listener_open(path, &listener, &error), 0, "%s", error.text);
	cr_assert_eq(lstat(path, &st), 0);
	cr_assert(S_ISSOCK(st.st_mode));
	cr_assert_eq(st.st_mode & 07777, 0660);
	listener_close(&listener);
	cr_assert_not(scratch_exists(path));
}

Test(listener, a_living_listener_is_not_replaced)
{
	auto_listener struct listener living = LISTENER_INIT;
	auto_listener struct listener second = LISTENER_INIT;

	cr_assert_eq(listener_open(path, &living, &error), 0, "%s", error.text);
	cr_assert_eq(listener_open(path, &second, &error), -EADDRINUSE);
	cr_assert(scratch_exists(path));
}

Test(listener, a_listener_too_busy_to_accept_is_not_replaced)
{
	enum {
		MANY = 200
	};
	auto_listener struct listener living = LISTENER_INIT;
	auto_listener struct listener second = LISTENER_INIT;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	cr_assert_eq(listener_open(path, &living, &error), 0, "%s", error.text);
	for (int i = 0; i < MANY; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		(void)connect(fd, (const struct sockaddr *)&address, sizeof(address));
	}
	cr_assert_eq(listener_open(path, &second, &error), -EADDRINUSE, "%s", error.text);
}

Test(listener, another_ones_socket_is_not_removed)
{
	struct listener first = LISTENER_INIT;
	auto_listener struct listener second = LISTENER_INIT;

	cr_assert_eq(listener_open(path, &first, &error), 0, "%s", error.text);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(listener_open(path, &second, &error), 0, "%s", error.text);
	listener_close(&first);
	cr_assert(scratch_exists(path));
}

/* Opens in a process of its own; says + or - and keeps the listener until it is let go. */
static pid_t contend(int answers, int hold)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct listener listener = LISTENER_INIT;
		bool opened = listener_open(path, &listener, &error) == 0;
		char byte = '\0';

		alarm(60);
		(void)!write(answers, opened ? "+" : "-", 1);
		(void)!read(hold, &byte, 1);
		_exit(0);
	}
	return pid;
}

Test(listener, of_many_that_find_a_dead_socket_one_gets_it)
{
	enum {
		MANY = 8
	};
	int answers[2];
	int hold[2];
	pid_t pids[MANY];
	int winners = 0;

	leave_stale_socket();
	cr_assert_eq(pipe(answers), 0);
	cr_assert_eq(pipe(hold), 0);
	for (int i = 0; i < MANY; i++) {
		pids[i] = contend(answers[1], hold[0]);
	}
	for (int i = 0; i < MANY; i++) {
		char answer = '\0';

		cr_assert_eq(read(answers[0], &answer, 1), 1);
		winners += answer == '+';
	}
	cr_assert_eq(write(hold[1], "........", MANY), MANY);
	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(waitpid(pids[i], NULL, 0), pids[i]);
	}
	cr_assert_eq(winners, 1);
}
