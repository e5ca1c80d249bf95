/*
 * dbfile.c - dbfile.h: SQLite's backup API with what it takes to be durable.
 */
#include "install/dbfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "store/address.h"
#include "store/dbcheck.h"
#include "store/store.h"

#define BUSY_MS 5000

/* SQLite's unix VFS takes names of 512 bytes, with "-journal" behind them. */
#define SQLITE_NAME_MAX 504

#define COMPARE_CHUNK ((size_t)65536)

int dbfile_resolve(const char *path, char **ret, struct error *err)
{
	auto_free char *directory = path_directory(path);

	if (directory == NULL) {
		return error_no_memory(err);
	}
	auto_free char *real = realpath(directory, NULL);

	if (real == NULL) {
		return error_set(err, -errno, "cannot look into %s: %s", directory,
				 strerror(errno));
	}
	auto_free char *joined = path_join(real, path_name(path));

	if (joined == NULL) {
		return error_no_memory(err);
	}
	*ret = take_pointer(&joined);
	return 0;
}

int dbfile_look(const char *path, enum dbfile_links links, bool *ret_exists, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0) {
		*ret_exists = false;
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", path,
						   strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, -EINVAL, "%s is %s, not a database file", path,
				 S_ISLNK(st.st_mode) ? "a symbolic link" : "not a regular file");
	}
	if (links == DBFILE_ONE_LINK && st.st_nlink > 1) {
		return error_set(err, -EINVAL,
				 "%s has %ju names (hard links): SQLite would look for its journal "
				 "under only one of them; remove the others",
				 path, (uintmax_t)st.st_nlink);
	}
	*ret_exists = true;
	return 0;
}

static int look_at_part(const char *path, const char *suffix, enum dbfile_links links,
			struct error *err)
{
	auto_free char *name = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return error_no_memory(err);
	}
	if (lstat(name, &st) < 0) {
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", name,
						   strerror(errno));
	}
	if (links == DBFILE_ONE_LINK && S_ISREG(st.st_mode) && st.st_nlink > 1) {
		return error_set(err, -EINVAL,
				 "%s has %ju names (hard links), and SQLite would write to them "
				 "all; look who put it there and remove it",
				 name, (uintmax_t)st.st_nlink);
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, -EINVAL,
				 "%s is %s, which SQLite did not make; look who put it there and "
				 "remove it",
				 name,
				 S_ISLNK(st.st_mode) ? "a symbolic link" : "not a regular file");
	}
	return 0;
}

int dbfile_look_beside(const char *path, enum dbfile_links links, struct error *err)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		rc = look_at_part(path, suffixes[i], links, err);
	}
	return rc;
}

static int open_database(const char *name, int flags, sqlite3 **ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_extended_result_codes(db, 1);
	}
	if (rc == SQLITE_OK) {
		rc = sqlite3_busy_timeout(db, BUSY_MS);
	}
	if (rc == SQLITE_OK) {
		rc = dbcheck_stand_in(db);
	}
	if (rc != SQLITE_OK) {
		return store_error(err, db, rc, "opening the database");
	}
	/* Its schema is not ours to trust. */
	int failed = store_execute(db, "PRAGMA trusted_schema = OFF", NULL, err);

	if (failed == 0) {
		*ret = take_pointer(&db);
	}
	return failed;
}

int dbfile_check_length(const char *path, struct error *err)
{
	if (strlen(path) > SQLITE_NAME_MAX) {
		return error_set(err, -ENAMETOOLONG,
				 "%s: SQLite takes no path longer than %d characters", path,
				 SQLITE_NAME_MAX);
	}
	return 0;
}

int dbfile_has(const char *path, const char *suffix, bool *ret, struct error *err)
{
	auto_free char *name = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return error_no_memory(err);
	}
	*ret = lstat(name, &st) == 0;
	return 0;
}

int dbfile_open_live(const char *path, sqlite3 **ret, struct error *err)
{
	auto_store sqlite3 *db = NULL;
	bool keep_wal = false;
	int rc = dbfile_check_length(path, err);

	if (rc == 0) {
		rc = dbfile_has(path, "-wal", &keep_wal, err);
	}
	if (rc == 0) {
		rc = open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, &db, err);
	}
	if (rc < 0) {
		return error_prefix(err, "%s", path);
	}
	/* A WAL that we did not make is neither folded into the file nor removed when we close. */
	if (keep_wal &&
	    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK) {
		return error_set(err, -EIO, "cannot set up %s", path);
	}
	*ret = take_pointer(&db);
	return 0;
}

int dbfile_open_copy(const char *path, sqlite3 **ret, struct error *err)
{
	auto_free char *address = NULL;
	int rc = store_address(path, "immutable=1", &address, err);

	if (rc == 0) {
		rc = open_database(address, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret, err);
	}
	return rc < 0 ? error_prefix(err, "%s", path) : 0;
}

int dbfile_check(sqlite3 *db, struct error *err)
{
	int rc = dbcheck_run(db, err);

	return rc == -EUCLEAN ? error_prefix(err, "the database is damaged") : rc;
}

static int copy_all(sqlite3 *from, sqlite3 *to, struct error *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	if (backup == NULL) {
		return store_error(err, to, sqlite3_errcode(to), "copying the database");
	}
	int step = sqlite3_backup_step(backup, -1);
	int rc = sqlite3_backup_finish(backup);

	if (step != SQLITE_DONE) {
		return store_error(err, NULL, rc != SQLITE_OK ? rc : step, "copying the database");
	}
	return 0;
}

/* No journal beside a file that nobody knows yet: after a power cut, SQLite would take it for hot
 * and roll the finished copy back to nothing. */
static int fill_copy(sqlite3 *from, const char *path, struct error *err)
{
	auto_store sqlite3 *to = NULL;
	int rc = dbfile_check_length(path, err);

	if (rc == 0) {
		rc = open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, &to, err);
	}
	if (rc == 0) {
		rc = store_execute(to, "PRAGMA journal_mode = OFF", NULL, err);
	}
	if (rc == 0) {
		rc = store_execute(to, "PRAGMA synchronous = OFF", NULL, err);
	}
	return rc == 0 ? copy_all(from, to, err) : rc;
}

static int sync_path(const char *path, struct error *err)
{
	auto_close int fd = file_open(path, err);

	return fd < 0 ? fd : file_sync(fd, path, err);
}

int dbfile_copy(sqlite3 *from, const char *path, mode_t mode, struct error *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || fchmod(fd, mode) < 0) {
		return error_set(err, -errno, "cannot create %s: %s", path, strerror(errno));
	}
	guard_close(&fd);
	int rc = fill_copy(from, path, err);

	if (rc == 0) {
		rc = sync_path(path, err);
	}
	if (rc < 0) {
		(void)unlink(path);
		return rc == -ENOSPC ? error_prefix(err, "cannot write %s", path) : rc;
	}
	return file_sync_parent(path, err);
}

static int page_size(sqlite3 *db, int *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(db, "PRAGMA page_size", &stmt, err);

	if (rc < 0) {
		return rc;
	}
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW) {
		return store_error(err, db, step, "reading the page size");
	}
	*ret = sqlite3_column_int(stmt, 0);
	return 0;
}

static int check_page_sizes(sqlite3 *from, sqlite3 *to, struct error *err)
{
	int ours = 0;
	int theirs = 0;
	int rc = page_size(from, &ours, err);

	if (rc == 0) {
		rc = page_size(to, &theirs, err);
	}
	if (rc == 0 && ours != theirs) {
		rc = error_set(err, -EXDEV, "pages of %d bytes do not fit into pages of %d", ours,
			       theirs);
	}
	return rc;
}

static int restore_open(sqlite3 *from, const char *path, struct error *err)
{
	auto_store sqlite3 *to = NULL;
	int rc = open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, &to, err);

	if (rc == 0) {
		rc = store_execute(to, "PRAGMA synchronous = FULL", NULL, err);
	}
	if (rc == 0) {
		rc = check_page_sizes(from, to, err);
	}
	return rc == 0 ? copy_all(from, to, err) : rc;
}

int dbfile_restore_into(const char *from, const char *path, struct error *err)
{
	auto_store sqlite3 *source = NULL;
	int rc = dbfile_check_length(path, err);

	if (rc == 0) {
		rc = dbfile_open_copy(from, &source, err);
	}
	if (rc == 0) {
		rc = restore_open(source, path, err);
	}
	/* A rollback journal's end is its unlink(2), which SQLite does not sync at this setting. */
	return rc == 0 ? file_sync_parent(path, err) : rc;
}

void dbfile_shorten_wal(const char *path)
{
	auto_store sqlite3 *db = NULL;
	struct error ignored;

	if (dbfile_open_live(path, &db, &ignored) == 0) {
		(void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
}

/* Blanks what differs between a file and a copy made by the backup API
 * (sqlite.org/fileformat2.html, 1.3): the versions that tell WAL from rollback journal at 18, the
 * change counter at 24, the schema's counter at 40, and what the change counter was valid for and
 * the writer's version at 92. */
static void blank_counters(unsigned char *header, size_t length)
{
	if (length >= 100) {
		memset(header + 18, 0, 2);
		memset(header + 24, 0, 4);
		memset(header + 40, 0, 4);
		memset(header + 92, 0, 8);
	}
}

static ssize_t read_full(int fd, unsigned char *bytes, off_t at)
{
	size_t length = 0;

	while (length < COMPARE_CHUNK) {
		ssize_t got = pread(fd, bytes + length, COMPARE_CHUNK - length, at + (off_t)length);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -errno;
		}
		if (got == 0) {
			break;
		}
		length += (size_t)got;
	}
	return (ssize_t)length;
}

static int compare(int a, int b, bool *ret)
{
	unsigned char ours[COMPARE_CHUNK];
	unsigned char theirs[COMPARE_CHUNK];

	for (off_t at = 0;; at += (off_t)COMPARE_CHUNK) {
		ssize_t length = read_full(a, ours, at);
		ssize_t other = read_full(b, theirs, at);

		if (length < 0 || other < 0) {
			return (int)(length < 0 ? length : other);
		}
		if (at == 0) {
			blank_counters(ours, (size_t)length);
			blank_counters(theirs, (size_t)other);
		}
		*ret = length == other && memcmp(ours, theirs, (size_t)length) == 0;
		if (!*ret || length < (ssize_t)COMPARE_CHUNK) {
			return 0;
		}
	}
}

int dbfile_same(const char *a, const char *b, bool *ret, struct error *err)
{
	auto_close int ours = file_open(a, err);

	if (ours < 0) {
		return ours;
	}
	auto_close int theirs = file_open(b, err);

	if (theirs < 0) {
		return theirs;
	}
	int rc = compare(ours, theirs, ret);

	return rc < 0 ? error_set(err, rc, "cannot compare %s with %s: %s", a, b, strerror(-rc))
		      : 0;
}

int dbfile_remove(const char *path, const char *suffix, struct error *err)
{
	auto_free char *name = NULL;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return error_no_memory(err);
	}
	if (unlink(name) < 0 && errno != ENOENT) {
		return error_set(err, -errno, "cannot remove %s: %s", name, strerror(errno));
	}
	return 0;
}
