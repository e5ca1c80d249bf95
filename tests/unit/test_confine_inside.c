/*
 * test_confine_inside.c - the unpack helper's cage, tried from inside: whoever takes the helper
 * over with an archive can do none of this.
 *
 * And seen from the updater: hosts that refuse parts of the cage unpack all the same, and say so.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/landlock.h"
#include "base/limits.h"
#include "child_case.h"
#include "release/unpack/confine.h"
#include "release/unpack/filter.h"
#include "unpack_case.h"

#define BROKEN       99
#define FILE_MAXIMUM (1u * MIB)
#define FIRST_UNUSED 3

/* As in sys/socket.h, whose accept(2) is a name of unpack_case.h. */
enum {
	FAMILY_UNIX = 1,
	KIND_STREAM = 1
};

/* Asked of the kernel, not of the code under test. */
static bool has_seccomp(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static void skip_where_it_is_partial(void)
{
	if (CONFINE_IS_PARTIAL || !has_seccomp()) {
		cr_skip_test("AddressSanitizer needs what is taken away, or there is no seccomp");
	}
}

static unsigned confine_self(void)
{
	unsigned held = 0;
	struct error err;

	return confine(FIRST_UNUSED, FILE_MAXIMUM, &held, &err) == 0 ? held : BROKEN;
}

static int say_what_holds(const void *argument)
{
	(void)argument;
	return (int)confine_self();
}

Test(cage, has_every_part_that_this_kernel_has)
{
	unsigned expected = CONFINED_USER | CONFINED_SECCOMP;

	skip_where_it_is_partial();
	expected |= landlock_abi() > 0 ? CONFINED_LANDLOCK : 0u;
	cr_assert_eq(child_run(say_what_holds, NULL), (int)expected);
}

/* By number, so that no library stands between. */
struct attempt {
	const char *name;
	long number;
	long arguments[6];
	int ending;
};

#define KILLED CHILD_KILLED(SIGSYS)

static const char path[] = "/etc/passwd";
static char room[4096];

static int attempt_it(const void *argument)
{
	const struct attempt *attempt = argument;

	if (confine_self() == BROKEN) {
		return BROKEN;
	}
	long rc = syscall(attempt->number, attempt->arguments[0], attempt->arguments[1],
			  attempt->arguments[2], attempt->arguments[3], attempt->arguments[4],
			  attempt->arguments[5]);

	return rc < 0 ? errno : 0;
}

Test(cage, lets_nothing_out)
{
	const long name = (long)path;
	const long memory = (long)room;
	const long parent = getpid();
	const struct attempt attempts[] = {
		{"openat", SYS_openat, {AT_FDCWD, name, O_RDONLY}, EACCES},
		{"openat2", SYS_openat2, {AT_FDCWD, name, memory, 24}, KILLED},
		{"open_by_handle_at", SYS_open_by_handle_at, {AT_FDCWD, memory, 0}, KILLED},
		{"newfstatat", SYS_newfstatat, {AT_FDCWD, name, memory, 0}, KILLED},
		{"statx", SYS_statx, {AT_FDCWD, name, 0, 0, memory}, KILLED},
		{"readlinkat", SYS_readlinkat, {AT_FDCWD, name, memory, 10}, KILLED},
		{"faccessat", SYS_faccessat, {AT_FDCWD, name, R_OK}, KILLED},
		{"linkat", SYS_linkat, {AT_FDCWD, name, AT_FDCWD, name, 0}, KILLED},
		{"unlinkat", SYS_unlinkat, {AT_FDCWD, name, 0}, KILLED},
		{"renameat2", SYS_renameat2, {AT_FDCWD, name, AT_FDCWD, name, 0}, KILLED},
		{"mkdirat", SYS_mkdirat, {AT_FDCWD, name, 0700}, KILLED},
		{"fchmodat", SYS_fchmodat, {AT_FDCWD, name, 0777}, KILLED},
		{"fchmod", SYS_fchmod, {0, 04777}, KILLED},
		{"fsetxattr", SYS_fsetxattr, {0, name, memory, 1, 0}, KILLED},
		{"truncate", SYS_truncate, {name, 0}, KILLED},
		{"chdir", SYS_chdir, {name}, KILLED},
		{"chroot", SYS_chroot, {name}, KILLED},
		{"mount", SYS_mount, {name, name, 0, 0, 0}, KILLED},
		{"socket", SYS_socket, {FAMILY_UNIX, KIND_STREAM, 0}, KILLED},
		{"socketpair", SYS_socketpair, {FAMILY_UNIX, KIND_STREAM, 0, memory}, KILLED},
		{"connect", SYS_connect, {0, memory, 16}, KILLED},
		{"sendmsg", SYS_sendmsg, {0, memory, 0}, KILLED},
		{"execve", SYS_execve, {name, 0, 0}, KILLED},
		{"execveat", SYS_execveat, {0, name, 0, 0, 0}, KILLED},
		{"clone", SYS_clone, {SIGCHLD, 0, 0, 0, 0}, KILLED},
		{"clone3", SYS_clone3, {memory, 88}, KILLED},
		{"unshare", SYS_unshare, {0x10000000}, KILLED},
		{"setns", SYS_setns, {0, 0}, KILLED},
		{"kill", SYS_kill, {parent, 0}, KILLED},
		{"tgkill", SYS_tgkill, {parent, parent, 0}, KILLED},
		{"pidfd_open", SYS_pidfd_open, {parent, 0}, KILLED},
		{"ptrace", SYS_ptrace, {PTRACE_TRACEME, 0, 0, 0}, KILLED},
		{"process_vm_readv", SYS_process_vm_readv, {parent, memory, 0, memory, 0}, KILLED},
		{"prctl", SYS_prctl, {PR_SET_DUMPABLE, 1}, KILLED},
		{"prlimit64", SYS_prlimit64, {0, RLIMIT_DATA, 0, memory}, KILLED},
		{"setresuid", SYS_setresuid, {0, 0, 0}, KILLED},
		{"ioctl", SYS_ioctl, {0, 0x5412, memory}, KILLED},
		{"fcntl", SYS_fcntl, {0, F_DUPFD, 0}, KILLED},
		{"dup", SYS_dup, {0}, KILLED},
		{"memfd_create", SYS_memfd_create, {name, 0}, KILLED},
		{"pipe2", SYS_pipe2, {memory, 0}, KILLED},
		{"bpf", SYS_bpf, {0, memory, 0}, KILLED},
		{"perf_event_open", SYS_perf_event_open, {memory, 0, 0, 0, 0}, KILLED},
		{"userfaultfd", SYS_userfaultfd, {0}, KILLED},
		{"io_uring_setup", SYS_io_uring_setup, {1, memory}, KILLED},
		{"keyctl", SYS_keyctl, {0, 0}, KILLED},
		{"shmget", SYS_shmget, {0, 4096, 0}, KILLED},
		{"personality", SYS_personality, {0x0400000}, KILLED},
		{"executable memory",
		 SYS_mmap,
		 {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0},
		 KILLED},
		{"memory made executable", SYS_mprotect, {memory, 4096, PROT_EXEC}, KILLED},
		{"no such call", 100000, {0}, KILLED},
	};

	skip_where_it_is_partial();
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		cr_expect_eq(child_run(attempt_it, &attempts[i]), attempts[i].ending, "%s: %d",
			     attempts[i].name, child_run(attempt_it, &attempts[i]));
	}
}

static int take_memory(const void *argument)
{
	(void)argument;
	if (confine_self() == BROKEN) {
		return BROKEN;
	}
	for (size_t taken = 0; taken < 2 * (size_t)LIMIT_UNPACK_MEMORY; taken += MIB) {
		char *piece = malloc(MIB);

		if (piece == NULL) {
			return ENOMEM;
		}
		memset(piece, 1, MIB);
	}
	return 0;
}

Test(cage, ends_memory_before_the_host_does)
{
	skip_where_it_is_partial();
	cr_assert_eq(child_run(take_memory, NULL), ENOMEM);
}

static int write_beyond_the_maximum(const void *argument)
{
	int fd = open(argument, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	/* Where confine() spares it. */
	if (fd != FIRST_UNUSED && dup2(fd, FIRST_UNUSED) < 0) {
		return BROKEN;
	}
	unsigned held = 0;
	struct error err;

	(void)signal(SIGXFSZ, SIG_IGN);
	if (confine(FIRST_UNUSED + 1, sizeof(room), &held, &err) < 0 ||
	    write(FIRST_UNUSED, room, sizeof(room)) != (ssize_t)sizeof(room)) {
		return BROKEN;
	}
	return write(FIRST_UNUSED, room, 1) < 0 ? errno : 0;
}

Test(cage, ends_a_file_at_its_maximum)
{
	struct scratch scratch = scratch_make();
	char *file = scratch_path(&scratch, "file");

	cr_assert_eq(child_run(write_beyond_the_maximum, file), EFBIG);
	free(file);
	scratch_remove(&scratch);
}

/* A host that refuses the calls a cage is made of, as containers and older kernels do. */
struct refusal {
	struct filter_rule rules[2];
	size_t count;
	const char *held_by; /* what remains */
};

static int unpack_there(const void *argument)
{
	const struct refusal *refusal = argument;
	struct world *world = world_make();
	struct staged_list list = {0};
	struct error err = {0};

	add_good(world);
	tar_add_end(&world->tar);
	struct bytes compressed = tar_compress(&world->tar, "xz", NULL);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
	    filter_install(refusal->rules, refusal->count, SECCOMP_RET_ALLOW) < 0) {
		return BROKEN;
	}
	int rc = world_unpack(world, &compressed, &list, &err);
	bool is_as_expected = rc == 0 && strcmp(list.held_by, refusal->held_by) == 0;

	if (!is_as_expected) {
		(void)fprintf(stderr, "%d %s, held by %s, expected %s\n", rc, err.text,
			      list.held_by, refusal->held_by);
	}
	staged_list_finish(&list);
	free(compressed.data);
	world_free(world);
	return is_as_expected ? 0 : 1;
}

Test(cage, is_what_a_host_lets_it_be_and_says_so)
{
	const struct filter_rule no_landlock = {SYS_landlock_create_ruleset, ENOSYS, 0};
	const struct filter_rule refused_landlock = {SYS_landlock_create_ruleset, EPERM, 0};
	const struct filter_rule unrestricted = {SYS_landlock_restrict_self, EPERM, 0};
	const struct filter_rule no_seccomp = {SYS_seccomp, EPERM, 0};
	bool has_landlock = landlock_abi() > 0;
	const struct refusal refusals[] = {
		{{{0}}, 0, has_landlock ? "user, landlock, seccomp" : "user, seccomp"},
		{{no_landlock}, 1, "user, seccomp"},
		{{refused_landlock}, 1, "user, seccomp"},
		{{unrestricted}, 1, "user, seccomp"},
		{{no_seccomp}, 1, has_landlock ? "user, landlock" : "user"},
		{{no_landlock, no_seccomp}, 2, "user"},
	};

	skip_where_it_is_partial();
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		cr_assert_eq(child_run(unpack_there, &refusals[i]), 0, "refusal %zu", i);
	}
}
