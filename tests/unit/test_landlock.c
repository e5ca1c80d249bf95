/*
 * test_landlock.c - what is left to a process that Landlock denies everything: what it has open.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/landlock.h"
#include "child_case.h"
#include "support/scratch.h"

#define BROKEN 99

/* A step after the denial; exits with its errno, 0 when it worked. */
struct attempt {
	int (*step)(const char *directory);
	const char *directory; /* where it had every right before */
};

static int try(const void *argument)
{
	const struct attempt *attempt = argument;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 || chdir(attempt->directory) < 0 ||
	    !landlock_deny_all()) {
		return BROKEN;
	}
	return attempt->step(attempt->directory) < 0 ? errno : 0;
}

static int read_a_file(const char *directory)
{
	(void)directory;
	return open("file", O_RDONLY | O_CLOEXEC);
}

static int list_a_directory(const char *directory)
{
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int make_a_file(const char *directory)
{
	(void)directory;
	return open("new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int make_a_directory(const char *directory)
{
	(void)directory;
	return mkdir("new", 0700);
}

static int remove_a_file(const char *directory)
{
	(void)directory;
	return unlink("file");
}

static int run_a_program(const char *directory)
{
	(void)directory;
	return execl("/bin/true", "true", (char *)NULL);
}

static int connect_to_somebody(const char *directory)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(1),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)directory;
	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static int signal_the_parent(const char *directory)
{
	(void)directory;
	return kill(getppid(), 0);
}

static const struct {
	const char *name;
	int (*step)(const char *directory);
	int abi; /* from which on it is denied */
	int with;
} steps[] = {
	{"reading a file", read_a_file, 1, EACCES},
	{"listing a directory", list_a_directory, 1, EACCES},
	{"making a file", make_a_file, 1, EACCES},
	{"making a directory", make_a_directory, 1, EACCES},
	{"removing a file", remove_a_file, 1, EACCES},
	{"running a program", run_a_program, 1, EACCES},
	{"connecting", connect_to_somebody, 4, EACCES},
	{"signalling the parent", signal_the_parent, 6, EPERM},
};

Test(landlock, denies_every_step_that_this_kernel_knows)
{
	struct scratch scratch = scratch_make();
	char *file = scratch_path(&scratch, "file");

	if (landlock_abi() == 0) {
		cr_skip_test("no Landlock here");
	}
	scratch_write(file, "text");
	char *before = scratch_listing(scratch.path, NULL);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct attempt attempt = {steps[i].step, scratch.path};

		if (steps[i].abi <= landlock_abi()) {
			cr_assert_eq(child_run(try, &attempt), steps[i].with, "%s", steps[i].name);
		}
	}
	char *after = scratch_listing(scratch.path, NULL);

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
	free(file);
	scratch_remove(&scratch);
}

static int open_file; /* before the denial */

static int use_what_is_open(const char *directory)
{
	char byte = 0;

	(void)directory;
	return pread(open_file, &byte, 1, 0) == 1 && byte == 't' &&
			       pwrite(open_file, "T", 1, 0) == 1
		       ? 0
		       : -1;
}

Test(landlock, leaves_open_descriptors_usable)
{
	struct scratch scratch = scratch_make();
	char *file = scratch_path(&scratch, "file");
	struct attempt attempt = {use_what_is_open, scratch.path};

	if (landlock_abi() == 0) {
		cr_skip_test("no Landlock here");
	}
	scratch_write(file, "text");
	open_file = open(file, O_RDWR | O_CLOEXEC);
	cr_assert_eq(child_run(try, &attempt), 0);
	(void)close(open_file);
	free(file);
	scratch_remove(&scratch);
}

/* With one directory left to write to. */
static int try_inside(const void *argument)
{
	const struct attempt *attempt = argument;
	const char *const paths[] = {"/dev/null", "inside", "/not/there", NULL};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 || chdir(attempt->directory) < 0 ||
	    landlock_leave_writing(paths, false) == 0) {
		return BROKEN;
	}
	return attempt->step(attempt->directory) < 0 ? errno : 0;
}

static int write_inside(const char *directory)
{
	int fd = open("inside/new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)directory;
	return fd < 0 || mkdir("inside/more", 0700) < 0 ||
			       rename("inside/new", "inside/more/new") < 0 ||
			       unlink("inside/more/new") < 0 || rmdir("inside/more") < 0
		       ? -1
		       : 0;
}

static int write_to_nothing(const char *directory)
{
	(void)directory;
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int move_out(const char *directory)
{
	(void)directory;
	return rename("inside/there", "there");
}

static int link_in(const char *directory)
{
	(void)directory;
	return link("file", "inside/linked");
}

static int cut_a_file(const char *directory)
{
	(void)directory;
	return truncate("file", 0);
}

static int make_a_device(const char *directory)
{
	(void)directory;
	return mknod("inside/disk", S_IFBLK | 0600, 0);
}

static const struct {
	const char *name;
	int (*step)(const char *directory);
	int abi; /* from which on it ends so */
	int with;
} confined_steps[] = {
	{"reading a file", read_a_file, 1, 0},
	{"listing a directory", list_a_directory, 1, 0},
	{"running a program", run_a_program, 1, 0},
	{"writing inside", write_inside, 1, 0},
	{"writing to /dev/null", write_to_nothing, 1, 0},
	{"making a file", make_a_file, 1, EACCES},
	{"making a directory", make_a_directory, 1, EACCES},
	{"removing a file", remove_a_file, 1, EACCES},
	{"moving out", move_out, 1, EACCES},
	{"linking in", link_in, 2, EXDEV},
	{"cutting a file", cut_a_file, 3, EACCES},
	{"connecting", connect_to_somebody, 4, EACCES},
	{"signalling the parent", signal_the_parent, 6, EPERM},
};

Test(landlock, leaves_reading_running_and_one_directory_to_write_to)
{
	struct scratch scratch = scratch_make();
	char *file = scratch_path(&scratch, "file");
	char *inside = scratch_path(&scratch, "inside");
	char *there = scratch_path(&scratch, "inside/there");

	if (landlock_abi() == 0) {
		cr_skip_test("no Landlock here");
	}
	scratch_write(file, "text");
	scratch_directory(inside);
	scratch_write(there, "text");
	char *before = scratch_listing(scratch.path, "inside");

	for (size_t i = 0; i < sizeof(confined_steps) / sizeof(confined_steps[0]); i++) {
		struct attempt attempt = {confined_steps[i].step, scratch.path};

		if (confined_steps[i].abi <= landlock_abi()) {
			cr_assert_eq(child_run(try_inside, &attempt), confined_steps[i].with,
				     "%s: %d", confined_steps[i].name,
				     child_run(try_inside, &attempt));
		}
	}
	char *after = scratch_listing(scratch.path, "inside");

	cr_assert_str_eq(before, after);
	free(before);
	free(after);
	free(file);
	free(inside);
	free(there);
	scratch_remove(&scratch);
}

/* Nobody but root may make a device anywhere. */
Test(landlock, leaves_nobody_a_device_to_make)
{
	struct scratch scratch = scratch_make();
	char *inside = scratch_path(&scratch, "inside");
	struct attempt attempt = {make_a_device, scratch.path};

	if (landlock_abi() == 0) {
		cr_skip_test("no Landlock here");
	}
	scratch_directory(inside);
	int rc = child_run(try_inside, &attempt);

	cr_assert(rc == EACCES || (rc == EPERM && geteuid() != 0), "%d", rc);
	free(inside);
	scratch_remove(&scratch);
}
