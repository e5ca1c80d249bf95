/*
 * trace.h - a program and all it starts, stopped at one of their state-changing calls.
 *
 * ptrace(2) with a seccomp filter: only the calls of calls.h stop, so that a run takes little
 * longer than untraced. Calls are counted over the whole tree, from 1. Whatever happens, at the
 * deadline everything that is left of the tree is killed.
 */
#ifndef CRASH_TRACE_H
#define CRASH_TRACE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum trace_act {
	TRACE_COUNT,      /* nothing */
	TRACE_KILL,       /* SIGKILL for everybody, before the call */
	TRACE_KILL_FIRST, /* … for the program itself; its children go on */
	TRACE_FAIL,       /* the call is left out and returns -error; 0: it claims success */
};

struct trace_options {
	char *const *argv;
	const char *below;     /* counts only calls that change something there; NULL: everywhere */
	const char *spared;    /* who executes this file is not killed; or NULL */
	bool spared_uncounted; /* … and what it calls is not counted */
	unsigned kinds;        /* of enum call_kind */
	unsigned long at;      /* 0: never */
	bool from_on;          /* TRACE_FAIL: every call from there on */
	/* Of the syncs these do nothing and claim success: how many-eth they are, ended by 0; NULL.
	 */
	const unsigned long *drops;
	enum trace_act act;
	int error;
	char *const *before; /* a program that runs while all stand still, before the act; NULL */
	unsigned seconds;    /* the deadline */
	FILE *list;          /* every call counted; NULL */
};

struct trace_result {
	unsigned long total;
	unsigned long syncs;
	char at[1536]; /* the call where it happened; "" when there were not so many */
	int status;    /* of the program, as wait(2) has it */
	bool acted;
	bool expired; /* killed at the deadline */
	int broken;   /* errno of what made tracing impossible, 0 when nothing */
};

/*
 * Runs the program. Calls ended when the program itself is over, with what the caller is told; the
 * processes that it left running (a daemon) cannot live without their tracer, so that this returns
 * only when the last of them is gone.
 */
void trace_run(const struct trace_options *options,
	       void (*ended)(const struct trace_result *result, void *data), void *data);

#endif
