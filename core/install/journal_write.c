/*
 * journal_write.c - journal.h: what a run does, as it does it, and its commit.
 *
 * Each call is one transaction and durable when it returns.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/guard.h"
#include "install/journal.h"
#include "install/journal_db.h"
#include "store/store.h"

#define COUNT(values) (sizeof(values) / sizeof((values)[0]))

int journal_begin(struct journal *journal, const struct journal_run *run, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const struct journal_value values[] = {
		J_TEXT(run->id),      J_TEXT(run->product),
		J_TEXT(run->command), J_TEXT(run->from),
		J_TEXT(run->to),      J_TEXT(clock_text(clock_wall(journal->clock), now)),
	};

	return journal_insert(journal,
			      "run (id, product, command, from_version, to_version, started_at)",
			      values, COUNT(values), err);
}

int journal_retarget(struct journal *journal, const char *run, const char *to, struct error *err)
{
	const struct journal_value values[] = {J_TEXT(run), J_TEXT(to)};

	return journal_change(journal, "UPDATE run SET to_version = ?2 WHERE id = ?1", values,
			      COUNT(values), run, err);
}

static int note(struct journal *journal, const char *run, const struct journal_line *line,
		struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const struct journal_value values[] = {
		J_TEXT(run),          J_TEXT(clock_text(clock_wall(journal->clock), now)),
		J_TEXT(line->phase),  J_TEXT(line->state),
		J_TEXT(line->detail),
	};

	return journal_change(journal,
			      "INSERT INTO event (run, seq, at, phase, state, detail)"
			      " SELECT id, (SELECT coalesce(max(seq), 0) + 1 FROM event"
			      " WHERE run = ?1), ?2, ?3, ?4, ?5 FROM run WHERE id = ?1",
			      values, COUNT(values), run, err);
}

int journal_notes(struct journal *journal, const char *run, const struct journal_line *lines,
		  size_t count, struct error *err)
{
	int rc = journal_start(journal, err);

	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = note(journal, run, &lines[i], err);
	}
	return journal_finish(journal, rc, err);
}

int journal_note(struct journal *journal, const char *run, const char *phase, const char *state,
		 const char *detail, struct error *err)
{
	return note(journal, run, &(struct journal_line){phase, state, detail}, err);
}

int journal_end(struct journal *journal, const char *run, const char *result, const char *detail,
		struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const struct journal_value values[] = {
		J_TEXT(run),
		J_TEXT(clock_text(clock_wall(journal->clock), now)),
		J_TEXT(result),
		J_TEXT(detail),
	};

	return journal_change(
		journal, "UPDATE run SET ended_at = ?2, result = ?3, detail = ?4 WHERE id = ?1",
		values, COUNT(values), run, err);
}

static int64_t nanoseconds(struct timespec when)
{
	return (int64_t)when.tv_sec * 1000000000 + when.tv_nsec;
}

int file_mark_look(const char *path, struct file_mark *ret, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	ret->device = (int64_t)st.st_dev;
	ret->inode = (int64_t)st.st_ino;
	ret->size = st.st_size;
	ret->mtime_ns = nanoseconds(st.st_mtim);
	ret->ctime_ns = nanoseconds(st.st_ctim);
	return 0;
}

static int insert_mark(struct journal *journal, const char *run, const char *version,
		       const char *path, const struct file_mark *mark, struct error *err)
{
	const struct journal_value values[] = {
		J_TEXT(path),
		J_TEXT(version),
		J_TEXT(run),
		J_DIGEST(&mark->digest),
		J_NUMBER(mark->device),
		J_NUMBER(mark->inode),
		J_NUMBER(mark->size),
		J_NUMBER(mark->mtime_ns),
		J_NUMBER(mark->ctime_ns),
	};

	return journal_change(journal,
			      "INSERT INTO installed (path, version, run, product, digest, device,"
			      " inode, size, mtime_ns, ctime_ns) SELECT ?1, ?2, id, product, ?4,"
			      " ?5, ?6, ?7, ?8, ?9 FROM run WHERE id = ?3",
			      values, COUNT(values), run, err);
}

/* Looked at before it is read: what changes meanwhile is then seen as changed later. */
static int record_file(struct journal *journal, const char *run, const char *version,
		       const char *path, struct error *err)
{
	struct file_mark mark;
	int rc = file_mark_look(path, &mark, err);

	if (rc == 0) {
		rc = digest_path(path, &mark.digest, err);
	}
	return rc == 0 ? insert_mark(journal, run, version, path, &mark, err) : rc;
}

static int record_commit(struct journal *journal, const char *run, const char *version,
			 const struct artifact *artifacts, size_t count, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const struct journal_value values[] = {
		J_TEXT(run),
		J_TEXT(version),
		J_TEXT(clock_text(clock_wall(journal->clock), now)),
	};
	int rc = journal_change(journal,
				"UPDATE run SET committed_at = ?3, to_version = ?2 WHERE id = ?1",
				values, COUNT(values), run, err);

	if (rc == 0) {
		rc = store_execute(journal->db, "DELETE FROM installed", "writing the journal",
				   err);
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = record_file(journal, run, version, artifacts[i].install, err);
	}
	return rc == 0 ? journal_pardon(journal, version, err) : rc;
}

int journal_commit(struct journal *journal, const char *run, const char *version,
		   const struct artifact *artifacts, size_t count, struct error *err)
{
	int rc = journal_start(journal, err);

	if (rc < 0) {
		return rc;
	}
	rc = journal_finish(journal, record_commit(journal, run, version, artifacts, count, err),
			    err);
	return rc < 0 ? error_prefix(err, "cannot commit run %s", run) : 0;
}
