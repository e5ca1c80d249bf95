/*
 * journal_read.c - journal.h: reading, for asking commands and recovery.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "install/journal.h"
#include "install/journal_db.h"
#include "store/store.h"

/* More runs than anybody looks at; the journal itself may have more. */
#define RUNS_MAX 10000u

#define VERSION_MAX 4096

static bool same_stat(const struct file_mark *a, const struct file_mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static int stale(const char *path, const char *version, struct error *err)
{
	return error_set(err, -ESTALE,
			 "%s is not the file that was installed with %s: it was changed outside "
			 "the updater",
			 path, version);
}

/* A moved or restored file has another inode and the same content: the hash decides. */
static int compare_file(const char *path, const char *version, const struct file_mark *recorded,
			struct error *err)
{
	struct file_mark now;
	int rc = file_mark_look(path, &now, err);

	if (rc == -ENOENT || rc == -ENOTDIR) {
		return error_set(err, -ESTALE, "%s, installed with %s, is gone", path, version);
	}
	if (rc < 0 || same_stat(recorded, &now)) {
		return rc;
	}
	if (now.size != recorded->size) {
		return stale(path, version, err);
	}
	rc = digest_path(path, &now.digest, err);
	if (rc == -ELOOP || rc == -EISDIR || rc == -EINVAL) {
		return stale(path, version, err);
	}
	if (rc < 0 || memcmp(&now.digest, &recorded->digest, sizeof(now.digest)) == 0) {
		return rc;
	}
	return stale(path, version, err);
}

static struct file_mark read_mark(sqlite3_stmt *stmt)
{
	struct file_mark mark = {
		.device = sqlite3_column_int64(stmt, 2),
		.inode = sqlite3_column_int64(stmt, 3),
		.size = sqlite3_column_int64(stmt, 4),
		.mtime_ns = sqlite3_column_int64(stmt, 5),
		.ctime_ns = sqlite3_column_int64(stmt, 6),
	};
	const void *digest = sqlite3_column_blob(stmt, 1);

	if (digest != NULL && sqlite3_column_bytes(stmt, 1) == DIGEST_SIZE) {
		memcpy(mark.digest.bytes, digest, DIGEST_SIZE);
	}
	return mark;
}

/* A release may lack an artifact: then nothing was recorded, and nothing is there. */
static int check_unrecorded(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		return 0;
	}
	return error_set(err, -ESTALE, "%s was not installed by the updater", path);
}

/* One artifact against the record; version becomes what it was recorded with. */
static int check_artifact(struct journal *journal, const char *path, struct buffer *version,
			  struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db,
			       "SELECT version, digest, device, inode, size, mtime_ns, ctime_ns"
			       " FROM installed WHERE path = ?1",
			       &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &path, 1);
	int step = sqlite3_step(stmt);

	if (step == SQLITE_DONE) {
		return check_unrecorded(path, err);
	}
	if (step != SQLITE_ROW) {
		return store_error(err, journal->db, step, "reading the journal");
	}
	buffer_clear(version);
	if (buffer_add_format(version, "%s", journal_text(stmt, 0)) < 0) {
		return error_no_memory(err);
	}
	const struct file_mark mark = read_mark(stmt);

	return compare_file(path, buffer_text(version), &mark, err);
}

static int check_any(struct journal *journal, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, "SELECT 1 FROM installed LIMIT 1", &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	if (step == SQLITE_DONE) {
		return error_set(err, -ENOENT, "the updater has not installed anything yet");
	}
	return step == SQLITE_ROW ? 0 : store_error(err, journal->db, step, "reading the journal");
}

int journal_installed(struct journal *journal, const struct artifact *artifacts, size_t count,
		      char **ret, struct error *err)
{
	auto_buffer struct buffer version = BUFFER_INIT(VERSION_MAX);
	int rc = check_any(journal, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = check_artifact(journal, artifacts[i].install, &version, err);
	}
	if (rc == 0 && version.length == 0) {
		rc = error_set(err, -ENOENT, "there is no artifact to look at");
	}
	if (rc < 0) {
		return rc;
	}
	*ret = buffer_detach(&version);
	return *ret == NULL ? error_no_memory(err) : 0;
}

/* The members of struct journal_entry in the order of the columns that are selected. */
#define ENTRY_COLUMNS                                                                              \
	"id, product, command, from_version, to_version, started_at, ended_at, result, detail,"    \
	" committed_at"
#define ENTRY_TEXTS 10

static void entry_texts(struct journal_entry *entry, char **texts[static ENTRY_TEXTS])
{
	char **const all[ENTRY_TEXTS] = {
		&entry->id,     &entry->product,      &entry->command,  &entry->from,
		&entry->to,     &entry->started_at,   &entry->ended_at, &entry->result,
		&entry->detail, &entry->committed_at,
	};

	memcpy(texts, all, sizeof(all));
}

void journal_entries_finish(struct journal_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		char **texts[ENTRY_TEXTS];

		entry_texts(&entries->items[i], texts);
		for (size_t j = 0; j < ENTRY_TEXTS; j++) {
			free(*texts[j]);
		}
	}
	free(entries->items);
	*entries = (struct journal_entries){0};
}

static int add_entry(struct journal_entries *entries, sqlite3_stmt *stmt)
{
	struct journal_entry *grown =
		reallocarray(entries->items, entries->count + 1, sizeof(*grown));
	char **texts[ENTRY_TEXTS];

	if (grown == NULL) {
		return -ENOMEM;
	}
	entries->items = grown;
	grown[entries->count] = (struct journal_entry){0};
	entry_texts(&grown[entries->count], texts);
	entries->count++;
	for (int i = 0; i < ENTRY_TEXTS; i++) {
		*texts[i] = strdup(journal_text(stmt, i));
		if (*texts[i] == NULL) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int read_entries(struct journal *journal, const char *sql, size_t limit,
			struct journal_entries *ret, struct error *err)
{
	auto_journal_entries struct journal_entries entries = {0};
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)(limit < RUNS_MAX ? limit : RUNS_MAX));
	for (;;) {
		int step = sqlite3_step(stmt);

		if (step == SQLITE_DONE) {
			break;
		}
		if (step != SQLITE_ROW) {
			return store_error(err, journal->db, step, "reading the journal");
		}
		if (add_entry(&entries, stmt) < 0) {
			return error_no_memory(err);
		}
	}
	*ret = entries;
	entries = (struct journal_entries){0};
	return 0;
}

int journal_runs(struct journal *journal, size_t limit, struct journal_entries *ret,
		 struct error *err)
{
	return read_entries(journal,
			    "SELECT " ENTRY_COLUMNS " FROM run ORDER BY number DESC LIMIT ?1",
			    limit, ret, err);
}

int journal_unfinished(struct journal *journal, struct journal_entries *ret, struct error *err)
{
	return read_entries(journal,
			    "SELECT " ENTRY_COLUMNS " FROM run WHERE ended_at IS NULL"
			    " OR (result = 'rollback-incomplete' AND number >"
			    " (SELECT coalesce(max(number), 0) FROM run"
			    " WHERE committed_at IS NOT NULL)) ORDER BY number LIMIT ?1",
			    RUNS_MAX, ret, err);
}

int journal_last_commit(struct journal *journal, struct journal_entries *ret, struct error *err)
{
	return read_entries(journal,
			    "SELECT " ENTRY_COLUMNS " FROM run WHERE committed_at IS NOT NULL"
			    " ORDER BY number DESC LIMIT ?1",
			    1, ret, err);
}

int journal_events(struct journal *journal, const char *run, journal_reader each, void *data,
		   struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db,
			       "SELECT seq, at, phase, state, detail FROM event WHERE run = ?1"
			       " ORDER BY seq",
			       &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &run, 1);
	while (rc == 0) {
		int step = sqlite3_step(stmt);

		if (step == SQLITE_DONE) {
			return 0;
		}
		if (step != SQLITE_ROW) {
			return store_error(err, journal->db, step, "reading the journal");
		}
		const struct journal_event event = {
			.number = sqlite3_column_int64(stmt, 0),
			.at = journal_text(stmt, 1),
			.phase = journal_text(stmt, 2),
			.state = journal_text(stmt, 3),
			.detail = journal_text(stmt, 4),
		};

		rc = each(data, &event, err);
	}
	return rc;
}
