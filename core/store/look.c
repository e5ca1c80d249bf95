/*
 * look.c - look.h: four ways into a database, none of which leaves a trace.
 *
 *   empty     0 bytes: no tables, SQLite is not asked
 *   locking   mode=ro: a rollback-journal database, or a WAL database that somebody has open, whose
 *             -shm is there and stays
 *   alone     immutable=1: a WAL database at rest, nothing in its WAL
 *   private   a WAL that a crash left: its index is kept in memory (locking_mode=EXCLUSIVE,
 *             sqlite.org/wal.html section 8) and no lock is taken (vfs unix-none)
 *
 * The last two are only right while nobody writes; look_confirm() tells.
 */
#include "store/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "store/address.h"
#include "store/store.h"

#define LOOK_TIMEOUT_MS 10000
#define BUSY_TIMEOUT_MS 2000
#define PROGRESS_STEPS  10000
#define LENGTH_MAX      (1 * (int)MIB)

/* Two writes closer together than this may bear the same time stamp; a timer tick is 10 ms. */
#define SETTLED_NS 20000000

/* sqlite.org/fileformat2.html section 1.3, and the lock bytes of os.h */
#define HEADER_SIZE   100
#define READ_VERSION  19
#define WRITE_VERSION 18
#define VERSION_WAL   2
#define PENDING_BYTE  0x40000000
#define LOCK_BYTES    512

enum way {
	WAY_EMPTY,
	WAY_LOCKING,
	WAY_ALONE,
	WAY_PRIVATE,
};

/* The files beside the database that SQLite would open: 0 and *ret, st_nlink 0 when missing. */
static int stat_beside(const char *path, const char *suffix, struct stat *ret, struct error *err)
{
	auto_free char *name = NULL;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		return error_no_memory(err);
	}
	*ret = (struct stat){0};
	if (lstat(name, ret) < 0) {
		ret->st_nlink = 0;
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot look at %s: %s", name,
						   strerror(errno));
	}
	if (!S_ISREG(ret->st_mode)) {
		return error_set(err, -EINVAL, "%s is not a regular file", name);
	}
	return 0;
}

/* A journal is over when it is gone, empty or its first byte is zero (journal_mode PERSIST). */
static int is_journal_hot(const char *path, bool *ret, struct error *err)
{
	auto_free char *name = NULL;
	auto_close int fd = -1;
	struct stat st = {0};
	char first = '\0';
	int r = stat_beside(path, "-journal", &st, err);

	if (r < 0 || st.st_nlink == 0 || st.st_size == 0) {
		*ret = false;
		return r;
	}
	if (asprintf(&name, "%s-journal", path) < 0) {
		return error_no_memory(err);
	}
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		*ret = false;
		return 0;
	}
	/* One that cannot be read counts as hot. */
	*ret = fd < 0 || pread(fd, &first, 1, 0) != 1 || first != '\0';
	return 0;
}

/* Whoever has a WAL database open holds a shared lock; a writer of the other kind an exclusive. */
static bool is_locked(int fd)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = PENDING_BYTE,
		.l_len = LOCK_BYTES,
	};

	return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

static int read_header(int fd, const char *path, bool *ret_wal, struct error *err)
{
	static const char magic[] = "SQLite format 3";
	char header[HEADER_SIZE] = {0};

	if (pread(fd, header, sizeof(header), 0) < 0) {
		return error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	}
	*ret_wal = memcmp(header, magic, sizeof(magic)) == 0 &&
		   (header[READ_VERSION] == VERSION_WAL || header[WRITE_VERSION] == VERSION_WAL);
	return 0;
}

static int survey_files(int fd, const char *path, struct survey *ret, struct error *err)
{
	struct survey found = {.locked = is_locked(fd)};
	struct stat shm = {0};

	if (fstat(fd, &found.main) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	int r = read_header(fd, path, &found.wal_format, err);

	if (r == 0) {
		r = stat_beside(path, "-wal", &found.wal, err);
	}
	if (r == 0) {
		r = stat_beside(path, "-shm", &shm, err);
	}
	if (r == 0) {
		r = is_journal_hot(path, &found.hot_journal, err);
	}
	if (r == 0) {
		found.has_shm = shm.st_nlink > 0;
		*ret = found;
	}
	return r;
}

static int refuse_journal(const struct survey *found, const char *path, struct error *err)
{
	if (found->locked) {
		return error_set(err, -EAGAIN, "another process is writing to %s", path);
	}
	return error_set(
		err, -ENOTRECOVERABLE,
		"%s needs recovery, a transaction was cut off (%s-journal): start the daemon "
		"once",
		path, path);
}

/* A 0-byte file is a valid database without tables, unless its content lies elsewhere. */
static int choose_for_empty(const struct survey *found, const char *path, enum way *ret,
			    struct error *err)
{
	if (found->hot_journal) {
		return refuse_journal(found, path, err);
	}
	if (found->wal.st_nlink > 0 && found->wal.st_size > 0) {
		return error_set(err, -EUCLEAN,
				 "%s is empty, but %s-wal is not: it was truncated or replaced; "
				 "restore it from a backup",
				 path, path);
	}
	*ret = WAY_EMPTY;
	return 0;
}

static int choose(const struct survey *found, const char *path, enum way *ret, struct error *err)
{
	bool has_wal = found->wal.st_nlink > 0;

	if (found->main.st_size == 0) {
		return choose_for_empty(found, path, ret, err);
	}
	if (!found->wal_format && !has_wal) {
		*ret = WAY_LOCKING;
		return 0;
	}
	if (found->hot_journal) {
		return refuse_journal(found, path, err);
	}
	if (found->locked && !(has_wal && found->has_shm)) {
		return error_set(err, -EAGAIN, "another process has %s locked for itself", path);
	}
	if (found->locked) {
		*ret = WAY_LOCKING;
	} else {
		*ret = has_wal && found->wal.st_size > 0 ? WAY_PRIVATE : WAY_ALONE;
	}
	return 0;
}

static int out_of_time(void *data)
{
	const struct look *look = data;

	return clock_left(look->deadline) == 0;
}

/* sqlite.org/security.html: what a database of unknown origin must not be able to do. */
static void distrust(sqlite3 *db, struct look *look)
{
	static const struct {
		int option;
		int value;
	} configs[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0},      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
	};

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		(void)sqlite3_db_config(db, configs[i].option, configs[i].value, NULL);
	}
	(void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	(void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	sqlite3_progress_handler(db, PROGRESS_STEPS, out_of_time, look);
}

/* The first read decides whether the way is passable; rc is SQLite's word on it. */
static int begin(sqlite3 *db, enum way way)
{
	int rc = SQLITE_OK;

	if (way == WAY_PRIVATE) {
		rc = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK) {
		rc = sqlite3_exec(db, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL,
				  NULL);
	}
	return rc;
}

static int enter(struct look *look, enum way way, int *ret_rc, struct error *err)
{
	static const char *const parameters[] = {
		[WAY_LOCKING] = "mode=ro",
		[WAY_ALONE] = "mode=ro&immutable=1",
		[WAY_PRIVATE] = "mode=ro&vfs=unix-none",
	};
	auto_free char *address = NULL;
	auto_store sqlite3 *db = NULL;
	int r = store_address(look->path, parameters[way], &address, err);

	if (r < 0) {
		return r;
	}
	look->needs_quiet = way != WAY_LOCKING;
	int rc = sqlite3_open_v2(address, &db,
				 SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
					 SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
				 NULL);
	if (rc == SQLITE_OK) {
		distrust(db, look);
		rc = begin(db, way);
	}
	*ret_rc = rc;
	if (rc != SQLITE_OK) {
		return store_error(err, db, rc, NULL);
	}
	look->db = db;
	db = NULL;
	return 0;
}

/* A -shm that we may not write cannot always be used (SQLITE_READONLY_CANTINIT). */
static bool is_shm_in_the_way(const struct survey *found, int rc)
{
	return found->wal.st_nlink > 0 &&
	       ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY);
}

static int enter_or_go_around(struct look *look, enum way way, struct error *err)
{
	int rc = SQLITE_OK;
	int r = enter(look, way, &rc, err);

	if (r < 0 && way == WAY_LOCKING && is_shm_in_the_way(&look->survey, rc)) {
		r = enter(look, WAY_PRIVATE, &rc, err);
	}
	if (r == -ENOTRECOVERABLE) {
		return refuse_journal(&look->survey, look->path, err);
	}
	return r;
}

int look_open(const char *path, struct look *look, struct error *err)
{
	enum way way = WAY_EMPTY;
	auto_close int fd = file_open(path, err);
	struct survey survey = {0};

	if (fd < 0) {
		return fd;
	}
	int r = survey_files(fd, path, &survey, err);

	if (r == 0) {
		r = choose(&survey, path, &way, err);
	}
	if (r < 0) {
		return r;
	}
	*look = (struct look){
		.path = path,
		.fd = take_fd(&fd),
		.survey = survey,
		.deadline = clock_deadline(LOOK_TIMEOUT_MS),
	};
	return way != WAY_EMPTY ? enter_or_go_around(look, way, err) : 0;
}

void look_close(struct look *look)
{
	store_close(&look->db);
	guard_close(&look->fd);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_untouched(const struct stat *before, const struct stat *after)
{
	return is_same_file(before, after) && before->st_nlink == after->st_nlink &&
	       before->st_size == after->st_size &&
	       before->st_mtim.tv_sec == after->st_mtim.tv_sec &&
	       before->st_mtim.tv_nsec == after->st_mtim.tv_nsec;
}

/* Written so lately that a second write might not show. */
static bool is_fresh(const struct stat *st)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	int64_t seconds = (int64_t)now.tv_sec - st->st_mtim.tv_sec;
	int64_t ns = seconds * 1000000000 + (now.tv_nsec - st->st_mtim.tv_nsec);

	return ns > -SETTLED_NS && ns < SETTLED_NS;
}

static bool was_quiet(const struct look *look, const struct survey *now)
{
	const struct survey *before = &look->survey;

	return is_untouched(&before->main, &now->main) && is_untouched(&before->wal, &now->wal) &&
	       !now->hot_journal && (before->locked || !now->locked) && !is_fresh(&now->main) &&
	       (now->wal.st_nlink == 0 || !is_fresh(&now->wal));
}

int look_confirm(const struct look *look, struct error *err)
{
	struct survey now = {0};
	struct stat named;

	if (lstat(look->path, &named) < 0 || !is_same_file(&named, &look->survey.main)) {
		return error_set(err, -EAGAIN, "%s was replaced while it was read", look->path);
	}
	if (!look->needs_quiet) {
		return 0;
	}
	int r = survey_files(look->fd, look->path, &now, err);

	if (r == 0 && !was_quiet(look, &now)) {
		r = error_set(err, -EAGAIN, "%s was written to while it was read", look->path);
	}
	return r;
}
