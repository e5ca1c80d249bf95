/*
 * test_fetch_confine.c - what the fetch helper may still do: tried in a child that gave up its
 * rights as the helper does.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/limits.h"
#include "base/sanitizer.h"
#include "release/fetch/confine.h"
#include "support/scratch.h"

#define FIRST_UNUSED 6

/* What the child found; shared memory. */
struct found {
	int confined; /* what fetch_confine() returned */
	char text[CONFINEMENT_TEXT_MAX];
	int canary; /* errno of opening it, 0: open */
	int certificates;
	int resolver;
	int new_file;
	int program;
	int directory;
	uid_t uid;
	gid_t gid;
	int groups;
	int death_signal;
	int privileges; /* no_new_privs */
	int dumpable;
	char *environment;
	int spare_descriptor;
	rlim_t core, size, files, memory;
};

/* What everybody may read, and where everybody may make a file. */
struct paths {
	char *canary;
	char *new_file;
};

static rlim_t limit_of(__rlimit_resource_t resource)
{
	struct rlimit limit = {0, 0};

	(void)getrlimit(resource, &limit);
	return limit.rlim_max;
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? errno : close(fd);
}

__attribute__((noreturn)) static void look_around(struct found *found, const struct paths *paths,
						  bool needs_system)
{
	const struct confinement confinement = {FIRST_UNUSED, needs_system};
	char *const argv[] = {(char[]){"true"}, NULL};
	struct error err;
	int spare = fcntl(STDIN_FILENO, F_DUPFD, 20);

	found->confined = fetch_confine(&confinement, found->text, &err);
	found->canary = try_open(paths->canary, O_RDONLY);
	found->certificates = try_open("/etc/ssl/certs", O_RDONLY | O_DIRECTORY);
	found->resolver = try_open("/etc/hosts", O_RDONLY);
	found->new_file = try_open(paths->new_file, O_WRONLY | O_CREAT | O_EXCL);
	found->directory = try_open("/", O_RDONLY | O_DIRECTORY);
	found->uid = geteuid();
	found->gid = getegid();
	found->groups = getgroups(0, NULL);
	(void)prctl(PR_GET_PDEATHSIG, &found->death_signal);
	found->privileges = prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L);
	found->dumpable = prctl(PR_GET_DUMPABLE);
	found->environment = getenv("http_proxy");
	found->spare_descriptor = fcntl(spare, F_GETFD);
	found->core = limit_of(RLIMIT_CORE);
	found->size = limit_of(RLIMIT_FSIZE);
	found->files = limit_of(RLIMIT_NOFILE);
	found->memory = limit_of(RLIMIT_DATA);
	(void)execve("/bin/true", argv, (char *const[]){NULL});
	found->program = errno;
	_exit(0);
}

/* A confined child's findings about a world with a file that anybody may read. */
static struct found *confine_a_child(bool needs_system)
{
	struct scratch scratch = scratch_make();
	struct paths paths = {scratch_path(&scratch, "canary"), scratch_path(&scratch, "new")};
	struct found *found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert(found != MAP_FAILED);
	scratch_write_bytes(paths.canary, "x", 1, 0644);
	cr_assert_eq(chmod(scratch.path, 0777), 0);
	cr_assert_eq(setenv("http_proxy", "http://127.0.0.1:9", 1), 0);
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (child == 0) {
		look_around(found, &paths, needs_system);
	}
	cr_assert_eq(waitpid(child, NULL, 0), child);
	cr_assert_eq(found->confined, 0);
	free(paths.canary);
	free(paths.new_file);
	scratch_remove(&scratch);
	return found;
}

Test(fetch_confine, cannot_open_what_its_user_may_read, .timeout = 60)
{
	if (SANITIZED_ADDRESSES || landlock_abi() == 0) {
		cr_skip_test("there is no Landlock here, or AddressSanitizer needs /proc");
	}
	struct found *found = confine_a_child(false);

	cr_assert_eq(found->canary, EACCES);
	cr_assert_eq(found->new_file, EACCES);
	cr_assert_eq(found->directory, EACCES);
	cr_assert_eq(found->program, EACCES);
	cr_assert_eq(found->certificates, EACCES);
	cr_assert_eq(found->resolver, 0);
	cr_assert_not_null(strstr(found->text, ", landlock "));
	cr_assert_null(strstr(found->text, "landlock 0"));
	(void)munmap(found, sizeof(*found));
}

Test(fetch_confine, reads_the_systems_certificates_only_when_there_are_no_others, .timeout = 60)
{
	struct found *found = confine_a_child(true);

	cr_assert(found->certificates == 0 || found->certificates == ENOENT);
	(void)munmap(found, sizeof(*found));
}

Test(fetch_confine, becomes_nobody_of_no_group, .timeout = 60)
{
	if (SANITIZED_ADDRESSES || geteuid() != 0) {
		cr_skip_test("there is no root to drop, or AddressSanitizer keeps it");
	}
	struct found *found = confine_a_child(false);

	cr_assert_neq(found->uid, 0);
	cr_assert_neq(found->gid, 0);
	cr_assert_eq(found->groups, 0);
	(void)munmap(found, sizeof(*found));
}

Test(fetch_confine, gives_up_everything_else, .timeout = 60)
{
	struct found *found = confine_a_child(false);

	cr_assert_eq(found->privileges, 1);
	cr_assert_eq(found->death_signal, SIGKILL);
	cr_assert_null(found->environment);
	cr_assert_eq(found->spare_descriptor, -1);
	cr_assert_eq(found->core, 0);
	cr_assert_leq(found->files, LIMIT_FETCH_FILES);
	if (!SANITIZED_ADDRESSES) {
		cr_assert_eq(found->dumpable, 0);
		cr_assert_eq(found->size, 0);
		cr_assert_leq(found->memory, LIMIT_FETCH_MEMORY);
	}
	(void)munmap(found, sizeof(*found));
}
