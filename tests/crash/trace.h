/*
 * trace.h - a program and all it starts, stopped at one of their state-changing calls.
 *
 * ptrace(2) with a seccomp filter: only the calls of calls.h stop, so that a run takes little
 * longer than untraced. Whatever happens, at the deadline everything that is left of the tree is
 * killed.
 */
#ifndef CRASH_TRACE_H
#define CRASH_TRACE_H

#include "crash/tally.h"

/*
 * Runs the program. Calls ended when the program itself is over, with what the caller is told; the
 * processes that it left running (a daemon) cannot live without their tracer, so that this returns
 * only when the last of them is gone.
 */
void trace_run(const struct tally_options *options, tally_ended ended, void *data);

#endif
