/*
 * denial.c - denial.h: the tables, and libseccomp's way of saying them.
 *
 * libseccomp and not our own instructions: a jump that is one short lets everything through and
 * looks like success. Programs for another machine's calls (32 bit) are killed by its default.
 */
#include "preflight/denial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/sanitizer.h"

#define FULL 0xffffffffu

#define CALL(called)                                                                               \
	{                                                                                          \
		.name = (called), .with = EPERM                                                    \
	}
#define NEWER(called, its_number)                                                                  \
	{                                                                                          \
		.name = (called), .number = (its_number), .with = EPERM                            \
	}
#define ABSENT(called, its_number)                                                                 \
	{                                                                                          \
		.name = (called), .number = (its_number), .with = ENOSYS                           \
	}
#define BIT(called, which, bit)                                                                    \
	{                                                                                          \
		.name = (called), .with = EPERM, .when = DENY_MASKED, .argument = (which),         \
		.mask = (bit)                                                                      \
	}
#define VALUE(called, which, bits, is)                                                             \
	{                                                                                          \
		.name = (called), .with = EPERM, .when = DENY_EQUAL, .argument = (which),          \
		.mask = (bits), .value = (is)                                                      \
	}
#define OTHER(called, which, is)                                                                   \
	{                                                                                          \
		.name = (called), .with = EPERM, .when = DENY_OTHER, .argument = (which),          \
		.value = (is)                                                                      \
	}
#define ABOVE(called, which, is)                                                                   \
	{                                                                                          \
		.name = (called), .with = EPERM, .when = DENY_ABOVE, .argument = (which),          \
		.value = (is)                                                                      \
	}

const struct denied_call denied_calls[] = {
/* Other processes. The leak check of AddressSanitizer has to trace its own. */
#if !SANITIZED_ADDRESSES
	CALL("ptrace"),
#endif
	CALL("process_vm_readv"),
	CALL("process_vm_writev"),
	CALL("kcmp"),
	NEWER("pidfd_getfd", 438),
	NEWER("process_madvise", 440),
	CALL("perf_event_open"),
	OTHER("prlimit64", 0, 0),

	/* Mounts and namespaces. clone3 hides its flags in memory: libraries then use clone. */
	CALL("mount"),
	CALL("umount"),
	CALL("umount2"),
	CALL("pivot_root"),
	CALL("chroot"),
	NEWER("open_tree", 428),
	NEWER("move_mount", 429),
	NEWER("fsopen", 430),
	NEWER("fsconfig", 431),
	NEWER("fsmount", 432),
	NEWER("fspick", 433),
	NEWER("mount_setattr", 442),
	NEWER("open_tree_attr", 467),
	CALL("unshare"),
	CALL("setns"),
	ABSENT("clone3", 435),
	BIT("clone", 0, CLONE_NEWNS),
	BIT("clone", 0, CLONE_NEWUTS),
	BIT("clone", 0, CLONE_NEWIPC),
	BIT("clone", 0, CLONE_NEWUSER),
	BIT("clone", 0, CLONE_NEWPID),
	BIT("clone", 0, CLONE_NEWNET),
	BIT("clone", 0, CLONE_NEWCGROUP),

	/* The kernel and the machine */
	CALL("init_module"),
	CALL("finit_module"),
	CALL("delete_module"),
	CALL("bpf"),
	CALL("userfaultfd"),
	CALL("kexec_load"),
	CALL("kexec_file_load"),
	CALL("reboot"),
	CALL("swapon"),
	CALL("swapoff"),
	CALL("acct"),
	CALL("quotactl"),
	NEWER("quotactl_fd", 443),
	CALL("syslog"),
	CALL("sethostname"),
	CALL("setdomainname"),
	CALL("settimeofday"),
	CALL("clock_settime"),
	CALL("adjtimex"),
	CALL("clock_adjtime"),
	CALL("stime"),
	CALL("iopl"),
	CALL("ioperm"),
	CALL("vhangup"),
	CALL("fanotify_init"),

	/* Memory that no limit counts, and things with names that outlive all who knew them */
	CALL("shmget"),
	CALL("shmat"),
	CALL("msgget"),
	CALL("semget"),
	CALL("mq_open"),
	CALL("mq_unlink"),

	CALL("add_key"),
	CALL("request_key"),
	CALL("keyctl"),

	/* What Landlock does not watch, or not in older kernels */
	CALL("chmod"),
	CALL("fchmod"),
	CALL("fchmodat"),
	NEWER("fchmodat2", 452),
	CALL("chown"),
	CALL("fchown"),
	CALL("lchown"),
	CALL("fchownat"),
	CALL("setxattr"),
	CALL("lsetxattr"),
	CALL("fsetxattr"),
	NEWER("setxattrat", 463),
	CALL("removexattr"),
	CALL("lremovexattr"),
	CALL("fremovexattr"),
	NEWER("removexattrat", 466),
	NEWER("file_setattr", 469),
	CALL("utime"),
	CALL("utimes"),
	CALL("futimesat"),
	CALL("truncate"),
	/* Left is "now" for an open file, as touch(1) does. */
	OTHER("utimensat", 1, 0),
	OTHER("utimensat", 2, 0),
	CALL("open_by_handle_at"),
	ABSENT("openat2", 437),
	VALUE("open", 1, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC),
	VALUE("openat", 2, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC),
	VALUE("mknod", 1, S_IFMT, S_IFCHR),
	VALUE("mknod", 1, S_IFMT, S_IFBLK),
	VALUE("mknodat", 2, S_IFMT, S_IFCHR),
	VALUE("mknodat", 2, S_IFMT, S_IFBLK),

	/* A queue of calls that no filter sees */
	CALL("io_uring_setup"),
	CALL("io_uring_enter"),
	CALL("io_uring_register"),

	/* Words put into a terminal's mouth, and flags of files */
	VALUE("ioctl", 1, FULL, TIOCSTI),
	VALUE("ioctl", 1, FULL, TIOCLINUX),
	VALUE("ioctl", 1, FULL, 0x40086602u /* FS_IOC_SETFLAGS */),
	VALUE("ioctl", 1, FULL, 0x401c5820u /* FS_IOC_FSSETXATTR */),
	{0},
};

/* Many a daemon takes root on the other end for somebody who may do anything. */
const struct denied_call denied_without_local[] = {
	VALUE("socket", 0, FULL, AF_UNIX),
	{0},
};

/* AF_UNIX is what is left. */
const struct denied_call denied_without_network[] = {
	OTHER("socket", 0, AF_UNIX),
	{0},
};

/* Left are AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK, which resolvers ask for our addresses. */
const struct denied_call denied_with_network[] = {
	VALUE("socket", 0, FULL, 0),  VALUE("socket", 0, FULL, 3),    VALUE("socket", 0, FULL, 4),
	VALUE("socket", 0, FULL, 5),  VALUE("socket", 0, FULL, 6),    VALUE("socket", 0, FULL, 7),
	VALUE("socket", 0, FULL, 8),  VALUE("socket", 0, FULL, 9),    VALUE("socket", 0, FULL, 11),
	VALUE("socket", 0, FULL, 12), VALUE("socket", 0, FULL, 13),   VALUE("socket", 0, FULL, 14),
	VALUE("socket", 0, FULL, 15), ABOVE("socket", 0, AF_NETLINK), {0},
};

static void release(scmp_filter_ctx *context)
{
	if (*context != NULL) {
		seccomp_release(*context);
	}
}

int denial_number(const struct denied_call *call)
{
	int number = seccomp_syscall_resolve_name(call->name);

	return number == __NR_SCMP_ERROR && call->number != 0 ? call->number : number;
}

static struct scmp_arg_cmp condition(const struct denied_call *call)
{
	static const enum scmp_compare compare[] = {
		[DENY_EQUAL] = SCMP_CMP_MASKED_EQ,
		[DENY_OTHER] = SCMP_CMP_NE,
		[DENY_ABOVE] = SCMP_CMP_GT,
		[DENY_MASKED] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp ret = {.arg = call->argument, .op = compare[call->when]};

	if (call->when == DENY_EQUAL) {
		ret.datum_a = call->mask;
		ret.datum_b = call->value;
	} else if (call->when == DENY_MASKED) {
		ret.datum_a = call->mask;
		ret.datum_b = call->mask;
	} else {
		ret.datum_a = call->value;
	}
	return ret;
}

/* A call that this machine never had needs no rule. */
static int deny(scmp_filter_ctx context, const struct denied_call *calls)
{
	int rc = 0;

	for (; calls->name != NULL && rc == 0; calls++) {
		uint32_t action = SCMP_ACT_ERRNO((uint32_t)calls->with);
		int number = denial_number(calls);

		if (number < 0) {
			continue;
		}
		const struct scmp_arg_cmp when = condition(calls);

		rc = seccomp_rule_add_array(context, action, number,
					    calls->when == DENY_ALWAYS ? 0 : 1, &when);
	}
	return rc;
}

static int export(unsigned sockets, int fd)
{
	__attribute__((cleanup(release))) scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);

	if (context == NULL) {
		return -ENOMEM;
	}
	/* A tree, not a row of comparisons; libraries that are too old for it have the row. */
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	int rc = deny(context, denied_calls);

	if (rc == 0) {
		rc = deny(context, (sockets & DENIAL_LEAVES_NETWORK) != 0 ? denied_with_network
									  : denied_without_network);
	}
	if (rc == 0 && (sockets & DENIAL_LEAVES_LOCAL) == 0) {
		rc = deny(context, denied_without_local);
	}
	return rc < 0 ? rc : seccomp_export_bpf(context, fd);
}

int denial_open(unsigned sockets, struct error *err)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	auto_close int fd = memfd_create("preflight-denial", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		return error_set(err, -errno, "cannot make a memory file: %s", strerror(errno));
	}
	int rc = export(sockets, fd);

	if (rc < 0) {
		return error_set(err, rc, "cannot build the filter of system calls: %s",
				 strerror(-rc));
	}
	if (fcntl(fd, F_ADD_SEALS, seals) < 0) {
		return error_set(err, -errno, "cannot seal a memory file: %s", strerror(errno));
	}
	return take_fd(&fd);
}
