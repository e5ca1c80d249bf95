/*
 * writer.c - writer.h.
 */
#include "crash/writer.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/world_parts.h"

#define ROWS_MAX    ((unsigned long)1 << 20)
#define PATIENCE_MS 20000
#define PAUSE_MS    2 /* between two rows */
#define ASIDE       "state.db.failed-"

struct writer_notes {
	atomic_ulong next;
	atomic_ulong acknowledged;
	unsigned char rows[ROWS_MAX]; /* 1: acknowledged */
};

/* ---- the client's process -------------------------------------------------------------------- */

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {2, 0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
			connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* One row: true when the daemon said that it is stored. */
static bool store(int fd, unsigned long row)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "{\"method\":\"add:w%lu\"}\n", row);

	if (send(fd, text, (size_t)length, MSG_NOSIGNAL) != length) {
		return false;
	}
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	return strstr(text, "\"stored\"") != NULL;
}

__attribute__((noreturn)) static void store_rows(const char *path, struct writer_notes *notes)
{
	for (unsigned long row = 0; row < ROWS_MAX; row++) {
		int fd = connect_to(path);

		/* A number is used once: a row whose answer was lost may be stored or not. */
		atomic_store(&notes->next, row + 1);
		if (fd >= 0 && store(fd, row)) {
			notes->rows[row] = 1;
			(void)atomic_fetch_add(&notes->acknowledged, 1);
		}
		if (fd >= 0) {
			(void)close(fd);
		}
		(void)poll(NULL, 0, PAUSE_MS);
	}
	_exit(0);
}

/* ---- the test's side ---------------------------------------------------------------------------
 */

struct writer writer_start(const struct world *world)
{
	struct writer_notes *notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *path = path_join(world->scratch.path, "socket");
	struct writer writer = {.world = world, .notes = notes};

	must(notes != MAP_FAILED);
	writer.pid = fork();
	must(writer.pid >= 0);
	if (writer.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		store_rows(path, notes);
	}
	free(path);
	return writer;
}

unsigned long writer_acknowledged(const struct writer *writer)
{
	return atomic_load(&writer->notes->acknowledged);
}

void writer_await(const struct writer *writer, unsigned long more)
{
	unsigned long goal = writer_acknowledged(writer) + more;
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	while (writer_acknowledged(writer) < goal) {
		cr_assert_gt(clock_left(deadline), 0, "nobody stores rows any more");
		(void)poll(NULL, 0, PAUSE_MS);
	}
}

void writer_stop(struct writer *writer)
{
	if (writer->pid > 0) {
		(void)kill(writer->pid, SIGKILL);
		(void)waitpid(writer->pid, NULL, 0);
		writer->pid = 0;
	}
}

void writer_finish(struct writer *writer)
{
	if (writer->notes != NULL) {
		writer_stop(writer);
		(void)munmap(writer->notes, sizeof(*writer->notes));
		writer->notes = NULL;
	}
}

/* Marks the rows of one database in seen. */
static void see(const char *path, unsigned char *seen, unsigned char mark)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *rows = NULL;

	must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
	must(sqlite3_busy_timeout(db, PATIENCE_MS) == SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, "SELECT id FROM images WHERE id GLOB 'w*'", -1, &rows,
					NULL),
		     SQLITE_OK, "%s: %s", path, sqlite3_errmsg(db));
	while (sqlite3_step(rows) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(rows, 0);
		unsigned long row = strtoul(id + 1, NULL, 10);

		must(row < ROWS_MAX);
		seen[row] |= mark;
	}
	must(sqlite3_finalize(rows) == SQLITE_OK);
	must(sqlite3_close(db) == SQLITE_OK);
}

/* A database that was set aside, not a file of SQLite's beside one. */
static bool is_aside(const char *name)
{
	size_t length = strlen(name);
	const char *tail = length > 4 ? name + length - 4 : "";

	return strncmp(name, ASIDE, strlen(ASIDE)) == 0 && strcmp(tail, "-wal") != 0 &&
	       strcmp(tail, "-shm") != 0;
}

static void see_all(const struct world *world, unsigned char *seen)
{
	char *directory = path_directory(world->database);
	DIR *stream = opendir(directory);

	see(world->database, seen, 1);
	must(stream != NULL);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		if (is_aside(entry->d_name)) {
			char *path = path_join(directory, entry->d_name);

			see(path, seen, 2);
			free(path);
		}
	}
	(void)closedir(stream);
	free(directory);
}

struct whereabouts writer_find(const struct writer *writer)
{
	unsigned char *seen = calloc(ROWS_MAX, 1);
	unsigned char *acknowledged = malloc(ROWS_MAX);
	struct whereabouts found = {0};

	must(seen != NULL && acknowledged != NULL);
	/* Before the databases are read: what is acknowledged meanwhile need not be seen. */
	memcpy(acknowledged, writer->notes->rows, ROWS_MAX);
	see_all(writer->world, seen);
	for (unsigned long row = 0; row < ROWS_MAX; row++) {
		if (acknowledged[row] != 0) {
			found.live += seen[row] & 1;
			found.aside += seen[row] == 2;
			found.lost += seen[row] == 0;
		}
	}
	free(acknowledged);
	free(seen);
	return found;
}
