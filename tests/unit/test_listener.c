/*
 * test_listener.c - one living listener at a path, whoever else tries.
 */
#include "daemon/listener.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
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

enum {
	CONTENDERS = 8,
	ROUNDS = 25
};

/* Opens in a process of its own as soon as the gate is closed, and exits with 0 if it got the path;
 * the listener lives until all have tried. */
static pid_t contend(const int gate[2], const int answers[2], const int hold[2])
{
	pid_t pid = fork();

	if (pid == 0) {
		struct listener listener = LISTENER_INIT;
		char byte = '\0';

		alarm(60);
		close(gate[1]);
		close(hold[1]);
		(void)!read(gate[0], &byte, 1);
		bool opened = listener_open(path, &listener, &error) == 0;

		(void)!write(answers[1], "", 1);
		(void)!read(hold[0], &byte, 1);
		_exit(opened ? 0 : 1);
	}
	return pid;
}

static void make_pipes(int gate[2], int answers[2], int hold[2])
{
	cr_assert_eq(pipe(gate), 0);
	cr_assert_eq(pipe(answers), 0);
	cr_assert_eq(pipe(hold), 0);
}

/* How many of the contenders got the path. */
static int count_winners(void)
{
	int gate[2];
	int answers[2];
	int hold[2];
	pid_t pids[CONTENDERS];
	char answer[1];
	int winners = 0;

	make_pipes(gate, answers, hold);
	for (int i = 0; i < CONTENDERS; i++) {
		pids[i] = contend(gate, answers, hold);
	}
	close(gate[1]);
	for (int i = 0; i < CONTENDERS; i++) {
		cr_assert_eq(read(answers[0], answer, 1), 1);
	}
	close(hold[1]);
	for (int i = 0; i < CONTENDERS; i++) {
		int status = 0;

		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		winners += status == 0;
	}
	close(gate[0]);
	close(answers[0]);
	close(answers[1]);
	close(hold[0]);
	return winners;
}

Test(listener, of_many_that_find_a_dead_socket_one_gets_it)
{
	leave_stale_socket();
	for (int round = 0; round < ROUNDS; round++) {
		/* The winners exit without closing: their sockets are dead for the next round. */
		cr_assert_eq(count_winners(), 1);
	}
}

Test(listener, nobody_judges_a_socket_while_another_one_does)
{
	enum {
		WAIT_MS = 200
	};
	auto_free char *directory = scratch_path(&scratch, "run");
	int answers[2];

	leave_stale_socket();
	cr_assert_eq(pipe(answers), 0);
	auto_close int judging = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(flock(judging, LOCK_EX), 0);
	pid_t pid = fork();

	if (pid == 0) {
		struct listener listener = LISTENER_INIT;

		alarm(60);
		/* The lock is the open file's, which a child shares. */
		close(judging);
		_exit(listener_open(path, &listener, &error) == 0 && write(answers[1], "", 1) == 1
			      ? 0
			      : 1);
	}
	struct pollfd answer = {.fd = answers[0], .events = POLLIN};
	int status = 0;

	cr_assert_eq(poll(&answer, 1, WAIT_MS), 0, "it did not wait for its turn");
	cr_assert_eq(flock(judging, LOCK_UN), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}
