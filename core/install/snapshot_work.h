/*
 * snapshot_work.h - what snapshot.c's child does. Each function is a child_work.
 */
#ifndef INSTALL_SNAPSHOT_WORK_H
#define INSTALL_SNAPSHOT_WORK_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/host.h"

struct snapshot_job {
	const struct database *database;
	const char *run;
	/* restore: */
	bool existed;
	const char *path;
	const char *fingerprint;
	/* prune: */
	uint64_t keep;
};

/* Answers with the fingerprint. */
MUST_CHECK int snapshot_work_fingerprint(void *job, struct buffer *output, struct error *err);
/* Answers with the fingerprint, a blank and the copy's path; with nothing when there is no
 * database and none is needed. */
MUST_CHECK int snapshot_work_take(void *job, struct buffer *output, struct error *err);
/* Answers with the name of what was kept aside, or nothing. */
MUST_CHECK int snapshot_work_restore(void *job, struct buffer *output, struct error *err);
/* Answers with the path that the copy will have. */
MUST_CHECK int snapshot_work_plan(void *job, struct buffer *output, struct error *err);
MUST_CHECK int snapshot_work_discard(void *job, struct buffer *output, struct error *err);
MUST_CHECK int snapshot_work_prune(void *job, struct buffer *output, struct error *err);

#endif
