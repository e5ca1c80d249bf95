/*
 * supervise.h - the same as trace.h for calls that fail, by processes that nobody traces: the leak
 * sanitizer, which traces itself, works in them.
 *
 * seccomp_unotify(2): each of the calls waits until a supervisor has said that it may go on or with
 * which error it returns. Nobody can be killed this way while everybody else stands still.
 */
#ifndef CRASH_SUPERVISE_H
#define CRASH_SUPERVISE_H

#include "crash/tally.h"

/* As trace_run(). options->act is TALLY_COUNT or TALLY_FAIL, and before is NULL. */
void supervise_run(const struct tally_options *options, tally_ended ended, void *data);

#endif
