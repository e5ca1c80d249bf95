/*
 * process.h - running other programs: bounded, in a group of their own, leaving nobody behind.
 *
 * A child gets stdin from /dev/null, no descriptor but those it was given, default signal
 * dispositions, and an environment of PATH and LC_ALL=C.UTF-8 unless told otherwise. Its process
 * group is killed after it ended, whatever it exited with. Waiting uses a pidfd (pidfd_open(2)),
 * never end-of-file of a pipe, which an orphaned grandchild could hold open.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* A descriptor of ours and the number the child sees it under. */
struct process_fd {
	int ours;
	int theirs;
};

struct process_options {
	const char *const *argv; /* NULL-terminated; argv[0] is executed unless exec_fd is set */
	bool by_descriptor;      /* execute exec_fd (fexecve(3)) instead */
	int exec_fd;
	const char *const *environment; /* NULL: the minimal one */
	const struct process_fd *fds;   /* besides 0, 1 and 2; theirs > 2 */
	size_t fd_count;
	int output_fd;         /* 1 and 2 of the child; 0 (unset): /dev/null */
	int error_fd;          /* 2, when it is not to be the same; 0: like output_fd */
	int interrupts;        /* when this can be read, nobody waits any longer; 0 (unset): none */
	const char *directory; /* working directory; NULL: "/" */
	bool starts_daemon;    /* own session; outlives us, and its group is spared at the end, but
				* not at a deadline */
	bool own_session;      /* without our terminal */
	bool own_pids; /* process 1 of a PID namespace of its own: with it ends whoever is in
			* there. Where that is refused it is an ordinary child. */
};

struct process {
	pid_t pid;
	int pidfd;
	bool spare_group; /* what it leaves running is a daemon, not a leftover */
	int interrupts;
};

/* How a process ended: exactly one of exited and signalled, or killed by us at its deadline or at
 * an interrupt. */
struct process_status {
	bool timed_out;
	bool interrupted;
	int signal;    /* 0: exited */
	int exit_code; /* valid when signal == 0; PROCESS_UNSEEN: somebody else reaped it */
	uint64_t ms;   /* how long it ran, without the time of grace */
};
#define PROCESS_UNSEEN (-1)

/*
 * Starts the program. A failure of execve(2) itself is reported here, not as an exit code. When
 * SIGCHLD is ignored, it is set back to its default: exit codes would be lost otherwise.
 */
MUST_CHECK int process_spawn(const struct process_options *options, struct process *ret,
			     struct error *err);

/*
 * Waits until the process ended, timeout_ms passed or an interrupt came; then SIGTERM to the group,
 * 200 ms of grace, SIGKILL. In any case the group is killed at the end and the process is reaped.
 */
void process_wait(struct process *process, uint64_t timeout_ms, struct process_status *ret);

/* process_wait() that gives no time: for what is over already or has to end now. Calling either
 * again on the same struct does nothing; the status is PROCESS_UNSEEN then, no success. */
void process_kill(struct process *process);

/* A command run to its end: exit, standard output and standard error (each at most LIMIT_OUTPUT
 * bytes, the rest dropped). */
struct process_result {
	struct process_status status;
	struct buffer output;
	struct buffer errors;
};
#define auto_process_result __attribute__((cleanup(process_result_finish)))

void process_result_finish(struct process_result *result);

/* Runs words to the end. 0 whenever it could be started and was reaped, however it ended. */
MUST_CHECK int process_run(const struct strings *words, uint64_t timeout_ms,
			   struct process_result *ret, struct error *err);
MUST_CHECK int process_run_options(const struct process_options *options, uint64_t timeout_ms,
				   struct process_result *ret, struct error *err);
/* process_run(), but -EINTR when interrupts (see process_options) ended it. */
MUST_CHECK int process_run_interruptibly(const struct strings *words, uint64_t timeout_ms,
					 int interrupts, struct process_result *ret,
					 struct error *err);

/* "exited with 3", "was killed by signal 11 (Segmentation fault)", "did not end within 30 s". */
#define PROCESS_STATUS_TEXT_MAX 96
const char *process_status_text(const struct process_status *status,
				char text[PROCESS_STATUS_TEXT_MAX]);
bool process_succeeded(const struct process_status *status); /* exited with 0 in time */

/* Start time of a process in clock ticks since boot (proc(5), stat field 22), with the pid an
 * identity that a recycled pid does not share. 0 or a negative errno value. */
MUST_CHECK int process_start_time(pid_t pid, uint64_t *ret);

#endif
