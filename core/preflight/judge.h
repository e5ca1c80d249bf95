/*
 * judge.h - may what a plugin said count? Only when it spoke to the end.
 */
#ifndef PREFLIGHT_JUDGE_H
#define PREFLIGHT_JUDGE_H

#include "preflight/child.h"

/*
 * Adds a finding of VERDICT_ERROR to the report unless the process ended by itself in time with 0,
 * every frame was valid, the last one came, check() returned 0 and there is a finding. Of a program
 * its printed answer must be one (answer.h). Then sets the report's verdict. 0 or -ENOMEM.
 */
MUST_CHECK int judge_child(struct child *child, const struct process_status *status);

/* The report of a plugin whose process could not be started. */
MUST_CHECK int judge_unstarted(struct plugin_report *report, const struct error *reason);

#endif
