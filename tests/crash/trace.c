/*
 * trace.c - trace.h.
 *
 * Traps that were met: a child may stop before its parent's fork is reported, so pids are learned
 * from whoever stops; a process that is born while all are killed is killed when it shows up;
 * without a tracer a filtered call fails with ENOSYS, so nobody may be left behind.
 */
#include "crash/trace.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/calls.h"

#define TRACEES_MAX 4096

struct trace {
	struct tally tally;
	tally_ended ended;
	void *data;
	pid_t pids[TRACEES_MAX]; /* alive, as far as we know */
	size_t count;
	bool killing;
};

/* What the program does until it executes. */
__attribute__((noreturn)) static void become(const struct tally_options *options, int go)
{
	struct sock_fprog filter = calls_filter(SECCOMP_RET_TRACE);
	char byte = 0;

	if (read(go, &byte, 1) != 1) {
		_exit(125);
	}
	if (!tally_may_filter() || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		_exit(125);
	}
	(void)execvp(options->argv[0], options->argv);
	_exit(127);
}

static int start(struct trace *trace)
{
	const long events = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
			    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int go[2];

	if (pipe2(go, O_CLOEXEC) < 0) {
		return errno;
	}
	trace->tally.first = fork();
	if (trace->tally.first == 0) {
		become(trace->tally.options, go[0]);
	}
	int rc = trace->tally.first < 0 ? errno : 0;

	if (rc == 0 && ptrace(PTRACE_SEIZE, trace->tally.first, NULL, events) < 0) {
		rc = errno;
		(void)kill(trace->tally.first, SIGKILL);
	}
	if (rc == 0 && write(go[1], "g", 1) != 1) {
		rc = errno;
	}
	(void)close(go[0]);
	(void)close(go[1]);
	return rc;
}

static void learn(struct trace *trace, pid_t pid)
{
	for (size_t i = 0; i < trace->count; i++) {
		if (trace->pids[i] == pid) {
			return;
		}
	}
	if (trace->count < TRACEES_MAX) {
		trace->pids[trace->count++] = pid;
	}
}

static void forget(struct trace *trace, pid_t pid)
{
	for (size_t i = 0; i < trace->count; i++) {
		if (trace->pids[i] == pid) {
			trace->pids[i] = trace->pids[--trace->count];
			return;
		}
	}
}

static bool is_spared(const struct trace *trace, pid_t pid)
{
	char link[64];
	char program[1024] = "";

	if (trace->tally.options->spared == NULL) {
		return false;
	}
	(void)snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	(void)!readlink(link, program, sizeof(program) - 1);
	return strcmp(program, trace->tally.options->spared) == 0;
}

static void kill_all(struct trace *trace)
{
	trace->killing = true;
	for (size_t i = 0; i < trace->count; i++) {
		if (trace->tally.result.expired || !is_spared(trace, trace->pids[i])) {
			(void)kill(trace->pids[i], SIGKILL);
		}
	}
}

static void run_before(const struct tally_options *options)
{
	if (options->before == NULL) {
		return;
	}
	pid_t pid = fork();

	if (pid == 0) {
		(void)execvp(options->before[0], options->before);
		_exit(127);
	}
	int status = -1;

	/* Only it: the tree's own reports wait. */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (status != 0) {
		(void)fprintf(stderr, "crashpt: %s failed\n", options->before[0]);
		_exit(125);
	}
}

/* The call at which the process stands is left out and returns -error. */
static int leave_out(pid_t pid, int error)
{
#if defined(__x86_64__)
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0) {
		return errno;
	}
	registers.orig_rax = (unsigned long long)-1;
	registers.rax = (unsigned long long)-(long long)error;
	return ptrace(PTRACE_SETREGS, pid, NULL, &registers) < 0 ? errno : 0;
#else
	struct user_regs_struct registers;
	struct iovec all = {&registers, sizeof(registers)};
	int number = -1;
	struct iovec one = {&number, sizeof(number)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) < 0) {
		return errno;
	}
	registers.regs[0] = (unsigned long long)-(long long)error;
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all) < 0) {
		return errno;
	}
	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &one) < 0 ? errno : 0;
#endif
}

static void act(struct trace *trace, pid_t pid)
{
	struct tally_result *result = &trace->tally.result;

	if (!result->acted) {
		run_before(trace->tally.options);
	}
	result->acted = true;
	switch (trace->tally.options->act) {
	case TALLY_KILL:
		kill_all(trace);
		break;
	case TALLY_KILL_FIRST:
		if (trace->tally.first > 0) {
			(void)kill(trace->tally.first, SIGKILL);
		}
		break;
	case TALLY_FAIL:
		result->broken = leave_out(pid, trace->tally.options->error);
		break;
	case TALLY_COUNT:
		break;
	}
}

static void at_call(struct trace *trace, pid_t pid)
{
	struct __ptrace_syscall_info info;
	uint64_t arguments[6];

	if (trace->killing || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP) {
		return;
	}
	memcpy(arguments, info.seccomp.args, sizeof(arguments));
	switch (tally_call(&trace->tally, pid, info.seccomp.nr, arguments)) {
	case TALLY_DROP:
		trace->tally.result.broken = leave_out(pid, 0);
		break;
	case TALLY_NOW:
		act(trace, pid);
		break;
	case TALLY_GO:
		break;
	}
}

/* One process stopped: what for, and on with it. */
static void on_stop(struct trace *trace, pid_t pid, int status)
{
	int event = status >> 16;
	int signal = WSTOPSIG(status);

	learn(trace, pid);
	if (event == PTRACE_EVENT_SECCOMP) {
		at_call(trace, pid);
	}
	if (trace->killing && (trace->tally.result.expired || !is_spared(trace, pid))) {
		(void)kill(pid, SIGKILL);
	}
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		(void)ptrace(PTRACE_LISTEN, pid, NULL, NULL); /* stays stopped, as it was told */
		return;
	}
	(void)ptrace(PTRACE_CONT, pid, NULL, event == 0 ? (long)signal : 0L);
}

static void on_end(struct trace *trace, pid_t pid, int status)
{
	forget(trace, pid);
	if (pid == trace->tally.first) {
		trace->tally.result.status = status;
		trace->tally.first = 0;
		trace->ended(&trace->tally.result, trace->data);
	}
}

static void wake(int signal)
{
	(void)signal;
}

/* Ends waiting ten times a second, so that the deadline is seen. */
static void tick(void)
{
	struct sigaction action = {.sa_handler = wake};
	const struct itimerval tenth = {{0, 100000}, {0, 100000}};

	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &tenth, NULL);
}

static void expire(struct trace *trace)
{
	if (tally_is_late(&trace->tally)) {
		trace->tally.result.expired = true;
		kill_all(trace);
	}
}

void trace_run(const struct tally_options *options, tally_ended ended, void *data)
{
	struct trace trace = {.tally = tally_begin(options), .ended = ended, .data = data};
	int status = 0;

	trace.tally.result.broken = start(&trace);
	if (trace.tally.result.broken != 0) {
		ended(&trace.tally.result, data);
		return;
	}
	learn(&trace, trace.tally.first);
	tick();
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid > 0 && WIFSTOPPED(status)) {
			on_stop(&trace, pid, status);
		} else if (pid > 0) {
			on_end(&trace, pid, status);
		} else if (errno != EINTR) {
			return;
		}
		expire(&trace);
	}
}
