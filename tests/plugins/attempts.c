/*
 * attempts.c - tries everything that a plugin must not do, and a few things that it may, and says
 * what came of each: a fact of the attempt's name, 0 or an errno.
 *
 * What it is after is in its options: the files of the release, its own file, the process that
 * started it, sockets of somebody else.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The targets, from the options. */
static const char *victim;   /* a file in a directory of the release */
static const char *beside;   /* a name that is not there, in the same directory */
static const char *self;     /* our own file */
static const char *scratch;  /* where we may write */
static const char *abstract; /* an abstract socket that somebody listens on */
static const char *local;    /* the same with a path */
static pid_t updater;

static int done(int rc)
{
	return rc < 0 ? errno : 0;
}

static int open_for(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0) {
		return errno;
	}
	(void)close(fd);
	return 0;
}

static int write_etc(void)
{
	return open_for("/etc/banger-hostile", O_WRONLY | O_CREAT);
}

static int early = -1;

/* While it is loaded, before anybody has asked it anything. */
__attribute__((constructor)) static void write_etc_early(void)
{
	early = write_etc();
}

static int write_etc_in_constructor(void)
{
	return early;
}

static int write_passwd(void)
{
	return open_for("/etc/passwd", O_WRONLY | O_APPEND);
}

static int write_tmp(void)
{
	return open_for("/tmp/banger-hostile", O_WRONLY | O_CREAT);
}

static int write_victim(void)
{
	return open_for(victim, O_WRONLY);
}

static int cut_victim(void)
{
	return done(truncate(victim, 0));
}

static int cut_victim_by_opening(void)
{
	return open_for(victim, O_RDONLY | O_TRUNC);
}

static int remove_victim(void)
{
	return done(unlink(victim));
}

static int make_beside(void)
{
	return open_for(beside, O_WRONLY | O_CREAT);
}

static int move_victim(void)
{
	return done(rename(victim, beside));
}

static int link_victim(void)
{
	return done(link(victim, beside));
}

static int chmod_victim(void)
{
	return done(chmod(victim, 0777));
}

static int chown_victim(void)
{
	return done(chown(victim, getuid(), getgid()));
}

static int mark_victim(void)
{
	return done(setxattr(victim, "user.hostile", "x", 1, 0));
}

static int age_victim(void)
{
	static const struct timeval past[2];

	return done(utimes(victim, past));
}

static int write_self(void)
{
	return open_for(self, O_WRONLY);
}

static int replace_self(void)
{
	return done(unlink(self));
}

/* Whether it may, no more: should it work, the test is still there to say so. */
static int signal_updater(void)
{
	return done(kill(updater, 0));
}

static int trace_updater(void)
{
	return done((int)ptrace(PTRACE_SEIZE, updater, NULL, NULL));
}

static int read_updater(void)
{
	char byte = 0;
	struct iovec ours = {&byte, 1};
	struct iovec theirs = {&byte, 1};

	return done((int)process_vm_readv(updater, &ours, 1, &theirs, 1, 0));
}

static int limit_updater(void)
{
	struct rlimit limit;

	return done(prlimit(updater, RLIMIT_NOFILE, NULL, &limit));
}

static int connect_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(1),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : done(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int open_udp(void)
{
	return done(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int open_raw(void)
{
	return done(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int connect_local(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)strncpy(address.sun_path, local, sizeof(address.sun_path) - 1);
	return fd < 0 ? errno : done(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int connect_abstract(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(abstract);

	(void)memcpy(address.sun_path + 1, abstract, length);
	return fd < 0 ? errno
		      : done(connect(fd, (struct sockaddr *)&address,
				     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
						 length)));
}

static int become_root(void)
{
	return geteuid() == 0 ? EPERM : done(setuid(0));
}

static int gain_namespaces(void)
{
	return done(unshare(CLONE_NEWUSER));
}

/* Who may not is told so before anybody looks for the directory. */
static int mount_nowhere(void)
{
	int rc = done(mount("none", "/nowhere/banger-hostile", "tmpfs", 0, NULL));

	return rc == ENOENT ? 0 : rc;
}

/* Memory that no limit counts and that stays when everybody has ended. */
static int make_shared_memory(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	return id < 0 ? errno : shmctl(id, IPC_RMID, NULL);
}

static int make_semaphores(void)
{
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	return id < 0 ? errno : semctl(id, 0, IPC_RMID);
}

static int make_queue(void)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	return id < 0 ? errno : msgctl(id, IPC_RMID, NULL);
}

static int make_named_queue(void)
{
	mqd_t queue = mq_open("/banger-hostile", O_RDWR | O_CREAT, 0600, NULL);

	return queue < 0 ? errno : mq_unlink("/banger-hostile");
}

static int raise_limits(void)
{
	const struct rlimit more = {1 << 20, 1 << 20};
	int rc = done(setrlimit(RLIMIT_NOFILE, &more));

	/* Root may; then it has that, and no more. */
	return geteuid() == 0 ? EPERM : rc;
}

static int gain_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 ? EPERM : 0;
}

static int use_terminal(void)
{
	return open_for("/dev/tty", O_RDONLY | O_NOCTTY);
}

static int write_scratch(void)
{
	return scratch == NULL || chdir(scratch) < 0 ? ENOENT
						     : open_for("file", O_RDWR | O_CREAT | O_TRUNC);
}

static int read_passwd(void)
{
	return open_for("/etc/passwd", O_RDONLY);
}

static int run_program(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		(void)execl("/bin/true", "true", (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : ECHILD;
}

static const struct {
	const char *name;
	int (*step)(void);
} attempts[] = {
	{"write-etc", write_etc},
	{"write-etc-in-constructor", write_etc_in_constructor},
	{"write-passwd", write_passwd},
	{"write-tmp", write_tmp},
	{"write-victim", write_victim},
	{"cut-victim", cut_victim},
	{"cut-victim-by-opening", cut_victim_by_opening},
	{"make-beside", make_beside},
	{"link-victim", link_victim},
	{"chmod-victim", chmod_victim},
	{"chown-victim", chown_victim},
	{"mark-victim", mark_victim},
	{"age-victim", age_victim},
	{"move-victim", move_victim},
	{"remove-victim", remove_victim},
	{"write-self", write_self},
	{"replace-self", replace_self},
	{"trace-updater", trace_updater},
	{"read-updater", read_updater},
	{"limit-updater", limit_updater},
	{"signal-updater", signal_updater},
	{"connect-tcp", connect_tcp},
	{"open-udp", open_udp},
	{"open-raw", open_raw},
	{"connect-abstract", connect_abstract},
	{"become-root", become_root},
	{"gain-namespaces", gain_namespaces},
	{"mount", mount_nowhere},
	{"make-shared-memory", make_shared_memory},
	{"make-semaphores", make_semaphores},
	{"make-queue", make_queue},
	{"make-named-queue", make_named_queue},
	{"raise-limits", raise_limits},
	{"gain-privileges", gain_privileges},
	{"use-terminal", use_terminal},
	{"may-connect-locally", connect_local},
	{"may-write-scratch", write_scratch},
	{"may-read-passwd", read_passwd},
	{"may-run-program", run_program},
};

static int check(const struct pf_host *h)
{
	victim = h->config(h, "victim");
	beside = h->config(h, "beside");
	self = h->config(h, "self");
	abstract = h->config(h, "abstract");
	local = h->config(h, "local");
	updater = (pid_t)atoi(h->config(h, "updater"));
	scratch = h->subject(h, "scratch.dir");
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		(void)h->fact_i64(h, attempts[i].name, attempts[i].step());
	}
	return h->finding(h, PF_COMPATIBLE, "attempts.made", "tried", NULL);
}

static const struct pf_option options[] = {
	{"victim", NULL, "a file of the release"},
	{"beside", NULL, "a name beside it"},
	{"self", NULL, "its own file"},
	{"abstract", NULL, "an abstract socket"},
	{"local", NULL, "a socket with a path"},
	{"updater", NULL, "a process"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "attempts", .version = "1", .summary = "a test", .options = options,
	  .check = check);
