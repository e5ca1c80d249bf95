/*
 * writer_case.c - writer_case.h: one process, one connection.
 */
#include "writer_case.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SQL_MAX 2000
#define WAIT_MS 30000
#define BOUND_S 100

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Returns when the line closes. */
static void serve(sqlite3 *db, int line, const char *each, _Atomic uint64_t *acknowledged)
{
	for (;;) {
		struct pollfd ready = {.fd = line, .events = POLLIN};
		char sql[SQL_MAX] = "";

		if (poll(&ready, 1, each != NULL ? 0 : -1) == 0) {
			if (run(db, each) == SQLITE_OK) {
				(*acknowledged)++;
			}
			continue;
		}
		if (recv(line, sql, sizeof(sql) - 1, 0) <= 0) {
			return;
		}
		int rc = run(db, sql);

		(void)!send(line, &rc, sizeof(rc), MSG_NOSIGNAL);
	}
}

static void run_writer(const char *path, const char *setup, int line, const char *each,
		       _Atomic uint64_t *acknowledged)
{
	sqlite3 *db = NULL;
	int rc =
		sqlite3_open_v2(path, &db,
				SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL);

	(void)alarm(BOUND_S);
	if (rc == SQLITE_OK) {
		rc = run(db, setup);
	}
	if (send(line, &rc, sizeof(rc), MSG_NOSIGNAL) == (ssize_t)sizeof(rc) && rc == SQLITE_OK) {
		serve(db, line, each, acknowledged);
	}
	(void)sqlite3_close(db);
	_exit(0);
}

struct writer writer_start(const char *path, const char *setup, const char *each)
{
	struct writer writer;
	int ends[2];

	writer.acknowledged = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(writer.acknowledged != MAP_FAILED);
	cr_assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	writer.pid = fork();
	cr_assert(writer.pid >= 0);
	if (writer.pid == 0) {
		(void)close(ends[0]);
		run_writer(path, setup, ends[1], each, writer.acknowledged);
	}
	(void)close(ends[1]);
	writer.line = ends[0];
	int rc = writer_hear(&writer);

	cr_assert(rc == SQLITE_OK, "%s: SQLite's code %d", setup, rc);
	return writer;
}

void writer_tell(struct writer *writer, const char *sql)
{
	cr_assert(strlen(sql) < SQL_MAX);
	cr_assert(send(writer->line, sql, strlen(sql), MSG_NOSIGNAL) == (ssize_t)strlen(sql));
}

int writer_hear(struct writer *writer)
{
	struct pollfd ready = {.fd = writer->line, .events = POLLIN};
	int rc = -1;

	cr_assert(poll(&ready, 1, WAIT_MS) == 1, "the writer does not answer");
	cr_assert(recv(writer->line, &rc, sizeof(rc), 0) == (ssize_t)sizeof(rc));
	return rc;
}

int writer_run(struct writer *writer, const char *sql)
{
	writer_tell(writer, sql);
	return writer_hear(writer);
}

void writer_wait(const struct writer *writer, uint64_t more)
{
	uint64_t until = *writer->acknowledged + more;

	for (int i = 0; i < WAIT_MS && *writer->acknowledged < until; i++) {
		(void)poll(NULL, 0, 1);
	}
	cr_assert(*writer->acknowledged >= until, "the writer writes no more");
}

static uint64_t end(struct writer *writer)
{
	uint64_t acknowledged;

	cr_assert(waitpid(writer->pid, NULL, 0) == writer->pid);
	acknowledged = *writer->acknowledged;
	(void)munmap(writer->acknowledged, sizeof(uint64_t));
	return acknowledged;
}

uint64_t writer_stop(struct writer *writer)
{
	/* Not by closing it: processes that hold the database have a copy. */
	(void)shutdown(writer->line, SHUT_WR);
	(void)close(writer->line);
	return end(writer);
}

uint64_t writer_kill(struct writer *writer)
{
	cr_assert(kill(writer->pid, SIGKILL) == 0);
	(void)close(writer->line);
	return end(writer);
}
