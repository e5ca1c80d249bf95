/*
 * lock.c - lock.h: one run at a time.
 *
 * flock(2) goes with the open file, so that it ends with the process however that ends. The file
 * itself stays; its text names the holder and is empty while nobody holds it.
 */
#include "install/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"
#include "base/trust.h"

#define HOLDER_MAX 256

/* How long children of a killed run are waited for. */
#define ORPHAN_MS      30000
#define ORPHAN_STEP_MS 20

/* How often a file that was replaced under our hands is opened anew. */
#define TRIES_MAX 8

static int make_state_directory(const char *state_dir, struct error *err)
{
	auto_free char *parent = path_directory(state_dir);

	if (parent == NULL) {
		return error_no_memory(err);
	}
	int rc = file_make_directories(parent, 0755, err);

	if (rc == 0) {
		rc = file_make_directories(state_dir, 0700, err);
	}
	if (rc == 0 && geteuid() == 0) {
		rc = trust_check_chain(state_dir, 0, err);
	}
	return rc;
}

/* Its text is replaced, whatever that was: only a file of our own may be opened. */
static int open_file(const char *path, struct error *err)
{
	/* O_NONBLOCK: a planted FIFO must not hang us. */
	auto_close int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	struct stat st;

	if (fd < 0 && errno == ELOOP) {
		return error_set(err, -EINVAL,
				 "the lock %s is a symbolic link; look who put it there and remove "
				 "it",
				 path);
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot open the lock %s: %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, -EINVAL, "the lock %s is not a regular file; remove it",
				 path);
	}
	if (st.st_nlink > 1) {
		return error_set(err, -EINVAL,
				 "the lock %s has %ju names (hard links) and may be somebody's "
				 "file; look who put it there and remove it",
				 path, (uintmax_t)st.st_nlink);
	}
	return take_fd(&fd);
}

/* The file's text, "" when it has none: its holder is just starting or ending. */
static const char *read_holder(int fd, char text[HOLDER_MAX])
{
	ssize_t got = pread(fd, text, HOLDER_MAX - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	text_sanitize(text);
	return text;
}

/* True when the process that took the lock is gone: something it started still holds it, and will
 * end soon. */
static bool is_orphaned(int fd)
{
	static const char before[] = "pid ";
	char holder[HOLDER_MAX];

	if (!text_has_prefix(read_holder(fd, holder), before)) {
		return false;
	}
	long pid = strtol(holder + sizeof(before) - 1, NULL, 10);

	return pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static int refuse(int fd, struct error *err)
{
	char holder[HOLDER_MAX];

	if (read_holder(fd, holder)[0] == '\0') {
		return error_set(err, -EBUSY,
				 "another run holds the lock; try again when it is done");
	}
	if (is_orphaned(fd)) {
		return error_set(err, -EBUSY,
				 "a killed run holds the lock: %s; what it started has not ended "
				 "yet; try again then",
				 holder);
	}
	return error_set(err, -EBUSY, "another run holds the lock: %s; try again when it is done",
			 holder);
}

/* -EAGAIN: what we locked is no longer the file at path. */
static int lock_file(int fd, const char *path, struct error *err)
{
	struct stat ours;
	struct stat there;
	uint64_t deadline = clock_deadline(ORPHAN_MS);

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int code = errno; /* looking at the holder changes it */

		if (code == EWOULDBLOCK && (clock_left(deadline) == 0 || !is_orphaned(fd))) {
			return refuse(fd, err);
		}
		if (code == EWOULDBLOCK) {
			(void)poll(NULL, 0, ORPHAN_STEP_MS);
		} else if (code != EINTR) {
			return error_set(err, -code, "cannot lock %s: %s", path, strerror(code));
		}
	}
	if (fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	    ours.st_ino == there.st_ino) {
		return 0;
	}
	return error_set(err, -EAGAIN,
			 "the lock %s is replaced again and again; find out by whom, and try again",
			 path);
}

static int name_holder(int fd, const char *path, const char *run, struct error *err)
{
	char holder[HOLDER_MAX];
	char since[CLOCK_TEXT_SIZE];
	int length = snprintf(holder, sizeof(holder), "pid %d, run %s, since %s\n", getpid(), run,
			      clock_text(clock_wall(NULL), since));

	if (length < 0 || (size_t)length >= sizeof(holder)) {
		return error_set(err, -EINVAL, "the run's identifier is too long");
	}
	if (ftruncate(fd, 0) < 0) {
		return error_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	}
	return file_write(fd, path, holder, (size_t)length, err);
}

static int take(const char *path, const char *run, struct lock *ret, struct error *err)
{
	auto_close int fd = open_file(path, err);

	if (fd < 0) {
		return fd;
	}
	int rc = lock_file(fd, path, err);

	if (rc == 0) {
		rc = name_holder(fd, path, run, err);
	}
	if (rc == 0) {
		ret->fd = take_fd(&fd);
	}
	return rc;
}

int lock_take(const char *state_dir, const char *run, struct lock *ret, struct error *err)
{
	int rc = make_state_directory(state_dir, err);
	auto_free char *path = path_join(state_dir, "lock");

	if (rc < 0) {
		return rc;
	}
	if (path == NULL) {
		return error_no_memory(err);
	}
	rc = -EAGAIN;
	for (unsigned tries = 0; rc == -EAGAIN && tries < TRIES_MAX; tries++) {
		rc = take(path, run, ret, err);
	}
	return rc;
}

void lock_release(struct lock *lock)
{
	if (lock->fd < 0) {
		return;
	}
	/* Whoever reads it from now on must not blame a run that is over. */
	(void)!ftruncate(lock->fd, 0);
	(void)flock(lock->fd, LOCK_UN);
	guard_close(&lock->fd);
}
