/*
 * servant.c - servant.h: fork, drop, serve; one socket is the line to each of them.
 *
 * An answer is a header, an error's text and the output, in this order. Every child but one that is
 * to see us end is killed with us; so a line is seen to close although brothers inherited its end.
 */
#include "base/servant.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"

struct header {
	int32_t code;
	uint32_t text_length;
	uint32_t output_length;
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
static int follow(pid_t parent, enum servant_bond bond, struct error *err)
{
	if (setpgid(0, 0) < 0 ||
	    (bond == SERVANT_ENDS_WITH_US && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)) {
		return error_set(err, -errno, "cannot set up a child: %s", strerror(errno));
	}
	if (getppid() != parent) {
		_exit(EXIT_FAILURE);
	}
	return 0;
}

static int send_all(int line, const void *bytes, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t sent = send(line, (const char *)bytes + done, length - done, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR) {
			return -errno;
		}
		done += sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

void servant_answer(int line, int rc, const struct buffer *output, const struct error *err)
{
	struct header header = {
		.code = rc,
		.text_length = rc < 0 ? (uint32_t)strlen(err->text) : 0,
		.output_length = rc < 0 || output == NULL ? 0 : (uint32_t)output->length,
	};

	if (send_all(line, &header, sizeof(header)) < 0 ||
	    send_all(line, rc < 0 ? err->text : "", header.text_length) < 0 ||
	    send_all(line, header.output_length > 0 ? output->data : "", header.output_length) <
		    0) {
		_exit(EXIT_FAILURE);
	}
}

int servant_next(int line)
{
	unsigned char command = 0;
	ssize_t got;

	do {
		got = recv(line, &command, 1, 0);
	} while (got < 0 && errno == EINTR);
	return got == 1 ? command : -1;
}

static int enter(const struct child_user *user, pid_t parent, enum servant_bond bond,
		 struct error *err)
{
	int rc = user == NULL ? 0 : become(user, err);

	return rc == 0 ? follow(parent, bond, err) : rc;
}

int servant_start(const struct child_user *user, enum servant_bond bond, servant_serve serve,
		  void *data, struct servant *ret, struct error *err)
{
	struct error why = {0};
	pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		return error_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	pid_t pid = fork();

	if (pid == 0) {
		(void)close(ends[0]);
		int rc = enter(user, parent, bond, &why);

		if (rc < 0) {
			servant_answer(ends[1], rc, NULL, &why);
		} else {
			serve(ends[1], data);
		}
		_exit(rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	int failed = errno;

	(void)close(ends[1]);
	if (pid < 0) {
		(void)close(ends[0]);
		return error_set(err, -failed, "cannot fork: %s", strerror(failed));
	}
	*ret = (struct servant){pid, ends[0]};
	return 0;
}

int servant_tell(const struct servant *servant, char command, struct error *err)
{
	int rc = servant->pid <= 0 ? -EPIPE : send_all(servant->line, &command, 1);

	/* Why it went may still lie in the line; servant_hear() tells. */
	return rc == 0 || rc == -EPIPE || rc == -ECONNRESET
		       ? 0
		       : error_set(err, rc, "cannot tell a child what to do: %s", strerror(-rc));
}

bool servant_is_ready(const struct servant *servant, int timeout_ms)
{
	struct pollfd ready = {.fd = servant->line, .events = POLLIN};

	return poll(&ready, 1, timeout_ms) > 0;
}

/* Exactly length bytes: 0, -ETIMEDOUT, -ECHILD at the end of the line, or an errno value. */
static int receive_all(int line, void *bytes, size_t length, uint64_t deadline)
{
	for (size_t done = 0; done < length;) {
		struct pollfd ready = {.fd = line, .events = POLLIN};
		int count = poll(&ready, 1, clock_left(deadline));

		if (count == 0) {
			return -ETIMEDOUT;
		}
		ssize_t got = count < 0 ? -1 : recv(line, (char *)bytes + done, length - done, 0);

		if (got < 0 && errno != EINTR) {
			return errno == ECONNRESET ? -ECHILD : -errno;
		}
		if (got == 0) {
			return -ECHILD;
		}
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static int receive_output(int line, size_t length, uint64_t deadline, struct buffer *output)
{
	char chunk[4096];

	while (length > 0) {
		size_t part = length < sizeof(chunk) ? length : sizeof(chunk);
		int rc = receive_all(line, chunk, part, deadline);

		if (rc == 0) {
			rc = buffer_add(output, chunk, part);
		}
		if (rc < 0) {
			return rc;
		}
		length -= part;
	}
	return 0;
}

static int receive(int line, uint64_t deadline, struct buffer *output, struct error *told)
{
	struct header header = {0};
	int rc = receive_all(line, &header, sizeof(header), deadline);

	if (rc == 0 && (header.code > 0 || header.text_length >= sizeof(told->text))) {
		rc = -EBADMSG;
	}
	if (rc == 0) {
		told->code = header.code;
		rc = receive_all(line, told->text, header.text_length, deadline);
	}
	return rc == 0 ? receive_output(line, header.output_length, deadline, output) : rc;
}

int servant_hear(const struct servant *servant, uint64_t timeout_ms, struct buffer *output,
		 struct error *err)
{
	struct error told = {0};
	int rc = servant->pid <= 0
			 ? -ECHILD
			 : receive(servant->line, clock_deadline(timeout_ms), output, &told);

	if (rc == -ETIMEDOUT) {
		return error_set(err, rc, "it took longer than %llu s and was ended",
				 (unsigned long long)(timeout_ms / 1000));
	}
	if (rc == -ECHILD) {
		return error_set(err, rc, "the child that did the work died");
	}
	if (rc < 0) {
		return error_set(err, rc, "cannot read a child's answer: %s", strerror(-rc));
	}
	return told.code < 0 ? error_set(err, told.code, "%s", told.text) : 0;
}

static void reap(pid_t pid, int options)
{
	while (waitpid(pid, NULL, options) < 0 && errno == EINTR) {
	}
}

/* Until its end of the line is closed, which is when it ends. */
static void wait_for_end(int line, uint64_t deadline)
{
	char rest[256];

	(void)shutdown(line, SHUT_WR);
	for (;;) {
		struct pollfd ready = {.fd = line, .events = POLLIN};
		int count = poll(&ready, 1, clock_left(deadline));

		if (count == 0 || (count < 0 && errno != EINTR)) {
			return;
		}
		ssize_t got = count < 0 ? -1 : recv(line, rest, sizeof(rest), 0);

		if (got == 0 || (got < 0 && errno != EINTR)) {
			return;
		}
	}
}

void servant_end(struct servant *servant, uint64_t grace_ms)
{
	if (servant->pid > 0) {
		wait_for_end(servant->line, clock_deadline(grace_ms));
		(void)kill(servant->pid, SIGKILL);
		(void)close(servant->line);
		reap(servant->pid, 0);
	}
	*servant = (struct servant)SERVANT_NONE;
}
