/*
 * behaviour.c - behaviour.h's table.
 */
#include "samples/behaviour.h"

#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void exit_at_once(void)
{
	exit(7);
}

__attribute__((noreturn)) static int block(struct error *err)
{
	(void)err;
	for (;;) {
		(void)pause();
	}
}

/* Dies of SIGALRM, soon after it said that it is ready. */
static int die_soon(struct error *err)
{
	(void)err;
	(void)alarm(1);
	return 0;
}

static json_t *die_when_asked(const char *method)
{
	(void)method;
	_exit(8);
}

static json_t *complain(const char *method)
{
	(void)method;
	return json_pack("{s:{s:s, s:s}}", "error", "code", "sick", "text",
			 "this release is never well");
}

/* What --database was given, from the words this process was started with. */
static const char *database_of_ours(void)
{
	static char words[4096];
	FILE *file = fopen("/proc/self/cmdline", "re");
	size_t length = file != NULL ? fread(words, 1, sizeof(words) - 1, file) : 0;

	if (file != NULL) {
		(void)fclose(file);
	}
	for (const char *word = words; word < words + length; word += strlen(word) + 1) {
		if (strcmp(word, "--database") == 0) {
			return word + strlen(word) + 1;
		}
	}
	return NULL;
}

/* A connection that is opened once and never closed: whatever happens to this process, what it
 * acknowledged has to be in the file. */
static sqlite3 *own_connection(void)
{
	static sqlite3 *db;
	const char *path = db == NULL ? database_of_ours() : NULL;

	if (path != NULL && (sqlite3_open(path, &db) != SQLITE_OK ||
			     sqlite3_exec(db, "PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000",
					  NULL, NULL, NULL) != SQLITE_OK)) {
		(void)sqlite3_close(db);
		db = NULL;
	}
	return db;
}

static bool insert(sqlite3 *db, const char *id)
{
	char *sql = sqlite3_mprintf("INSERT INTO images (id, name, rootfs_path, kernel_path, "
				    "created_at, updated_at) VALUES (%Q, %Q, '/r', '/k', 't', 't')",
				    id, id);
	bool stored = sql != NULL && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_free(sql);
	return stored;
}

/* "add:ROW" stores a row and acknowledges it. */
static json_t *store_row(const char *method)
{
	if (strncmp(method, "add:", 4) != 0) {
		return NULL;
	}
	sqlite3 *db = own_connection();

	if (db != NULL && insert(db, method + 4)) {
		return json_pack("{s:s}", "result", "stored");
	}
	return json_pack("{s:{s:s, s:s}}", "error", "code", "not-stored", "text",
			 db != NULL ? sqlite3_errmsg(db) : "there is no database");
}

static json_t *store_row_or_complain(const char *method)
{
	json_t *reply = store_row(method);

	return reply != NULL ? reply : complain(method);
}

/* The process that was started only waits, deaf to a polite request; the daemon is its child. */
static void ignore_stop(void)
{
	pid_t child = fork();

	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	(void)signal(SIGTERM, SIG_IGN);
	(void)waitpid(child, NULL, 0);
	for (;;) {
		(void)pause();
	}
}

static const struct behaviour behaviours[] = {
	{.name = "healthy"},
	{.name = "exits-at-once", .at_start = exit_at_once},
	{.name = "never-ready", .hooks = {.before_ready = block}},
	{.name = "dies-after-ready", .hooks = {.before_ready = die_soon}},
	{.name = "dies-when-asked", .hooks = {.answer = die_when_asked}},
	{.name = "unhealthy", .hooks = {.answer = complain}},
	{.name = "stores", .hooks = {.answer = store_row}},
	{.name = "stores-and-unhealthy", .hooks = {.answer = store_row_or_complain}},
	{.name = "ignores-stop", .at_start = ignore_stop},
	{.name = "unhealthy-and-ignores-stop",
	 .at_start = ignore_stop,
	 .hooks = {.answer = complain}},
};

const struct behaviour *behaviour_find(const char *name)
{
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
		if (strcmp(behaviours[i].name, name) == 0) {
			return &behaviours[i];
		}
	}
	return NULL;
}
