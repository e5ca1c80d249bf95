/*
 * unit_verify.h - would systemd take a unit file as it is? systemd-analyze(1) verify looks at it;
 * no running systemd is needed.
 */
#ifndef SERVICE_UNIT_VERIFY_H
#define SERVICE_UNIT_VERIFY_H

#include "base/error.h"
#include "base/process.h"

/* "accepted", "refused" or "unknown" (it could not be asked); the reason of the last two. */
struct unit_opinion {
	const char *word;
	struct error reason;
};

/* The file staged as it would be at install; copied below directory under its final name, which is
 * part of what a unit is. */
struct unit_opinion unit_verify(const char *staged, const char *install, const char *directory);

/* What a run of systemd-analyze means for the unit whose copy is file. Any output is a complaint:
 * it exits with 0 on keys that it does not know. Lines that name file are about this unit; without
 * one the first line counts. */
struct unit_opinion unit_opinion_of(const char *file, const struct process_status *status,
				    const char *output, const char *errors);

#endif
