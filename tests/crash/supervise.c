/*
 * supervise.c - supervise.h.
 *
 * The filter's descriptor comes from the child over a socket: sendmsg(2) is none of the calls that
 * wait. A call that a signal interrupts would ask twice and be counted twice, so that signals wait
 * where the kernel (5.19) can have them wait.
 */
#include "crash/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/calls.h"

#define TICK_MS 100

struct supervisor {
	struct tally tally;
	tally_ended ended;
	void *data;
	int program;  /* pidfd; -1: it is over */
	int listener; /* where calls ask */
};

static int listen_to_calls(void)
{
	struct sock_fprog filter = calls_filter(SECCOMP_RET_USER_NOTIF);
	const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &filter);

	if (fd < 0 && errno == EINVAL) {
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
	}
	return (int)fd;
}

union descriptor_message {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static bool send_descriptor(int socket, int fd)
{
	union descriptor_message control = {0};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1;
}

/* -1: none came. */
static int receive_descriptor(int socket)
{
	union descriptor_message control = {0};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.space,
				 .msg_controllen = sizeof(control.space)};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1) {
		const struct cmsghdr *header = CMSG_FIRSTHDR(&message);

		if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		}
	}
	return fd;
}

/* What the program does until it executes. */
__attribute__((noreturn)) static void become(const struct tally_options *options, int socket)
{
	int listener = tally_may_filter() ? listen_to_calls() : -1;

	if (listener < 0 || !send_descriptor(socket, listener)) {
		_exit(125);
	}
	(void)execvp(options->argv[0], options->argv);
	_exit(127);
}

static int start(struct supervisor *supervisor)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		return errno;
	}
	pid_t pid = fork();

	if (pid == 0) {
		become(supervisor->tally.options, ends[1]);
	}
	(void)close(ends[1]);
	supervisor->tally.first = pid;
	supervisor->program = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	supervisor->listener = pid > 0 ? receive_descriptor(ends[0]) : -1;
	(void)close(ends[0]);
	return supervisor->program < 0 || supervisor->listener < 0 ? ENOTSUP : 0;
}

static struct seccomp_notif_resp decide(struct supervisor *supervisor,
					const struct seccomp_notif *asked)
{
	struct seccomp_notif_resp answer = {.id = asked->id,
					    .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	const struct tally_options *options = supervisor->tally.options;
	uint64_t arguments[6];

	memcpy(arguments, asked->data.args, sizeof(arguments));
	enum tally_word word = tally_call(&supervisor->tally, (pid_t)asked->pid,
					  (uint64_t)asked->data.nr, arguments);

	if (word == TALLY_NOW) {
		supervisor->tally.result.acted = true;
	}
	if (word == TALLY_DROP || (word == TALLY_NOW && options->act == TALLY_FAIL)) {
		answer.flags = 0;
		answer.error = word == TALLY_DROP ? 0 : -options->error;
	}
	return answer;
}

/* Who died while he waited needs no answer. */
static void answer_one(struct supervisor *supervisor)
{
	struct seccomp_notif asked = {0};

	if (ioctl(supervisor->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0) {
		struct seccomp_notif_resp answer = decide(supervisor, &asked);

		(void)ioctl(supervisor->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static void on_end(struct supervisor *supervisor)
{
	struct tally *tally = &supervisor->tally;

	if (waitpid(tally->first, &tally->result.status, 0) == tally->first) {
		tally->first = 0;
		(void)close(supervisor->program);
		supervisor->program = -1;
		supervisor->ended(&tally->result, supervisor->data);
	}
}

/* False: nobody is left who could ask. */
static bool answer_all(struct supervisor *supervisor)
{
	struct pollfd ready[] = {
		{.fd = supervisor->listener, .events = POLLIN},
		{.fd = supervisor->program, .events = POLLIN},
	};

	if (poll(ready, 2, TICK_MS) < 0) {
		return true;
	}
	if ((ready[0].revents & POLLIN) != 0) {
		answer_one(supervisor);
	} else if (ready[1].revents != 0) {
		on_end(supervisor);
	}
	if (tally_is_late(&supervisor->tally)) {
		supervisor->tally.result.expired = true;
		(void)kill(supervisor->tally.first, SIGKILL);
	}
	return (ready[0].revents & POLLHUP) == 0 || supervisor->program >= 0;
}

void supervise_run(const struct tally_options *options, tally_ended ended, void *data)
{
	struct supervisor supervisor = {.tally = tally_begin(options),
					.ended = ended,
					.data = data};

	supervisor.tally.result.broken = start(&supervisor);
	if (supervisor.tally.result.broken != 0) {
		ended(&supervisor.tally.result, data);
		return;
	}
	while (answer_all(&supervisor)) {
	}
}
