/*
 * snapshot_work.h - what snapshot.c's children do. Each snapshot_work_… is a child_work.
 */
#ifndef INSTALL_SNAPSHOT_WORK_H
#define INSTALL_SNAPSHOT_WORK_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"
#include "base/text.h"
#include "model/host.h"

/* Behind the database's name: what a restore keeps of it, not whole yet. */
#define SNAPSHOT_FAILED_NEW ".failed.new"

struct snapshot_job {
	const struct database *database;
	const char *run;
	/* restore, finalize: */
	bool existed;
	const char *known; /* another snapshot, or NULL */
	const char *path;
	const char *fingerprint;
	/* prune: */
	const struct strings *runs;
	uint64_t keep;
};

/* Whom the children of a database shall be. */
MUST_CHECK int snapshot_user(const struct database *database, struct child_user *ret,
			     struct error *err);
/* One child that does one thing. */
MUST_CHECK int snapshot_run(const struct database *database, child_work what,
			    struct snapshot_job *job, struct buffer *answer, struct error *err);

/* Answers with the fingerprint. */
MUST_CHECK int snapshot_work_fingerprint(void *job, struct buffer *output, struct error *err);
/* Answers with the name of what was kept aside, or nothing. */
MUST_CHECK int snapshot_work_restore(void *job, struct buffer *output, struct error *err);
MUST_CHECK int snapshot_work_finalize(void *job, struct buffer *output, struct error *err);
MUST_CHECK int snapshot_work_release(void *job, struct buffer *output, struct error *err);
MUST_CHECK int snapshot_work_discard(void *job, struct buffer *output, struct error *err);
MUST_CHECK int snapshot_work_prune(void *job, struct buffer *output, struct error *err);

/* Makes one file of a copy and its WAL, durably; killed anywhere, it can be called again. */
MUST_CHECK int snapshot_fold(const char *path, struct error *err);
/* quick_check, and the fingerprint that the snapshot was taken with. -EUCLEAN. */
MUST_CHECK int snapshot_expect(sqlite3 *db, const struct snapshot_job *job, struct error *err);
/* Both of the snapshot itself. */
MUST_CHECK int snapshot_check_copy(const struct snapshot_job *job, struct error *err);

#endif
