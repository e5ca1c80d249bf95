/*
 * test_locks.c - what /proc/locks says of one file.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "install/locks.h"
#include "support/scratch.h"

static struct error err;

Test(locks, a_line_is_read)
{
	struct file_lock lock;

	cr_assert(file_lock_parse("1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120", &lock) == 0);
	cr_assert_eq(lock.pid, 1234);
	cr_assert(lock.writes);
	cr_assert_eq(lock.inode, 5678);
	cr_assert_eq(lock.first, 120);
	cr_assert_eq(lock.last, 120);
	cr_assert(file_lock_parse("2: OFDLCK ADVISORY  READ -1 00:2b:99 0 EOF", &lock) == 0);
	cr_assert_eq(lock.pid, -1);
	cr_assert_not(lock.writes);
	cr_assert(lock.last >= INT64_MAX);
}

Test(locks, what_is_no_lock_that_is_held_is_refused)
{
	static const char *const bad[] = {
		"",
		"1: FLOCK  ADVISORY  WRITE 1 08:01:2 0 EOF",
		"1: -> POSIX  ADVISORY  WRITE 1 08:01:2 0 EOF",
		"1: POSIX  ADVISORY  WRITE x y z",
	};
	struct file_lock lock;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert(file_lock_parse(bad[i], &lock) == -EINVAL, "'%s'", bad[i]);
	}
}

Test(locks, a_lock_of_another_process_is_found_by_its_bytes, .timeout = 60)
{
	struct scratch scratch = scratch_make();
	char *path = scratch_path(&scratch, "file");

	scratch_write(path, "x");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 121, .l_len = 2};
	struct file_locks found = {0};
	struct stat st;

	cr_assert(fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && fstat(fd, &st) == 0);
	cr_assert(file_locks_read(st.st_ino, &found, &err) == 0, "%s", err.text);
	cr_assert_not_null(file_locks_find(&found, getpid(), 122, 122));
	cr_assert_null(file_locks_find(&found, getpid(), 123, 127));
	cr_assert_null(file_locks_find(&found, getppid(), 121, 122));
	file_locks_finish(&found);
	(void)close(fd);
	free(path);
	scratch_remove(&scratch);
}
