/*
 * process.c - process.h: how a child ends, and what is told of it.
 */
#include "base/process.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define GRACE_MS 200

/* True when the process ended before the deadline and before an interrupt (a descriptor; 0: none),
 * which is told in *ret_interrupted. */
static bool ends_before(const struct process *process, uint64_t deadline, int interrupts,
			bool *ret_interrupted)
{
	for (;;) {
		struct pollfd waits[] = {
			{.fd = process->pidfd, .events = POLLIN},
			{.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN},
		};
		int rc = poll(waits, 2, clock_left(deadline));

		if (rc >= 0 || errno != EINTR) {
			*ret_interrupted = rc > 0 && waits[0].revents == 0;
			return rc > 0 && !*ret_interrupted;
		}
	}
}

static int reap(pid_t pid, siginfo_t *info)
{
	int rc = 0;

	do {
		rc = waitid(P_PID, (id_t)pid, info, WEXITED);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

/* The group is killed while its leader is still a zombie: the number cannot be anybody else's. */
static void finish(struct process *process, struct process_status *status)
{
	siginfo_t info = {0};
	bool must_stop = status->timed_out || status->interrupted;
	bool ignored = false;

	if (must_stop) {
		(void)kill(-process->pid, SIGTERM);
		if (!ends_before(process, clock_deadline(GRACE_MS), 0, &ignored)) {
			(void)kill(-process->pid, SIGKILL);
		}
	}
	if (must_stop || !process->spare_group) {
		while (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT) < 0 &&
		       errno == EINTR) {
		}
		(void)kill(-process->pid, SIGKILL);
	}
	if (reap(process->pid, &info) == 0) {
		status->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
		status->exit_code = info.si_code == CLD_EXITED ? info.si_status : 0;
	}
	(void)close(process->pidfd);
	*process = (struct process){.pidfd = -1};
}

void process_wait(struct process *process, uint64_t timeout_ms, struct process_status *ret)
{
	uint64_t started = clock_monotonic_ms();

	*ret = (struct process_status){.exit_code = PROCESS_UNSEEN};
	if (process->pid <= 0) {
		return;
	}
	ret->timed_out = !ends_before(process, clock_deadline(timeout_ms), process->interrupts,
				      &ret->interrupted) &&
			 !ret->interrupted;
	ret->ms = clock_monotonic_ms() - started;
	finish(process, ret);
}

void process_kill(struct process *process)
{
	struct process_status status;

	process_wait(process, 0, &status);
}

static void timeout_text(uint64_t ms, char text[PROCESS_STATUS_TEXT_MAX])
{
	uint64_t tenths = ms % 1000 / 100;

	if (ms < 1000) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "did not end within %" PRIu64 " ms",
			       ms);
	} else if (tenths == 0) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "did not end within %" PRIu64 " s",
			       ms / 1000);
	} else {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX,
			       "did not end within %" PRIu64 ".%" PRIu64 " s", ms / 1000, tenths);
	}
}

const char *process_status_text(const struct process_status *status,
				char text[PROCESS_STATUS_TEXT_MAX])
{
	if (status->timed_out) {
		timeout_text(status->ms, text);
	} else if (status->interrupted) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "was interrupted");
	} else if (status->signal != 0) {
		const char *name = strsignal(status->signal);

		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "was killed by signal %d (%s)",
			       status->signal, name != NULL ? name : "?");
	} else if (status->exit_code == PROCESS_UNSEEN) {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "ended unseen");
	} else {
		(void)snprintf(text, PROCESS_STATUS_TEXT_MAX, "exited with %d", status->exit_code);
	}
	return text;
}

bool process_succeeded(const struct process_status *status)
{
	return !status->timed_out && !status->interrupted && status->signal == 0 &&
	       status->exit_code == 0;
}

int process_start_time(pid_t pid, uint64_t *ret)
{
	char path[64];
	struct error err;
	auto_buffer struct buffer stat = BUFFER_INIT(4096);

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int rc = file_read_path(path, &stat, &err);

	if (rc < 0) {
		return rc == -ENOENT ? -ESRCH : rc;
	}
	/* The name in field 2 may hold blanks and brackets; the last ')' ends it. */
	const char *at = strrchr(buffer_text(&stat), ')');

	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at == NULL) {
		return -EIO;
	}
	*ret = strtoull(at + 1, NULL, 10);
	return 0;
}
