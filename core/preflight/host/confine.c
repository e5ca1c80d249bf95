/*
 * confine.c - confine.h: user, limits, Landlock, seccomp.
 *
 * Order is the invariant: confine() runs between reading the request and the plugin's first
 * instruction. Whatever is given up for a plugin is given up here and nowhere later, or its
 * constructors would run before. Inside, each step comes after those that it would deny.
 *
 * RLIMIT_AS is not among the limits: it counts reserved addresses, of which AddressSanitizer and Go
 * programs have terabytes.
 */
#include "preflight/host/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "banger/preflight.h"
#include "base/buffer.h"
#include "base/caps.h"
#include "base/guard.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "base/sanitizer.h"
#include "preflight/frames.h"

/* From which ABI on Landlock keeps abstract sockets and signals inside. */
#define LANDLOCK_SCOPES 6

/* Of a plugin; ten steps are a tenth of the time that others get. */
#define NICENESS 10

static int set_caps(uint64_t timeout_ms)
{
	const struct cap caps[] = {
		{0, RLIMIT_CORE, true},
		{LIMIT_PLUGIN_DESCRIPTORS, RLIMIT_NOFILE, true},
		{LIMIT_PLUGIN_FILE, RLIMIT_FSIZE, true},
		{LIMIT_PLUGIN_PROCESSES, RLIMIT_NPROC, true},
		{LIMIT_PLUGIN_MEMORY, RLIMIT_DATA, false},
		{timeout_ms / 1000 + 1, RLIMIT_CPU, true},
	};

	return caps_set(caps, sizeof(caps) / sizeof(caps[0]));
}

/* When memory runs out, a plugin goes first, and where processors are short, it comes last: never
 * the updater, or the daemon that still runs. What cannot be set stays. */
static void stand_back(void)
{
	auto_close int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	if (fd >= 0) {
		(void)!write(fd, "1000", 4);
	}
}

/* Root by its database, not by a grant. */
static bool is_root_for_database(const struct request *request)
{
	return request->change_user && request->uid == 0;
}

/* What it executes has none either: with no_new_privs nobody gains any, not even root. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int drop_user(const struct request *request)
{
	if (!request->change_user) {
		return 0;
	}
	if (setgroups(0, NULL) < 0 || setresgid(request->gid, request->gid, request->gid) < 0 ||
	    setresuid(request->uid, request->uid, request->uid) < 0) {
		return -errno;
	}
	return is_root_for_database(request) ? drop_capabilities() : 0;
}

/* The change of user has cleared the wish to die with the updater. Is it gone already? Then nobody
 * holds the other end of the results, whatever namespace we are in. */
static int die_with_updater(int results)
{
	struct pollfd end = {.fd = results, .events = POLLOUT};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return -errno;
	}
	return poll(&end, 1, 0) >= 0 && (end.revents & POLLERR) != 0 ? -EPIPE : 0;
}

static int give_up(const struct request *request, int results)
{
	stand_back();
	(void)umask(077);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0) {
		return -errno;
	}
	int rc = set_caps(request->timeout_ms);

	if (rc == 0) {
		rc = drop_user(request);
	}
	return rc < 0 ? rc : die_with_updater(results);
}

/* What was learnt on the way, as text; too little room cuts it. */
struct story {
	struct buffer held;
	struct buffer missing;
};

static void add(struct buffer *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct buffer *list, const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)!buffer_add_format(list, "%s%s", list->length > 0 ? ", " : "", text);
}

/* Whoever is not root has no namespace to give; the leak check of AddressSanitizer does not
 * understand one that /proc does not show. */
static bool tell_processes(const struct request *request, struct story *story)
{
	bool is_first = getpid() == 1;
	bool was_root = request->change_user || geteuid() == 0;

	add(&story->held, "user %u%s", (unsigned)geteuid(),
	    is_root_for_database(request) ? " without capabilities" : "");
	if (is_first) {
		add(&story->held, "PID namespace");
	} else if (was_root) {
		add(&story->missing, "PID namespace");
	}
	return is_first || !was_root || SANITIZED_ADDRESSES;
}

static bool close_files(const struct request *request, struct story *story)
{
	const char *const paths[] = {
		"/dev/null",
		request->scratch,
		NULL,
	};
	bool network = (request->grants & PF_NEED_NETWORK) != 0;
	int abi = landlock_leave_writing(paths, network);

	if (abi == 0) {
		add(&story->missing, "Landlock (%s)", strerror(errno));
		return false;
	}
	add(&story->held, "Landlock %d", abi);
	if (abi < LANDLOCK_SCOPES) {
		add(&story->missing, getpid() == 1 ? "abstract sockets of others"
						   : "abstract sockets and signals of others");
	}
	return true;
}

/* seccomp(2) is the last step: the filter denies some of what the others need. */
static int deny_calls(struct buffer *filter)
{
	const size_t size = sizeof(struct sock_filter);
	struct sock_fprog program = {
		.len = (unsigned short)(filter->length / size),
		.filter = (void *)filter->data,
	};

	if (filter->length == 0 || filter->length % size != 0) {
		return -ENOTSUP;
	}
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

/* By offset: the updater's other children read from the same open file. What is not there is not in
 * force, and told; its number may then be anybody's. */
static void read_filter(struct buffer *filter)
{
	auto_close int fd = HOST_DENIAL_FD;
	char bytes[4096];
	struct stat st;
	ssize_t got = 0;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		return;
	}
	do {
		got = pread(fd, bytes, sizeof(bytes), (off_t)filter->length);
	} while (got > 0 && buffer_add(filter, bytes, (size_t)got) == 0);
	if (got != 0) {
		filter->length = 0;
	}
}

int confine(const struct request *request, int results, struct confined *ret, struct error *err)
{
	struct story story = {BUFFER_INIT(sizeof(ret->text) / 2),
			      BUFFER_INIT(sizeof(ret->text) / 4)};
	auto_buffer struct buffer filter = BUFFER_INIT(LIMIT_FILTER);

	read_filter(&filter);
	int rc = give_up(request, results);

	if (rc < 0) {
		return error_set(err, rc, "the helper cannot give up its rights: %s",
				 strerror(-rc));
	}
	bool is_whole = tell_processes(request, &story);

	is_whole = close_files(request, &story) && is_whole;
	rc = deny_calls(&filter);
	if (rc < 0) {
		add(&story.missing, "seccomp (%s)", strerror(-rc));
	} else {
		add(&story.held, "seccomp");
	}
	ret->is_whole = is_whole && rc == 0;
	(void)snprintf(ret->text, sizeof(ret->text), "%s%s%s", buffer_text(&story.held),
		       story.missing.length > 0 ? "; not: " : "", buffer_text(&story.missing));
	buffer_finish(&story.held);
	buffer_finish(&story.missing);
	return 0;
}
