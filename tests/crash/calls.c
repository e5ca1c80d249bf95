/*
 * calls.c - calls.h: one row a call.
 */
#include "crash/calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SPACE (CALL_FILES | CALL_SPACE)
#define NONE                                                                                       \
	{                                                                                          \
		-1, -1                                                                             \
	}
#define FD(argument)                                                                               \
	{                                                                                          \
		{(argument), -1}, NONE                                                             \
	}
#define PATH(argument)                                                                             \
	{                                                                                          \
		{-1, (argument)}, NONE                                                             \
	}
#define AT(directory, argument)                                                                    \
	{                                                                                          \
		{(directory), (argument)}, NONE                                                    \
	}
#define TWO(first, second, third, fourth)                                                          \
	{                                                                                          \
		{(first), (second)},                                                               \
		{                                                                                  \
			(third), (fourth)                                                          \
		}                                                                                  \
	}

static const struct call calls[] = {
	{SYS_openat, "openat", SPACE, AT(0, 1), 2},
	{SYS_openat2, "openat2", SPACE, AT(0, 1), 2},
	{SYS_write, "write", SPACE, FD(0), -1},
	{SYS_pwrite64, "pwrite", SPACE, FD(0), -1},
	{SYS_writev, "writev", SPACE, FD(0), -1},
	{SYS_pwritev, "pwritev", SPACE, FD(0), -1},
	{SYS_pwritev2, "pwritev2", SPACE, FD(0), -1},
	{SYS_copy_file_range, "copy_file_range", SPACE, FD(2), -1},
	{SYS_sendfile, "sendfile", SPACE, FD(0), -1},
	{SYS_splice, "splice", SPACE, FD(2), -1},
	{SYS_ioctl, "ficlone", SPACE, FD(0), -1},
	{SYS_ftruncate, "ftruncate", SPACE, FD(0), -1},
	{SYS_truncate, "truncate", CALL_FILES, PATH(0), -1},
	{SYS_fallocate, "fallocate", SPACE, FD(0), -1},
	{SYS_renameat, "renameat", CALL_FILES, TWO(0, 1, 2, 3), -1},
	{SYS_renameat2, "renameat2", CALL_FILES, TWO(0, 1, 2, 3), -1},
	{SYS_linkat, "linkat", SPACE, TWO(0, 1, 2, 3), -1},
	{SYS_symlinkat, "symlinkat", SPACE, AT(1, 2), -1},
	{SYS_unlinkat, "unlinkat", CALL_FILES, AT(0, 1), -1},
	{SYS_mkdirat, "mkdirat", SPACE, AT(0, 1), -1},
	{SYS_mknodat, "mknodat", SPACE, AT(0, 1), -1},
	{SYS_fchmod, "fchmod", CALL_FILES, FD(0), -1},
	{SYS_fchmodat, "fchmodat", CALL_FILES, AT(0, 1), -1},
	{SYS_fchown, "fchown", CALL_FILES, FD(0), -1},
	{SYS_fchownat, "fchownat", CALL_FILES, AT(0, 1), -1},
	{SYS_utimensat, "utimensat", CALL_FILES, AT(0, 1), -1},
	{SYS_fsetxattr, "fsetxattr", SPACE, FD(0), -1},
	{SYS_fremovexattr, "fremovexattr", CALL_FILES, FD(0), -1},
	{SYS_setxattr, "setxattr", SPACE, PATH(0), -1},
	{SYS_lsetxattr, "lsetxattr", SPACE, PATH(0), -1},
	{SYS_removexattr, "removexattr", CALL_FILES, PATH(0), -1},
#ifdef SYS_open
	{SYS_open, "open", SPACE, PATH(0), 1},
	{SYS_creat, "creat", SPACE, PATH(0), -1},
	{SYS_rename, "rename", CALL_FILES, TWO(-1, 0, -1, 1), -1},
	{SYS_link, "link", SPACE, TWO(-1, 0, -1, 1), -1},
	{SYS_symlink, "symlink", SPACE, PATH(1), -1},
	{SYS_unlink, "unlink", CALL_FILES, PATH(0), -1},
	{SYS_rmdir, "rmdir", CALL_FILES, PATH(0), -1},
	{SYS_mkdir, "mkdir", SPACE, PATH(0), -1},
	{SYS_mknod, "mknod", SPACE, PATH(0), -1},
	{SYS_chmod, "chmod", CALL_FILES, PATH(0), -1},
	{SYS_chown, "chown", CALL_FILES, PATH(0), -1},
	{SYS_lchown, "lchown", CALL_FILES, PATH(0), -1},
	{SYS_utimes, "utimes", CALL_FILES, PATH(0), -1},
#endif
	{SYS_fsync, "fsync", CALL_SYNCS, FD(0), -1},
	{SYS_fdatasync, "fdatasync", CALL_SYNCS, FD(0), -1},
	{SYS_sync_file_range, "sync_file_range", CALL_SYNCS, FD(0), -1},
	{SYS_syncfs, "syncfs", CALL_SYNCS, FD(0), -1},
	{SYS_kill, "kill", CALL_SIGNALS, FD(-1), -1},
	{SYS_tgkill, "tgkill", CALL_SIGNALS, FD(-1), -1},
	{SYS_pidfd_send_signal, "pidfd_send_signal", CALL_SIGNALS, FD(-1), -1},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "calls.c has to be told this machine's AUDIT_ARCH_*"
#endif

struct sock_fprog calls_filter(uint32_t action)
{
	static struct sock_filter code[2 * CALLS + 4];
	size_t length = 0;

	/* A foreign architecture has other numbers: none of ours runs on one. */
	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						      offsetof(struct seccomp_data, arch));
	code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0,
						      2 * CALLS + 1);
	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						      offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < CALLS; i++) {
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							      (uint32_t)calls[i].number, 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return (struct sock_fprog){(unsigned short)length, code};
}

const struct call *call_find(uint64_t number)
{
	for (size_t i = 0; i < CALLS; i++) {
		if ((uint64_t)calls[i].number == number) {
			return &calls[i];
		}
	}
	return NULL;
}

size_t calls_peek(pid_t pid, uint64_t address, void *bytes, size_t size)
{
	size_t to_page_end = 4096 - address % 4096;
	struct iovec local = {bytes, size < to_page_end ? size : to_page_end};
	struct iovec remote = {(void *)(uintptr_t)address, local.iov_len};
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	size_t done = got > 0 ? (size_t)got : 0;

	if (done == to_page_end && done < size && memchr(bytes, '\0', done) == NULL) {
		done += calls_peek(pid, address + done, (char *)bytes + done, size - done);
	}
	return done;
}

static void read_link(const char *link, char *text, size_t size)
{
	ssize_t length = readlink(link, text, size - 1);

	text[length > 0 ? length : 0] = '\0';
}

/* The path of a place, "" for what has none (a pipe, a socket). */
static void find_path(pid_t pid, const struct call_place *place, const uint64_t *arguments,
		      char *path, size_t size)
{
	char name[512] = "";
	char link[64];
	int directory = place->directory >= 0 ? (int)arguments[place->directory] : AT_FDCWD;

	if (place->path >= 0) {
		size_t got = calls_peek(pid, arguments[place->path], name, sizeof(name) - 1);

		name[got] = '\0';
	}
	if (name[0] == '/') {
		(void)snprintf(path, size, "%s", name);
		return;
	}
	if (directory == AT_FDCWD) {
		(void)snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	} else {
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, directory);
	}
	read_link(link, path, size);
	size_t length = strlen(path);

	if (path[0] != '/' || strncmp(path, "/memfd:", 7) == 0 || strcmp(path, "/dev/null") == 0) {
		path[0] = '\0';
	} else if (name[0] != '\0') {
		(void)snprintf(path + length, size - length, "/%s", name);
	}
}

static bool makes(pid_t pid, const struct call *call, const uint64_t *arguments)
{
	uint64_t flags = arguments[call->flags];

	if (call->number == SYS_openat2) {
		flags = 0; /* struct open_how begins with them */
		(void)calls_peek(pid, arguments[2], &flags, sizeof(flags));
	}
	return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = directory != NULL ? strlen(directory) : 0;

	return path[0] != '\0' && (directory == NULL || strncmp(path, directory, length) == 0);
}

static void look_at_places(pid_t pid, const uint64_t *arguments, const char *below,
			   struct call_sight *sight)
{
	size_t length = strlen(sight->text);

	for (size_t i = 0; i < 2; i++) {
		const struct call_place *place = &sight->call->places[i];
		char path[768];

		if (place->directory < 0 && place->path < 0) {
			continue;
		}
		find_path(pid, place, arguments, path, sizeof(path));
		sight->changes = sight->changes || path[0] != '\0';
		sight->below = sight->below || is_below(path, below);
		if (length < sizeof(sight->text)) {
			length += (size_t)snprintf(sight->text + length,
						   sizeof(sight->text) - length, " %s", path);
		}
	}
}

/* kill(pid, 0) and its kin only look. */
static bool sends(const struct call *call, const uint64_t *arguments)
{
	return arguments[call->number == SYS_tgkill ? 2 : 1] != 0;
}

struct call_sight call_look(pid_t pid, uint64_t number, const uint64_t *arguments,
			    const char *below)
{
	struct call_sight sight = {.call = call_find(number)};
	char link[64];

	if (sight.call == NULL) {
		return sight;
	}
	(void)snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	read_link(link, sight.program, sizeof(sight.program));
	(void)snprintf(sight.text, sizeof(sight.text), "%s", sight.call->name);
	if ((sight.call->kind & CALL_SIGNALS) != 0) {
		sight.changes = sight.below = sends(sight.call, arguments);
		return sight;
	}
	if ((sight.call->flags >= 0 && !makes(pid, sight.call, arguments)) ||
	    (number == SYS_ioctl && (uint32_t)arguments[1] != FICLONE)) {
		return sight;
	}
	look_at_places(pid, arguments, below, &sight);
	return sight;
}
