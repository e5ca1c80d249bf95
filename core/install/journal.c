/*
 * journal.c - journal.h: writing.
 *
 * Each call is one transaction and durable when it returns. The tables only ever grow: an older
 * updater must be able to read what a newer one wrote, so a new column or table is added with
 * "if it is not there yet", outside the list of migrations, and min_reader is raised only when an
 * older reader would draw a wrong conclusion.
 */
#include "install/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/journal_db.h"
#include "store/store.h"

/* The shape of the journal that this updater reads. */
#define READER 1

static const char schema[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);"
	"INSERT INTO meta VALUES ('min_reader', 1);"
	"CREATE TABLE run ("
	" number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, product TEXT NOT NULL,"
	" command TEXT NOT NULL, from_version TEXT, to_version TEXT, started_at TEXT NOT NULL,"
	" ended_at TEXT, result TEXT, detail TEXT, committed_at TEXT);"
	"CREATE TABLE event ("
	" run TEXT NOT NULL REFERENCES run (id), seq INTEGER NOT NULL, at TEXT NOT NULL,"
	" phase TEXT NOT NULL, state TEXT NOT NULL, detail TEXT, PRIMARY KEY (run, seq));"
	"CREATE TABLE installed ("
	" path TEXT PRIMARY KEY, product TEXT NOT NULL, version TEXT NOT NULL,"
	" run TEXT NOT NULL REFERENCES run (id), digest BLOB NOT NULL, device INTEGER NOT NULL,"
	" inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
	" ctime_ns INTEGER NOT NULL);";

static int create_tables(sqlite3 *db, struct error *err)
{
	return store_execute(db, schema, "making the journal", err);
}

static const struct migration migrations[] = {
	{1, "journal", create_tables},
};

static int check_reader(sqlite3 *db, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, "SELECT value FROM meta WHERE key = 'min_reader'", &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW) {
		return store_error(err, db, step, "reading who may read it");
	}
	if (sqlite3_column_int64(stmt, 0) > READER) {
		return error_set(err, -ENOTSUP,
				 "it was written by a newer updater and this one could misread it; "
				 "use the newer one");
	}
	return 0;
}

int journal_open(const char *state_dir, struct clock *clock, struct journal **ret,
		 struct error *err)
{
	auto_free char *path = path_join(state_dir, "journal.db");

	if (path == NULL) {
		return error_no_memory(err);
	}
	auto_journal struct journal *journal = calloc(1, sizeof(*journal));

	if (journal == NULL) {
		return error_no_memory(err);
	}
	const struct store_options options = {
		.path = path,
		.migrations = {migrations, sizeof(migrations) / sizeof(migrations[0])},
		.clock = clock,
	};

	journal->clock = clock;
	int rc = store_open(&options, &journal->db, err);

	if (rc == 0) {
		rc = check_reader(journal->db, err);
	}
	if (rc < 0) {
		return error_prefix(err, "cannot open the journal %s", path);
	}
	*ret = take_pointer(&journal);
	return 0;
}

void journal_close(struct journal **journal)
{
	if (*journal != NULL) {
		store_close(&(*journal)->db);
		free(*journal);
		*journal = NULL;
	}
}

void journal_bind_texts(sqlite3_stmt *stmt, const char *const *texts, int count)
{
	/* A bind can only fail for lack of memory; then the step that follows fails on NOT NULL or
	 * with the same cause. */
	for (int i = 0; i < count; i++) {
		(void)sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
	}
}

/* Runs one statement with texts; -ENOENT with missing's sentence when it changed no row. */
static int write_texts(struct journal *journal, const char *sql, const char *const *texts,
		       int count, const char *run, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, texts, count);
	int step = sqlite3_step(stmt);

	if (step != SQLITE_DONE) {
		return store_error(err, journal->db, step, "writing the journal");
	}
	if (sqlite3_changes(journal->db) == 0) {
		return error_set(err, -ENOENT, "the journal knows no run %s", run);
	}
	return 0;
}

int journal_begin(struct journal *journal, const struct journal_run *run, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const char *const texts[] = {run->id,      run->product,
				     run->command, run->from,
				     run->to,      clock_text(clock_wall(journal->clock), now)};

	return write_texts(journal,
			   "INSERT INTO run (id, product, command, from_version, to_version,"
			   " started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			   texts, 6, run->id, err);
}

int journal_retarget(struct journal *journal, const char *run, const char *to, struct error *err)
{
	const char *const texts[] = {run, to};

	return write_texts(journal, "UPDATE run SET to_version = ?2 WHERE id = ?1", texts, 2, run,
			   err);
}

int journal_note(struct journal *journal, const char *run, const char *phase, const char *state,
		 const char *detail, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const char *const texts[] = {run, clock_text(clock_wall(journal->clock), now), phase, state,
				     detail};

	return write_texts(journal,
			   "INSERT INTO event (run, seq, at, phase, state, detail)"
			   " SELECT id, (SELECT coalesce(max(seq), 0) + 1 FROM event"
			   " WHERE run = ?1), ?2, ?3, ?4, ?5 FROM run WHERE id = ?1",
			   texts, 5, run, err);
}

int journal_end(struct journal *journal, const char *run, const char *result, const char *detail,
		struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const char *const texts[] = {run, clock_text(clock_wall(journal->clock), now), result,
				     detail};

	return write_texts(journal,
			   "UPDATE run SET ended_at = ?2, result = ?3, detail = ?4 WHERE id = ?1",
			   texts, 4, run, err);
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

static int insert_mark(sqlite3 *db, const char *const *texts, const struct file_mark *mark,
		       struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db,
			       "INSERT INTO installed (path, version, run, product, digest, device,"
			       " inode, size, mtime_ns, ctime_ns) SELECT ?1, ?2, id, product, ?4,"
			       " ?5, ?6, ?7, ?8, ?9 FROM run WHERE id = ?3",
			       &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, texts, 3);
	(void)sqlite3_bind_blob(stmt, 4, mark->digest.bytes, DIGEST_SIZE, SQLITE_STATIC);
	(void)sqlite3_bind_int64(stmt, 5, mark->device);
	(void)sqlite3_bind_int64(stmt, 6, mark->inode);
	(void)sqlite3_bind_int64(stmt, 7, mark->size);
	(void)sqlite3_bind_int64(stmt, 8, mark->mtime_ns);
	(void)sqlite3_bind_int64(stmt, 9, mark->ctime_ns);
	int step = sqlite3_step(stmt);

	return step == SQLITE_DONE ? 0 : store_error(err, db, step, "recording what is installed");
}

/* Looked at before it is read: what changes meanwhile is then seen as changed later. */
static int record_file(struct journal *journal, const char *run, const char *version,
		       const char *path, struct error *err)
{
	const char *const texts[] = {path, version, run};
	struct file_mark mark;
	int rc = file_mark_look(path, &mark, err);

	if (rc == 0) {
		rc = digest_path(path, &mark.digest, err);
	}
	return rc == 0 ? insert_mark(journal->db, texts, &mark, err) : rc;
}

static int record_commit(struct journal *journal, const char *run, const char *version,
			 const struct artifact *artifacts, size_t count, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const char *const texts[] = {run, version, clock_text(clock_wall(journal->clock), now)};
	int rc = write_texts(journal,
			     "UPDATE run SET committed_at = ?3, to_version = ?2 WHERE id = ?1",
			     texts, 3, run, err);

	if (rc == 0) {
		rc = store_execute(journal->db, "DELETE FROM installed", "writing the journal",
				   err);
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = record_file(journal, run, version, artifacts[i].install, err);
	}
	return rc;
}

int journal_commit(struct journal *journal, const char *run, const char *version,
		   const struct artifact *artifacts, size_t count, struct error *err)
{
	int rc = store_execute(journal->db, "BEGIN IMMEDIATE", "writing the journal", err);

	if (rc < 0) {
		return rc;
	}
	rc = record_commit(journal, run, version, artifacts, count, err);
	if (rc == 0) {
		rc = store_execute(journal->db, "COMMIT", "writing the journal", err);
	}
	if (rc < 0) {
		struct error ignored;

		(void)!store_execute(journal->db, "ROLLBACK", NULL, &ignored);
		return error_prefix(err, "cannot commit run %s", run);
	}
	return 0;
}
