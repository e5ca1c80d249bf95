/*
 * test_notify.c - the service manager's protocol: path and abstract sockets, and none.
 */
#include "daemon/notify.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/guard.h"
#include "support/scratch.h"

static struct error error;

/* A manager's socket at name, which is in NOTIFY_SOCKET as well. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, length);
	if (name[0] == '@') {
		address.sun_path[0] = '\0';
	}
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
		     0);
	cr_assert_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void expect_told(int fd)
{
	char text[64] = "";

	cr_assert_eq(notify_send("READY=1", &error), 0, "%s", error.text);
	cr_assert_eq(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 7);
	cr_assert_str_eq(text, "READY=1");
}

Test(notify, a_socket_with_a_path_is_told)
{
	struct scratch scratch = scratch_make();
	auto_free char *name = scratch_path(&scratch, "manager");
	auto_close int fd = listen_at(name);

	expect_told(fd);
	scratch_remove(&scratch);
}

Test(notify, an_abstract_socket_is_told)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "@banger-test-notify-%d", (int)getpid());
	auto_close int fd = listen_at(name);

	expect_told(fd);
}

Test(notify, without_a_manager_there_is_nothing_to_do)
{
	cr_assert_eq(unsetenv("NOTIFY_SOCKET"), 0);
	cr_assert_eq(notify_send("READY=1", &error), 0);
	cr_assert_eq(setenv("NOTIFY_SOCKET", "", 1), 0);
	cr_assert_eq(notify_send("READY=1", &error), 0);
}

Test(notify, what_is_no_socket_is_an_error)
{
	char longest[200];

	cr_assert_eq(setenv("NOTIFY_SOCKET", "relative", 1), 0);
	cr_assert_eq(notify_send("READY=1", &error), -EINVAL);
	cr_assert_eq(setenv("NOTIFY_SOCKET", "@", 1), 0);
	cr_assert_eq(notify_send("READY=1", &error), -EINVAL);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_assert_eq(setenv("NOTIFY_SOCKET", longest, 1), 0);
	cr_assert_eq(notify_send("READY=1", &error), -EINVAL);
	cr_assert_eq(setenv("NOTIFY_SOCKET", "/nobody/listens/here", 1), 0);
	cr_assert_eq(notify_send("READY=1", &error), -ENOENT);
}
