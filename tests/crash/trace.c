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
#include <time.h>
#include <unistd.h>

#include "crash/calls.h"

#define TRACEES_MAX 4096

struct trace {
	const struct trace_options *options;
	struct trace_result result;
	void (*ended)(const struct trace_result *result, void *data);
	void *data;
	pid_t first;
	pid_t pids[TRACEES_MAX]; /* alive, as far as we know */
	size_t count;
	bool killing;
	time_t deadline;
};

static time_t now(void)
{
	struct timespec time;

	return clock_gettime(CLOCK_MONOTONIC, &time) == 0 ? time.tv_sec : 0;
}

/* What the program does until it executes. */
__attribute__((noreturn)) static void become(const struct trace_options *options, int go)
{
	struct sock_fprog filter = calls_filter();
	char byte = 0;

	if (read(go, &byte, 1) != 1) {
		_exit(125);
	}
	/* Root needs no such promise for a filter, and programs behave differently under it. */
	if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		_exit(125);
	}
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
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
	trace->first = fork();
	if (trace->first == 0) {
		become(trace->options, go[0]);
	}
	int rc = trace->first < 0 ? errno : 0;

	if (rc == 0 && ptrace(PTRACE_SEIZE, trace->first, NULL, events) < 0) {
		rc = errno;
		(void)kill(trace->first, SIGKILL);
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

	if (trace->options->spared == NULL) {
		return false;
	}
	(void)snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	(void)!readlink(link, program, sizeof(program) - 1);
	return strcmp(program, trace->options->spared) == 0;
}

static void kill_all(struct trace *trace)
{
	trace->killing = true;
	for (size_t i = 0; i < trace->count; i++) {
		if (trace->result.expired || !is_spared(trace, trace->pids[i])) {
			(void)kill(trace->pids[i], SIGKILL);
		}
	}
}

static void run_before(const struct trace_options *options)
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
	struct trace_result *result = &trace->result;

	if (!result->acted) {
		run_before(trace->options);
	}
	result->acted = true;
	switch (trace->options->act) {
	case TRACE_KILL:
		kill_all(trace);
		break;
	case TRACE_KILL_FIRST:
		if (trace->first > 0) {
			(void)kill(trace->first, SIGKILL);
		}
		break;
	case TRACE_FAIL:
		result->broken = leave_out(pid, trace->options->error);
		break;
	case TRACE_COUNT:
		break;
	}
}

static bool is_counted(const struct trace *trace, const struct call_sight *sight)
{
	const char *spared = trace->options->spared;

	return sight->call != NULL && sight->changes && sight->below &&
	       (sight->call->kind & trace->options->kinds) != 0 &&
	       (!trace->options->spared_uncounted || spared == NULL ||
		strcmp(sight->program, spared) != 0);
}

static void note(struct trace *trace, const struct call_sight *sight)
{
	const char *slash = strrchr(sight->program, '/');
	const char *program = slash != NULL ? slash + 1 : sight->program;
	unsigned long number = trace->result.total;
	unsigned long at = trace->options->at;

	if (trace->options->list != NULL) {
		(void)fprintf(trace->options->list, "%lu %s: %s\n", number, program, sight->text);
	}
	if (number == at) {
		(void)snprintf(trace->result.at, sizeof(trace->result.at), "%.400s: %s", program,
			       sight->text);
	}
}

/* What the program itself says on standard error stands in the list, too, after a "-". */
static void note_saying(const struct trace *trace, pid_t pid, uint64_t number,
			const uint64_t *arguments)
{
	char text[512];

	if (trace->options->list == NULL || pid != trace->first || number != SYS_write ||
	    arguments[0] != STDERR_FILENO) {
		return;
	}
	size_t wanted = arguments[2] < sizeof(text) - 1 ? arguments[2] : sizeof(text) - 1;
	size_t got = calls_peek(pid, arguments[1], text, wanted);

	text[got] = '\0';
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		(void)fprintf(trace->options->list, "- %s\n", line);
	}
}

static bool is_dropped(const struct trace_options *options, unsigned long sync)
{
	const unsigned long *drop = options->drops;

	while (drop != NULL && *drop != 0 && *drop != sync) {
		drop++;
	}
	return drop != NULL && *drop != 0;
}

static void at_call(struct trace *trace, pid_t pid)
{
	const struct trace_options *options = trace->options;
	struct __ptrace_syscall_info info;

	if (trace->killing || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_SECCOMP) {
		return;
	}
	uint64_t arguments[6];

	memcpy(arguments, info.seccomp.args, sizeof(arguments));
	struct call_sight sight = call_look(pid, info.seccomp.nr, arguments, options->below);

	note_saying(trace, pid, info.seccomp.nr, arguments);
	if (!is_counted(trace, &sight)) {
		return;
	}
	unsigned long number = ++trace->result.total;

	note(trace, &sight);
	if ((sight.call->kind & CALL_SYNCS) != 0 && is_dropped(options, ++trace->result.syncs)) {
		trace->result.broken = leave_out(pid, 0);
	}
	if (options->at > 0 &&
	    (number == options->at || (options->from_on && number > options->at))) {
		act(trace, pid);
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
	if (trace->killing && (trace->result.expired || !is_spared(trace, pid))) {
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
	if (pid == trace->first) {
		trace->result.status = status;
		trace->first = 0;
		trace->ended(&trace->result, trace->data);
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
	if (trace->result.expired || now() < trace->deadline) {
		return;
	}
	trace->result.expired = trace->first != 0;
	if (trace->first != 0) {
		kill_all(trace);
	}
}

void trace_run(const struct trace_options *options,
	       void (*ended)(const struct trace_result *result, void *data), void *data)
{
	struct trace trace = {
		.options = options,
		.ended = ended,
		.data = data,
		.deadline = now() + (time_t)options->seconds,
	};
	int status = 0;

	trace.result.broken = start(&trace);
	if (trace.result.broken != 0) {
		ended(&trace.result, data);
		return;
	}
	learn(&trace, trace.first);
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
