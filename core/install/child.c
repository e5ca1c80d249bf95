/*
 * child.c - child.h: fork, drop, work, answer.
 *
 * The answer is a header, an error's text and the output, in this order; it counts only when it is
 * whole and the child exited with 0.
 */
#include "install/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"

struct header {
	int32_t code;
	uint32_t text_length;
};

static int become(const struct child_user *user, struct error *err)
{
	int rc = 0;

	if (!user->change) {
		return 0;
	}
	if (user->name[0] != '\0') {
		rc = initgroups(user->name, user->gid);
	} else {
		rc = setgroups(1, &user->gid);
	}
	if (rc < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0) {
		return error_set(err, -errno, "cannot become uid %u: %s", user->uid,
				 strerror(errno));
	}
	return 0;
}

/* After the user is changed, which clears the signal of a dying parent. */
static int follow(pid_t parent, struct error *err)
{
	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return error_set(err, -errno, "cannot set up a child: %s", strerror(errno));
	}
	if (getppid() != parent) {
		_exit(EXIT_FAILURE);
	}
	return 0;
}

struct job {
	const struct child_user *user;
	child_work work;
	void *data;
	size_t maximum;
	pid_t parent;
	int pipe;
};

__attribute__((noreturn)) static void run_child(const struct job *job)
{
	struct error err = {0};
	struct error ignored;
	struct buffer output = BUFFER_INIT(job->maximum);
	int rc = become(job->user, &err);

	if (rc == 0) {
		rc = follow(job->parent, &err);
	}
	if (rc == 0) {
		rc = job->work(job->data, &output, &err);
	}
	struct header header = {.code = rc, .text_length = rc < 0 ? (uint32_t)strlen(err.text) : 0};

	if (file_write(job->pipe, "the answer", &header, sizeof(header), &ignored) < 0 ||
	    file_write(job->pipe, "the answer", err.text, header.text_length, &ignored) < 0 ||
	    file_write(job->pipe, "the answer", output.data, output.length, &ignored) < 0) {
		_exit(EXIT_FAILURE);
	}
	_exit(EXIT_SUCCESS);
}

/* All that the child writes, until it closes its end: 0, -ETIMEDOUT, or an error of read(2). */
static int read_answer(int fd, uint64_t deadline, struct buffer *answer)
{
	char chunk[4096];

	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int count = poll(&ready, 1, clock_left(deadline));

		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count <= 0) {
			return count == 0 ? -ETIMEDOUT : -errno;
		}
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		if (got == 0) {
			return 0;
		}
		int rc = got > 0 ? buffer_add(answer, chunk, (size_t)got) : 0;

		if (rc < 0) {
			return rc;
		}
	}
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -ECHILD;
		}
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : -ECHILD;
}

static int take_answer(const struct buffer *answer, struct buffer *output, struct error *err)
{
	struct header header;
	char text[ERROR_TEXT_MAX] = "";

	if (answer->length < sizeof(header)) {
		return error_set(err, -ECHILD, "a child ended without an answer");
	}
	memcpy(&header, answer->data, sizeof(header));
	size_t rest = answer->length - sizeof(header);

	if (header.text_length > rest || header.text_length >= sizeof(text)) {
		return error_set(err, -ECHILD, "a child's answer is garbled");
	}
	memcpy(text, answer->data + sizeof(header), header.text_length);
	if (header.code < 0) {
		return error_set(err, header.code, "%s", text);
	}
	return buffer_add(output, answer->data + sizeof(header), rest) < 0 ? error_no_memory(err)
									   : 0;
}

/* The parent's side: fd is the reading end. */
static int attend(pid_t pid, int fd, uint64_t timeout_ms, struct buffer *output, struct error *err)
{
	auto_buffer struct buffer answer =
		BUFFER_INIT(sizeof(struct header) + ERROR_TEXT_MAX + output->maximum);
	int rc = read_answer(fd, clock_deadline(timeout_ms), &answer);

	if (rc < 0) {
		(void)kill(pid, SIGKILL);
	}
	int ended = reap(pid);

	if (rc == -ETIMEDOUT) {
		return error_set(err, rc, "it took longer than %llu s and was ended",
				 (unsigned long long)(timeout_ms / 1000));
	}
	if (rc < 0) {
		return error_set(err, rc, "cannot read a child's answer: %s", strerror(-rc));
	}
	if (ended < 0) {
		return error_set(err, ended, "the child that did the work died");
	}
	return take_answer(&answer, output, err);
}

int child_run(const struct child_user *user, uint64_t timeout_ms, child_work work, void *data,
	      struct buffer *output, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return error_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	}
	const struct job job = {user, work, data, output->maximum, getpid(), ends[1]};
	auto_close int reading = ends[0];
	pid_t pid = fork();

	if (pid == 0) {
		run_child(&job);
	}
	(void)close(ends[1]);
	if (pid < 0) {
		return error_set(err, -errno, "cannot fork: %s", strerror(errno));
	}
	return attend(pid, reading, timeout_ms, output, err);
}
