/*
 * locks.c - locks.h: lines of /proc/locks, and the descriptors in /proc/PID/fd.
 */
#include "install/locks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"

void file_locks_finish(struct file_locks *locks)
{
	free(locks->items);
	*locks = (struct file_locks){0};
}

int file_lock_parse(const char *line, struct file_lock *ret)
{
	struct file_lock lock = {0};
	char kind[16];
	char access[16];
	char pid[24];
	char file[64]; /* device, in two parts, and inode */
	char first[24];
	char end[24];
	int64_t number = 0;

	/* "7: POSIX  ADVISORY  READ  4711 fe:00:1234 123 EOF"; one that waits has "->" second. */
	if (sscanf(line, "%*s %15s %*s %15s %23s %63s %23s %23s", kind, access, pid, file, first,
		   end) != 6 ||
	    (strcmp(kind, "POSIX") != 0 && strcmp(kind, "OFDLCK") != 0)) {
		return -EINVAL;
	}
	const char *inode = strrchr(file, ':');

	if (inode == NULL || text_parse_u64(inode + 1, &lock.inode) < 0 ||
	    text_parse_i64(pid, &number) < 0 || number < -1 || number > INT_MAX ||
	    text_parse_u64(first, &lock.first) < 0) {
		return -EINVAL;
	}
	lock.pid = (pid_t)number;
	lock.last = UINT64_MAX;
	if (strcmp(end, "EOF") != 0 && text_parse_u64(end, &lock.last) < 0) {
		return -EINVAL;
	}
	lock.writes = strcmp(access, "WRITE") == 0;
	*ret = lock;
	return 0;
}

static int add_lock(struct file_locks *locks, const struct file_lock *lock)
{
	struct file_lock *items =
		reallocarray(locks->items, locks->count + 1, sizeof(*locks->items));

	if (items == NULL) {
		return -ENOMEM;
	}
	items[locks->count] = *lock;
	*locks = (struct file_locks){items, locks->count + 1};
	return 0;
}

int file_locks_read(uint64_t inode, struct file_locks *ret, struct error *err)
{
	auto_buffer struct buffer text = BUFFER_INIT(LIMIT_PROC_LOCKS);
	auto_locks struct file_locks locks = {0};
	int rc = file_read_path("/proc/locks", &text, err);
	char *rest = text.data;

	if (rc < 0) {
		return rc;
	}
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		struct file_lock lock;

		if (file_lock_parse(line, &lock) == 0 && lock.inode == inode &&
		    add_lock(&locks, &lock) < 0) {
			return error_no_memory(err);
		}
	}
	*ret = locks;
	locks = (struct file_locks){0};
	return 0;
}

const struct file_lock *file_locks_find(const struct file_locks *locks, pid_t pid, uint64_t first,
					uint64_t last)
{
	for (size_t i = 0; i < locks->count; i++) {
		const struct file_lock *lock = &locks->items[i];

		if (lock->pid == pid && lock->first <= last && lock->last >= first) {
			return lock;
		}
	}
	return NULL;
}

/* Whether one of the descriptors in a directory is that file. What cannot be looked at is not. */
static bool has_open(DIR *descriptors, dev_t device, ino_t inode)
{
	for (struct dirent *entry; (entry = readdir(descriptors)) != NULL;) {
		struct stat st;

		if (fstatat(dirfd(descriptors), entry->d_name, &st, 0) == 0 &&
		    st.st_dev == device && st.st_ino == inode) {
			return true;
		}
	}
	return false;
}

static bool process_has_open(DIR *processes, const char *pid, dev_t device, ino_t inode)
{
	char name[32];
	int length = snprintf(name, sizeof(name), "%s/fd", pid);
	int fd = length < 0 || (size_t)length >= sizeof(name)
			 ? -1
			 : openat(dirfd(processes), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_directory DIR *descriptors = fd < 0 ? NULL : fdopendir(fd);

	if (descriptors == NULL) {
		guard_close(&fd);
		return false;
	}
	return has_open(descriptors, device, inode);
}

static int look_through(DIR *processes, dev_t device, ino_t inode, const struct file_locks *locks,
			uint64_t byte, pid_t *ret)
{
	for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
		uint64_t pid = 0;

		if (text_parse_u64(entry->d_name, &pid) == 0 &&
		    file_locks_find(locks, (pid_t)pid, byte, byte) == NULL &&
		    process_has_open(processes, entry->d_name, device, inode)) {
			*ret = (pid_t)pid;
			return 0;
		}
	}
	*ret = 0;
	return 0;
}

static int find_stranger(dev_t device, ino_t inode, uint64_t locked_in, uint64_t byte, pid_t *ret,
			 struct error *err)
{
	auto_locks struct file_locks locks = {0};
	auto_directory DIR *processes = opendir("/proc");

	if (processes == NULL) {
		return error_set(err, -errno, "cannot read /proc: %s", strerror(errno));
	}
	int rc = file_locks_read(locked_in, &locks, err);

	return rc == 0 ? look_through(processes, device, inode, &locks, byte, ret) : rc;
}

int file_locks_stranger(dev_t device, ino_t inode, uint64_t locked_in, uint64_t byte, pid_t *ret,
			struct error *err)
{
	int rc = 0;

	/* One that opened or closed it meanwhile looks like a stranger once. */
	for (int tries = 0; tries < 3; tries++) {
		rc = find_stranger(device, inode, locked_in, byte, ret, err);
		if (rc < 0 || *ret == 0) {
			break;
		}
	}
	return rc;
}
