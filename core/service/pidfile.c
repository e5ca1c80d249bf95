/*
 * pidfile.c - pidfile.h: from a file's number to a process that cannot be mistaken.
 */
#include "service/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/process.h"
#include "base/text.h"

/* A number, its line end, and some room. */
#define PIDFILE_MAX 64

#define NS_PER_S 1000000000

/* Clock ticks are coarse, and a daemon may write its file before a helper of its own forks. */
#define FIT_SLACK_NS (2LL * NS_PER_S)

static int parse(const char *path, char *text, pid_t *ret, struct error *err)
{
	char *number = text + strspn(text, " \t\r\n");
	uint64_t pid = 0;

	number[strcspn(number, " \t\r\n")] = '\0';
	if (*number == '\0') {
		*ret = 0;
		return 0;
	}
	if (text_parse_u64(number, &pid) < 0 || pid > INT32_MAX) {
		text_sanitize(number);
		return error_set(err, -EINVAL, "the pid file %s has \"%s\" where a number belongs",
				 path, number);
	}
	/* Never to be waited for, much less killed. */
	if (pid <= 1 || (pid_t)pid == getpid()) {
		return error_set(err, -EINVAL, "the pid file %s names process %d", path, (int)pid);
	}
	*ret = (pid_t)pid;
	return 0;
}

int pidfile_read(const char *path, struct pidfile *ret, struct error *err)
{
	auto_buffer struct buffer text = BUFFER_INIT(PIDFILE_MAX);
	auto_close int fd = file_open(path, err);
	struct pidfile file = {0};
	struct stat st;

	if (fd == -ENOENT || fd == -ENOTDIR) {
		*ret = file;
		return 0;
	}
	if (fd < 0) {
		return fd;
	}
	if (fstat(fd, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	int rc = file_read(fd, path, &text, err);

	if (rc == 0 && text.length != strlen(buffer_text(&text))) {
		rc = error_set(err, -EINVAL, "the pid file %s is binary", path);
	}
	if (rc == 0 && text.length > 0) {
		rc = parse(path, text.data, &file.pid, err);
	}
	if (rc == 0) {
		file.inode = st.st_ino;
		file.mtime_ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
		*ret = file;
	}
	return rc == -E2BIG ? error_set(err, -EINVAL, "the pid file %s is too long", path) : rc;
}

bool pidfile_equal(const struct pidfile *a, const struct pidfile *b)
{
	return a->pid == b->pid && a->inode == b->inode && a->mtime_ns == b->mtime_ns;
}

static bool has_ended(int pidfd)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) == 1;
}

int pidfile_open_process(pid_t pid, int *ret_fd, struct service_process *ret, struct error *err)
{
	auto_close int fd = pid > 0 ? pidfd_open(pid, 0) : -1;
	uint64_t start_time = 0;

	*ret_fd = -1;
	*ret = (struct service_process){0};
	/* EINVAL, ENOENT: the number of a thread, which no pid file means. */
	if (pid <= 0 || (fd < 0 && (errno == ESRCH || errno == EINVAL || errno == ENOENT))) {
		return 0;
	}
	if (fd < 0) {
		return error_set(err, -errno, "cannot look at process %d: %s", pid,
				 strerror(errno));
	}
	int rc = process_start_time(pid, &start_time);

	/* Also when it ended between the two calls: what was read might be a successor's. */
	if (has_ended(fd)) {
		return 0;
	}
	if (rc < 0) {
		return error_set(err, rc, "cannot look at process %d: %s", pid, strerror(-rc));
	}
	*ret = (struct service_process){.pid = pid, .start_time = start_time};
	*ret_fd = take_fd(&fd);
	return 0;
}

int pidfile_await_end(int pidfd, uint64_t deadline)
{
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	for (;;) {
		int count = poll(&ended, 1, clock_left(deadline));

		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count < 0) {
			return -errno;
		}
		return count == 1 ? 0 : -ETIMEDOUT;
	}
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now = {0};

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

bool pidfile_fits(const struct pidfile *file, const struct service_process *process)
{
	int64_t ticks = sysconf(_SC_CLK_TCK);
	int64_t age = now_ns(CLOCK_BOOTTIME) -
		      (int64_t)process->start_time * (NS_PER_S / (ticks > 0 ? ticks : 100));

	return now_ns(CLOCK_REALTIME) - age <= file->mtime_ns + FIT_SLACK_NS;
}
