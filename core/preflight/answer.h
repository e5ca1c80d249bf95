/*
 * answer.h - what a plugin that is a program printed, and whether it counts.
 *
 * Line by line: first "VERDICT: text", with a verdict's word; then, in any order, "remedy: text"
 * (the last one counts) and "fact: key=value". Whatever else it prints is for the log. The exit
 * code must be the one that belongs to the verdict: a script that died half-way also exits with 1,
 * and one that printed too early also said something.
 */
#ifndef PREFLIGHT_ANSWER_H
#define PREFLIGHT_ANSWER_H

#include "base/buffer.h"
#include "base/error.h"
#include "preflight/runner.h"

/*
 * Adds the finding and the facts to the report; the finding's code is the plugin's name. said is
 * made fit for a terminal on the way. 0, -ENOMEM, or -EPROTO with the reason why it does not count:
 * then the report has no finding of it.
 */
MUST_CHECK int answer_take(struct buffer *said, int exit_code, struct plugin_report *report,
			   struct error *reason);

#endif
