/*
 * snapshot_look.c - snapshot_work.h: a schema's fingerprint, without any effect on its daemon. Runs
 * in a child.
 */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/fingerprint.h"
#include "install/snapshot_work.h"
#include "store/look.h"
#include "store/store.h"

/* How long to wait for a moment in which nobody writes. */
#define QUIET_TIMEOUT_MS 2000
#define QUIET_PAUSE_MS   20

/* An empty file is a database without tables. */
static int make_empty(const char *record, struct digest *ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = sqlite3_open(":memory:", &db);

	return rc != SQLITE_OK ? store_error(err, db, rc, "opening a database in memory")
			       : fingerprint_make(db, record, ret, err);
}

static int look_once(const char *path, const char *record, struct digest *ret, struct error *err)
{
	auto_look struct look look = LOOK_INIT;
	int rc = look_open(path, &look, err);

	if (rc == 0) {
		rc = look.db != NULL ? fingerprint_make(look.db, record, ret, err)
				     : make_empty(record, ret, err);
	}
	/* What was read from under a writer may look like anything, an error as well. */
	if (look.fd >= 0 && rc != -EAGAIN) {
		struct error changed;
		int confirmed = look_confirm(&look, &changed);

		if (confirmed == -EAGAIN || (confirmed < 0 && rc == 0)) {
			*err = changed;
			rc = confirmed;
		}
	}
	return rc;
}

static int look_at(const char *path, const char *record, struct digest *ret, struct error *err)
{
	uint64_t deadline = clock_deadline(QUIET_TIMEOUT_MS);
	int rc = look_once(path, record, ret, err);

	while (rc == -EAGAIN && clock_left(deadline) > 0) {
		(void)poll(NULL, 0, QUIET_PAUSE_MS);
		rc = look_once(path, record, ret, err);
	}
	return rc == -EAGAIN ? error_set(err, -EBUSY, "%s", err->text) : rc;
}

int snapshot_work_fingerprint(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_free char *live = NULL;
	char hex[DIGEST_HEX_SIZE];
	struct digest digest;
	bool exists = false;
	int rc = dbfile_resolve(job->database->path, &live, err);

	if (rc == 0) {
		rc = dbfile_look(live, DBFILE_ONE_LINK, &exists, err);
	}
	if (rc == 0 && !exists) {
		rc = error_set(err, -ENOENT, "%s does not exist", live);
	}
	if (rc == 0) {
		rc = look_at(live, job->database->record, &digest, err);
	}
	if (rc == 0 && buffer_add_format(output, "%s", digest_text(&digest, hex)) < 0) {
		rc = error_no_memory(err);
	}
	return rc;
}
