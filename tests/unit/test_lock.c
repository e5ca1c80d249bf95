/*
 * test_lock.c - one run at a time, and who holds it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "install/lock.h"
#include "support/scratch.h"

#define RUN "20261122T163400Z-1a2b"

static struct scratch scratch;
static struct error err;
static char *state_dir;

static void set_up(void)
{
	scratch = scratch_make();
	state_dir = scratch_path(&scratch, "lib dir/banger-update/banger");
}

static void tear_down(void)
{
	free(state_dir);
	scratch_remove(&scratch);
}

TestSuite(lock, .init = set_up, .fini = tear_down, .timeout = 60);

static int take(struct lock *lock)
{
	*lock = (struct lock)LOCK_INIT;
	return lock_take(state_dir, RUN, lock, &err);
}

Test(lock, the_second_run_is_told_who_holds_it)
{
	struct lock first;
	struct lock second;
	char holder[64];

	cr_assert(take(&first) == 0, "%s", err.text);
	cr_assert(take(&second) == -EBUSY);
	(void)snprintf(holder, sizeof(holder), "pid %d, run " RUN ", since 20", getpid());
	cr_assert_not_null(strstr(err.text, holder), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "try again when it is done"), "%s", err.text);
	cr_assert(second.fd == -1);
	lock_release(&first);
}

Test(lock, a_released_lock_can_be_taken_again)
{
	struct lock lock;

	cr_assert(take(&lock) == 0, "%s", err.text);
	lock_release(&lock);
	lock_release(&lock);
	cr_assert(take(&lock) == 0, "%s", err.text);
	lock_release(&lock);
}

Test(lock, it_ends_with_the_process_that_held_it)
{
	struct lock lock;
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		_exit(take(&lock) == 0 ? 0 : 1);
	}
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0);
	cr_assert(take(&lock) == 0, "%s", err.text);
	lock_release(&lock);
}

/* One of many: 10 got it and holds it until it is killed, 11 was refused. */
__attribute__((noreturn)) static void compete(int begin)
{
	struct lock lock;
	char byte;

	(void)alarm(30);
	(void)!read(begin, &byte, 1);
	int rc = take(&lock);

	if (rc == 0) {
		for (;;) {
			(void)pause();
		}
	}
	_exit(rc == -EBUSY ? 11 : 12);
}

/* What a killed run had started ends soon; until then the lock is not free. */
Test(lock, what_a_dead_holder_left_behind_is_waited_for)
{
	struct lock lock;
	pid_t holder = fork();

	if (holder == 0) {
		if (take(&lock) < 0) {
			_exit(1);
		}
		if (fork() == 0) {
			(void)poll(NULL, 0, 300);
		}
		_exit(0);
	}
	int status = 0;

	cr_assert(waitpid(holder, &status, 0) == holder);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	cr_assert(take(&lock) == 0, "%s", err.text);
	lock_release(&lock);
}

Test(lock, of_many_at_once_exactly_one_gets_it)
{
	enum {
		MANY = 20
	};
	int begin[2];
	pid_t pids[MANY];
	unsigned refused = 0;

	cr_assert(pipe2(begin, O_CLOEXEC) == 0);
	for (size_t i = 0; i < MANY; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			(void)close(begin[1]);
			compete(begin[0]);
		}
	}
	(void)close(begin[1]);
	while (refused < MANY - 1) {
		int status = 0;

		cr_assert(waitpid(-1, &status, 0) > 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 11);
		refused++;
	}
	/* Whoever is left holds it. */
	struct lock lock;

	cr_assert(take(&lock) == -EBUSY);
	for (size_t i = 0; i < MANY; i++) {
		(void)kill(pids[i], SIGKILL);
	}
	cr_assert(waitpid(-1, NULL, 0) > 0);
	(void)close(begin[0]);
}

Test(lock, the_state_directory_is_made_for_us_alone)
{
	struct lock lock;
	struct stat st;
	char *parent = scratch_path(&scratch, "lib dir/banger-update");

	cr_assert(take(&lock) == 0, "%s", err.text);
	cr_assert(stat(state_dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	cr_assert(stat(parent, &st) == 0 && (st.st_mode & 07777) == 0755);
	cr_assert(fstat(lock.fd, &st) == 0 && (st.st_mode & 07777) == 0600);
	cr_assert((fcntl(lock.fd, F_GETFD) & FD_CLOEXEC) != 0);
	lock_release(&lock);
	free(parent);
}

Test(lock, a_lock_file_that_was_removed_while_held_does_not_fool_the_next)
{
	struct lock first;
	struct lock second;
	char *path = NULL;

	cr_assert(take(&first) == 0, "%s", err.text);
	cr_assert(asprintf(&path, "%s/lock", state_dir) >= 0);
	cr_assert(unlink(path) == 0);
	cr_assert(take(&second) == 0, "%s", err.text);
	struct stat ours;
	struct stat there;

	cr_assert(fstat(second.fd, &ours) == 0 && stat(path, &there) == 0);
	cr_assert(ours.st_ino == there.st_ino);
	lock_release(&first);
	lock_release(&second);
	free(path);
}

Test(lock, what_is_planted_in_its_place_is_refused)
{
	struct lock lock;
	char *victim = scratch_path(&scratch, "victim");
	char *path = NULL;

	scratch_write(victim, "precious");
	scratch_directory(state_dir);
	cr_assert(asprintf(&path, "%s/lock", state_dir) >= 0);
	cr_assert(symlink(victim, path) == 0);
	cr_assert(take(&lock) < 0);
	cr_assert_not_null(strstr(err.text, "is a symbolic link"), "%s", err.text);
	cr_assert(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	cr_assert(take(&lock) < 0);
	cr_assert(unlink(path) == 0 && mkdir(path, 0700) == 0);
	cr_assert(take(&lock) < 0);
	cr_assert(rmdir(path) == 0 && link(victim, path) == 0);
	cr_assert(take(&lock) < 0);
	cr_assert_not_null(strstr(err.text, "2 names"), "%s", err.text);
	char *content = scratch_read(victim);

	cr_assert_str_eq(content, "precious");
	free(content);
	free(path);
	free(victim);
}

Test(lock, for_root_a_state_directory_that_others_can_write_is_refused)
{
	struct lock lock;

	if (geteuid() != 0) {
		tear_down(); /* which skipping leaves out */
		cr_skip_test("only root's state is checked");
	}
	scratch_directory(state_dir);
	cr_assert(chmod(state_dir, 0777) == 0);
	cr_assert(take(&lock) == -EPERM);
	cr_assert_not_null(strstr(err.text, "banger"), "%s", err.text);
}

Test(lock, a_file_where_the_state_directory_belongs_is_an_error)
{
	struct lock lock;
	char *parent = scratch_path(&scratch, "lib dir");

	scratch_directory(parent);
	free(parent);
	parent = scratch_path(&scratch, "lib dir/banger-update");
	scratch_write(parent, "");
	cr_assert(take(&lock) == -ENOTDIR, "%s", err.text);
	free(parent);
}
