/*
 * test_denial.c - each call of the tables is made once under the filter, and gets its errno.
 *
 * A filter that denies nothing looks like one that works until somebody needs it. So no row is
 * believed: its arguments are ones that the kernel itself refuses with something else.
 */
#include "preflight/denial.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/limits.h"
#include "child_case.h"
#include "support/scratch.h"

#define BROKEN 99 /* what a child says when it never got to the call under test */

static int filter; /* the one under test */

static int use_filter(void)
{
	struct sock_filter code[LIMIT_FILTER / sizeof(struct sock_filter)];
	ssize_t length = pread(filter, code, sizeof(code), 0);
	struct sock_fprog program = {(unsigned short)(length / (ssize_t)sizeof(code[0])), code};

	if (length <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		return -1;
	}
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static void open_filter(unsigned sockets)
{
	struct error err = {0};

	filter = denial_open(sockets, &err);
	cr_assert_geq(filter, 0, "%s", err.text);
}

/* Everything is -1, which no call can do anything with, but what the row is about. */
static int make_call(const struct denied_call *row)
{
	static const uint64_t others[] = {
		[DENY_OTHER] = 2, /* neither process 0, nor AF_UNIX, nor no pointer */
		[DENY_ABOVE] = 17,
	};
	long arguments[6] = {-1, -1, -1, -1, -1, -1};
	uint64_t told = row->when == DENY_EQUAL    ? row->value
			: row->when == DENY_MASKED ? row->mask
						   : others[row->when];

	if (row->when != DENY_ALWAYS) {
		arguments[row->argument] = (long)told;
	}
	long rc = syscall(denial_number(row), arguments[0], arguments[1], arguments[2],
			  arguments[3], arguments[4], arguments[5]);

	return rc < 0 ? errno : 0;
}

static int call_under_filter(const void *argument)
{
	return use_filter() < 0 ? BROKEN : make_call(argument);
}

static int call_freely(const void *argument)
{
	return make_call(argument);
}

/* What the kernel says to -1 everywhere; hanging up a terminal has no argument to be wrong, and
 * with these a queue is made that stays. */
static bool has_control(const struct denied_call *row)
{
	return row->when == DENY_ALWAYS && row->with == EPERM &&
	       strcmp(row->name, "vhangup") != 0 && strcmp(row->name, "msgget") != 0;
}

static void expect_denied(const struct denied_call *rows)
{
	for (const struct denied_call *row = rows; row->name != NULL; row++) {
		if (denial_number(row) < 0) {
			continue; /* not on this machine */
		}
		cr_assert_eq(child_run(call_under_filter, row), row->with, "%s gets %s", row->name,
			     strerror(child_run(call_under_filter, row)));
		/* Others than root have calls that they are never permitted. */
		if (geteuid() == 0 && has_control(row)) {
			cr_assert_neq(child_run(call_freely, row), row->with,
				      "%s is denied without the filter", row->name);
		}
	}
}

Test(denial, denies_each_call_of_its_table)
{
	open_filter(DENIAL_LEAVES_LOCAL);
	expect_denied(denied_calls);
	expect_denied(denied_without_network);
}

Test(denial, denies_with_the_network_what_is_no_network)
{
	open_filter(DENIAL_LEAVES_LOCAL | DENIAL_LEAVES_NETWORK);
	expect_denied(denied_calls);
	expect_denied(denied_with_network);
}

static int open_network(const void *argument)
{
	(void)argument;
	if (use_filter() < 0) {
		return BROKEN;
	}
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 && socket(AF_INET6, SOCK_DGRAM, 0) >= 0 &&
			       socket(AF_NETLINK, SOCK_RAW, 0) >= 0
		       ? 0
		       : errno;
}

Test(denial, denies_sockets_altogether_where_none_are_left)
{
	open_filter(0);
	expect_denied(denied_calls);
	expect_denied(denied_without_network);
	expect_denied(denied_without_local);
}

Test(denial, denies_local_sockets_and_leaves_the_network)
{
	open_filter(DENIAL_LEAVES_NETWORK);
	expect_denied(denied_with_network);
	expect_denied(denied_without_local);
	cr_assert_eq(child_run(open_network, NULL), 0);
}

static int talk_locally(const void *argument)
{
	int pair[2];

	(void)argument;
	if (use_filter() < 0) {
		return BROKEN;
	}
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 &&
			       socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0
		       ? 0
		       : errno;
}

Test(denial, leaves_local_sockets_and_the_network_where_it_is_granted)
{
	open_filter(DENIAL_LEAVES_LOCAL);
	cr_assert_eq(child_run(talk_locally, NULL), 0);
	cr_assert_eq(child_run(open_network, NULL), EPERM);
	(void)close(filter);
	open_filter(DENIAL_LEAVES_LOCAL | DENIAL_LEAVES_NETWORK);
	cr_assert_eq(child_run(talk_locally, NULL), 0);
	cr_assert_eq(child_run(open_network, NULL), 0);
}

/* What any program does: files of its own, children, limits. The number of the step that failed. */
static int work(const void *directory)
{
	struct rlimit limit;

	if (use_filter() < 0 || chdir(directory) < 0) {
		return BROKEN;
	}
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1) {
		return 1;
	}
	if (ftruncate(fd, 0) < 0 || futimens(fd, NULL) < 0) {
		return 2;
	}
	if (mkdir("directory", 0700) < 0 || rename("file", "directory/file") < 0) {
		return 3;
	}
	if (mkfifo("fifo", 0600) < 0 || symlink("fifo", "link") < 0 || unlink("link") < 0) {
		return 4;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0) {
		return 5;
	}
	pid_t child = fork();

	if (child == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
	}
	return child > 0 ? 0 : 6;
}

Test(denial, leaves_what_any_program_does)
{
	struct scratch scratch = scratch_make();

	open_filter(DENIAL_LEAVES_LOCAL);
	cr_assert_eq(child_run(work, scratch.path), 0);
	scratch_remove(&scratch);
}

Test(denial, cannot_be_changed_by_who_reads_it)
{
	open_filter(DENIAL_LEAVES_LOCAL);
	cr_assert_eq(pwrite(filter, "x", 1, 0), -1);
	cr_assert_eq(errno, EPERM);
	cr_assert_eq(ftruncate(filter, 0), -1);
}
