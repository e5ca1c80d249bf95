/*
 * world_look.c - world.h: what is to be seen in a world.
 */
#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/world_parts.h"

/* A zombie, which may wait long for whoever inherited it, is over. */
static bool is_running(pid_t pid)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd ended = {.fd = fd, .events = POLLIN};
	bool runs = fd >= 0 && poll(&ended, 1, 0) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return runs;
}

pid_t world_daemon(const struct world *world)
{
	uint64_t pid = 0;

	if (!scratch_exists(world->pid_file)) {
		return 0;
	}
	char *text = scratch_read(world->pid_file);

	text[strcspn(text, "\n")] = '\0';
	bool runs = text_parse_u64(text, &pid) == 0 && is_running((pid_t)pid);

	free(text);
	return runs ? (pid_t)pid : 0;
}

bool world_daemon_is_installed(const struct world *world)
{
	char link[64];
	struct stat running;
	struct stat installed;
	char *bangerd = path_join(world->bin, "bangerd");

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)world_daemon(world));
	bool same = stat(link, &running) == 0 && stat(bangerd, &installed) == 0 &&
		    running.st_ino == installed.st_ino && running.st_dev == installed.st_dev;

	free(bangerd);
	return same;
}

char *world_version(const struct world *world)
{
	char *banger = path_join(world->bin, "banger");
	struct outcome outcome = run_program((const char *const[]){banger, "--version", NULL});
	char *version = strdup(outcome.output);

	version[strcspn(version, "\n")] = '\0';
	outcome_free(&outcome);
	free(banger);
	return version;
}

char *world_dump(const struct world *world)
{
	struct outcome outcome = run_program(
		(const char *const[]){"/usr/bin/sqlite3", world->database, ".dump", NULL});

	cr_assert_eq(outcome.exit_code, 0, "%s", outcome.errors);
	char *dump = outcome.output;

	free(outcome.errors);
	return dump;
}

char *world_dump_any(const struct world *world)
{
	char *text = NULL;

	if (!scratch_exists(world->database)) {
		return strdup("missing");
	}
	struct outcome outcome = run_program((const char *const[]){"/usr/bin/sqlite3", "-readonly",
								   world->database, ".dump", NULL});

	must(asprintf(&text, "%s%s", outcome.output, outcome.errors) >= 0);
	outcome_free(&outcome);
	return text;
}

bool world_is_healthy(const struct world *world)
{
	char *banger = path_join(world->bin, "banger");
	char *socket = path_join(world->scratch.path, "socket");
	struct outcome outcome =
		run_program((const char *const[]){banger, "doctor", "--socket", socket,
						  "--database", world->database, NULL});

	free(banger);
	free(socket);
	bool is_healthy = outcome.exit_code == 0;

	outcome_free(&outcome);
	return is_healthy;
}

char *world_files(const struct world *world)
{
	return scratch_listing(world->bin, NULL);
}

static size_t count_names(const char *directory, const char *prefix)
{
	DIR *stream = opendir(directory);
	size_t count = 0;

	must(stream != NULL);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		count += text_has_prefix(entry->d_name, prefix);
	}
	(void)closedir(stream);
	return count;
}

size_t world_failed_copies(const struct world *world)
{
	char *directory = path_directory(world->database);
	size_t count = count_names(directory, "state.db.failed-");

	free(directory);
	return count;
}

static bool is_in_world(const struct world *world, const char *pid)
{
	char path[64];
	char text[PATH_MAX + 1] = {0};

	(void)snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	if (readlink(path, text, PATH_MAX) > 0 && strstr(text, world->scratch.path) != NULL) {
		return true;
	}
	(void)snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, PATH_MAX, file) : 0;

	if (file != NULL) {
		(void)fclose(file);
	}
	return memmem(text, length, world->scratch.path, strlen(world->scratch.path)) != NULL;
}

/* Calls with each process that runs from or in this world, and returns how many there are. */
static size_t each_process(const struct world *world, void (*call)(pid_t pid))
{
	/* Of a world that was never made every process would be one. */
	if (world->scratch.path[0] == '\0') {
		return 0;
	}
	DIR *stream = opendir("/proc");
	size_t count = 0;

	must(stream != NULL);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		uint64_t pid = 0;

		if (text_parse_u64(entry->d_name, &pid) < 0 || (pid_t)pid == getpid() ||
		    !is_in_world(world, entry->d_name)) {
			continue;
		}
		call((pid_t)pid);
		count++;
	}
	(void)closedir(stream);
	return count;
}

static void leave_alone(pid_t pid)
{
	(void)pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
}

size_t world_processes(const struct world *world)
{
	return each_process(world, leave_alone);
}

void world_kill(const struct world *world)
{
	(void)each_process(world, end);
}

void world_sql(const struct world *world, const char *sql)
{
	sqlite3 *db = NULL;

	must(sqlite3_open(world->database, &db) == SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
	must(sqlite3_close(db) == SQLITE_OK);
}

long world_query(const struct world *world, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	long answer = -1;

	must(sqlite3_open(world->database, &db) == SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		answer = (long)sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	must(sqlite3_close(db) == SQLITE_OK);
	return answer;
}
