/*
 * hostile_case.c - hostile_case.h: the targets, and kernels that know less than ours.
 */
#include "hostile_case.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/landlock.h"

static int listen_on(const char *name, bool is_abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	memcpy(address.sun_path + is_abstract, name, length);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + is_abstract + length);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(fd, 8), 0);
	return fd;
}

struct target target_make(void)
{
	struct target target = {.scratch = scratch_make()};

	cr_assert_eq(chmod(target.scratch.path, 0755), 0);
	target.victim = scratch_path(&target.scratch, "bangerd");
	target.beside = scratch_path(&target.scratch, "beside");
	target.local = scratch_path(&target.scratch, "socket");
	scratch_write(target.victim, "a staged binary");
	(void)snprintf(target.abstract, sizeof(target.abstract), "banger-hostile-%d",
		       (int)getpid());
	target.listeners[0] = listen_on(target.local, false);
	target.listeners[1] = listen_on(target.abstract, true);
	cr_assert_eq(chmod(target.local, 0777), 0);
	target.before = scratch_listing(target.scratch.path, NULL);
	return target;
}

void target_finish(struct target *target)
{
	(void)close(target->listeners[0]);
	(void)close(target->listeners[1]);
	free(target->victim);
	free(target->beside);
	free(target->local);
	free(target->before);
	scratch_remove(&target->scratch);
}

void target_assert_unharmed(const struct target *target)
{
	auto_free char *now = scratch_listing(target->scratch.path, NULL);

	cr_assert_str_eq(now, target->before);
	cr_assert_not(scratch_exists("/etc/banger-hostile"));
	cr_assert_not(scratch_exists("/tmp/banger-hostile"));
}

void need_landlock(void)
{
	if (landlock_abi() == 0) {
		cr_skip_test("no Landlock here");
	}
}

/* What the supervisor knows. */
struct pretence {
	int fd;
	int abi;
};

/* Answers each question for the ABI; ends when nobody is left who could ask. */
static void *supervise(void *data)
{
	const struct pretence *pretence = data;
	struct seccomp_notif *asked = NULL;
	struct seccomp_notif_resp *answer = NULL;

	cr_assert_eq(seccomp_notify_alloc(&asked, &answer), 0);
	for (;;) {
		memset(asked, 0, sizeof(*asked));
		int rc = seccomp_notify_receive(pretence->fd, asked);

		if (rc == -ECANCELED || rc == -EINTR) {
			continue;
		}
		if (rc < 0) {
			break;
		}
		*answer = (struct seccomp_notif_resp){.id = asked->id, .val = pretence->abi};
		(void)seccomp_notify_respond(pretence->fd, answer);
	}
	seccomp_notify_free(asked, answer);
	return NULL;
}

void pretend_landlock(int abi)
{
	/* Both live as long as the process: to release the filter would close its descriptor. */
	static struct pretence pretence;
	static scmp_filter_ctx filter;
	const int call = SCMP_SYS(landlock_create_ruleset);
	pthread_t thread;

	filter = seccomp_init(SCMP_ACT_ALLOW);
	cr_assert_not_null(filter);
	/* Without a version to answer with, nobody has to be asked. */
	if (abi == 0) {
		cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0), 0);
		cr_assert_eq(seccomp_load(filter), 0);
		seccomp_release(filter);
		return;
	}
	cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_NOTIFY, call, 1,
				      SCMP_A2(SCMP_CMP_EQ, LANDLOCK_CREATE_RULESET_VERSION, 0)),
		     0);
	cr_assert_eq(seccomp_load(filter), 0);
	pretence = (struct pretence){seccomp_notify_fd(filter), abi};
	cr_assert_geq(pretence.fd, 0);
	cr_assert_eq(pthread_create(&thread, NULL, supervise, &pretence), 0);
	cr_assert_eq(pthread_detach(thread), 0);
}
