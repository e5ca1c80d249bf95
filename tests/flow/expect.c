/*
 * expect.c - expect.h.
 */
#include "flow/expect.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"

#define TEXT_MAX ((size_t)1 << 20)

struct sight sight_take(const struct world *world)
{
	/* The dump first: where no daemon holds the database, it may touch the files itself. */
	char *database = world_dump_any(world);

	return (struct sight){
		.files = scratch_listing(world->scratch.path, path_name(world->state)),
		.installed = world_files(world),
		.database = database,
		.daemon = world_daemon(world),
		.processes = world_processes(world),
	};
}

void sight_free(struct sight *sight)
{
	free(sight->files);
	free(sight->installed);
	free(sight->database);
}

void assert_unchanged(const struct world *world, const struct sight *before)
{
	struct sight now = sight_take(world);

	cr_assert_str_eq(now.files, before->files);
	cr_assert_str_eq(now.database, before->database);
	cr_assert_eq(now.daemon, before->daemon, "the daemon is another process");
	cr_assert_eq(now.processes, before->processes, "%zu processes, before it were %zu",
		     now.processes, before->processes);
	sight_free(&now);
}

void assert_restored(const struct world *world, const struct sight *before, size_t failed_copies)
{
	struct sight now = sight_take(world);

	cr_assert_str_eq(now.installed, before->installed);
	cr_assert_str_eq(now.database, before->database);
	cr_assert_neq(now.daemon, before->daemon, "the daemon was never stopped");
	cr_assert(world_daemon_is_installed(world), "what runs is not what is installed");
	cr_assert(world_is_healthy(world));
	cr_assert_eq(now.processes, before->processes, "%zu processes, before it were %zu",
		     now.processes, before->processes);
	cr_assert_eq(world_failed_copies(world), failed_copies);
	sight_free(&now);
}

static const struct {
	int exit_code;
	const char *result;
	const char *promise; /* how the plain sentence ends */
	bool changed;
} kinds[] = {
	{2, "refused", "nothing was changed", false},
	{3, "error", "nothing was changed", false},
	{4, "rolled-back", "", true},
	{5, "rollback-incomplete", "", true},
	{64, "error", "", false},
	{75, "busy", "nothing was changed", false},
};

static size_t kind_of(int exit_code)
{
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(kinds[0]) && kinds[i].exit_code != exit_code) {
		i++;
	}
	cr_assert_lt(i, sizeof(kinds) / sizeof(kinds[0]), "no test should expect %d", exit_code);
	return i;
}

/* Adds every string below value that a person is meant to read. */
static void add_sentences(const json_t *value, struct buffer *text)
{
	static const char *const keys[] = {"text", "remedy"};
	const char *key = NULL;
	const json_t *member = NULL;
	size_t index = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *sentence = json_string_value(json_object_get(value, keys[i]));

		if (sentence != NULL) {
			cr_assert_eq(buffer_add_format(text, "%s\n", sentence), 0);
		}
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		add_sentences(member, text);
	}
	json_array_foreach(value, index, member)
	{
		if (json_is_string(member)) {
			cr_assert_eq(buffer_add_format(text, "%s\n", json_string_value(member)), 0);
		}
		add_sentences(member, text);
	}
}

/* Layers that each say where they were say it once: no "database state: database state: …". */
static void assert_no_stutter(const char *text)
{
	for (const char *at = text, *end; (end = strstr(at, ": ")) != NULL; at = end + 2) {
		size_t length = (size_t)(end - at) + 2;

		cr_assert(strncmp(at, at + length, length) != 0, "it stutters: %s", text);
	}
}

static void assert_says(const char *text, const struct expected *expected)
{
	for (size_t i = 0; i < EXPECTED_SAYINGS && expected->says[i] != NULL; i++) {
		cr_assert_not_null(strstr(text, expected->says[i]), "'%s' is not said in: %s",
				   expected->says[i], text);
	}
	assert_no_stutter(text);
}

/* One text from the run's row of the journal, or the last row's when run is NULL. "": no row. */
static char *ask_journal(const struct world *world, const char *run, const char *column)
{
	char *path = path_join(world->state, "journal.db");
	char *sql = sqlite3_mprintf("SELECT %s FROM run WHERE id = coalesce(%Q, id) "
				    "ORDER BY number DESC LIMIT 1",
				    column, run);
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	char *answer = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL) {
		answer = strdup((const char *)sqlite3_column_text(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	sqlite3_free(sql);
	free(path);
	return answer != NULL ? answer : strdup("");
}

static void assert_journaled(const struct world *world, const char *run,
			     const struct expected *expected)
{
	char *result = ask_journal(world, run, "result");
	char *ended = ask_journal(world, run, "ended_at");
	char *committed = ask_journal(world, run, "committed_at");

	cr_assert_str_eq(result,
			 expected->unrecorded ? "" : kinds[kind_of(expected->exit_code)].result);
	cr_assert_eq(ended[0] == '\0', expected->unrecorded);
	cr_assert_str_eq(committed, "");
	free(result);
	free(ended);
	free(committed);
}

static void assert_members(const json_t *root, const struct expected *expected)
{
	size_t kind = kind_of(expected->exit_code);
	const char *result = json_string_value(json_object_get(root, "result"));
	const json_t *error = json_object_get(root, "error");
	const char *phase = json_string_value(json_object_get(error, "phase"));

	cr_assert_not_null(result);
	cr_assert_str_eq(result, kinds[kind].result);
	cr_assert_eq(json_integer_value(json_object_get(root, "exit")), expected->exit_code);
	cr_assert_eq(json_is_true(json_object_get(root, "changed")), kinds[kind].changed);
	cr_assert_not_null(json_string_value(json_object_get(error, "code")));
	cr_assert_str_eq(phase != NULL ? phase : "",
			 expected->phase != NULL ? expected->phase : "");
}

void assert_outcome(const struct world *world, const struct outcome *outcome,
		    const struct expected *expected)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	cr_assert_eq(outcome->exit_code, expected->exit_code, "exit %d: %s%s", outcome->exit_code,
		     outcome->output, outcome->errors);
	cr_assert_eq(strchr(outcome->output, '\n'), strrchr(outcome->output, '\n'));
	json_t *root = json_loads(outcome->output, JSON_REJECT_DUPLICATES, NULL);

	cr_assert_not_null(root, "not JSON: %s", outcome->output);
	assert_members(root, expected);
	add_sentences(root, &text);
	assert_says(buffer_text(&text), expected);
	const char *run = json_string_value(json_object_get(root, "run"));

	assert_journaled(world, run != NULL ? run : "", expected);
	json_decref(root);
	buffer_finish(&text);
}

/* Blanks and line ends, which depend on the width of the terminal, become one blank. */
static char *unwrapped(const char *text)
{
	char *copy = strdup(text);
	char *to = copy;

	for (const char *from = copy; *from != '\0'; from++) {
		bool is_blank = isspace((unsigned char)*from);

		if (!is_blank || (to > copy && to[-1] != ' ')) {
			*to++ = is_blank ? ' ' : *from;
		}
	}
	*to = '\0';
	return copy;
}

static void assert_plain(const struct world *world, const struct outcome *outcome,
			 const struct expected *expected)
{
	char *text = unwrapped(outcome->errors);
	const char *promise = kinds[kind_of(expected->exit_code)].promise;

	cr_assert_eq(outcome->exit_code, expected->exit_code, "exit %d: %s%s", outcome->exit_code,
		     outcome->output, outcome->errors);
	cr_assert_str_eq(outcome->output, "", "a failure is told on stderr");
	assert_says(text, expected);
	cr_assert_not_null(strstr(text, promise), "%s", text);
	if (!expected->unrecorded) {
		assert_journaled(world, NULL, expected);
	}
	free(text);
}

void expect_nothing_changed(const struct world *world, const char *line,
			    const struct expected *expected)
{
	struct sight before = sight_take(world);
	struct outcome plain = world_update(world, line);
	char *as_json = NULL;

	assert_plain(world, &plain, expected);
	assert_unchanged(world, &before);
	cr_assert(asprintf(&as_json, "--json %s", line) > 0);
	struct outcome json = world_update(world, as_json);

	assert_outcome(world, &json, expected);
	cr_assert_str_eq(json.errors, "");
	assert_unchanged(world, &before);
	outcome_free(&plain);
	outcome_free(&json);
	sight_free(&before);
	free(as_json);
}

void expect_restored(const struct world *world, const struct expected *expected,
		     size_t failed_copies)
{
	struct sight before = sight_take(world);
	struct outcome outcome = world_update(world, "--json");

	assert_outcome(world, &outcome, expected);
	assert_restored(world, &before, failed_copies);
	outcome_free(&outcome);
	sight_free(&before);
}

void expect_exit(const struct world *world, const char *line, int exit_code, const char *says)
{
	struct outcome outcome = world_update(world, line);

	cr_assert_eq(outcome.exit_code, exit_code, "'%s' exits with %d:\n%s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	cr_assert(says == NULL || strstr(outcome.output, says) != NULL ||
			  strstr(outcome.errors, says) != NULL,
		  "'%s' does not say '%s':\n%s%s", line, says != NULL ? says : "", outcome.output,
		  outcome.errors);
	outcome_free(&outcome);
}

void assert_clean(const struct world *world)
{
	char *listing = world_files(world);

	cr_assert_null(strstr(listing, ".banger-update"), "%s", listing);
	cr_assert_eq(world_processes(world), world_daemon(world) > 0 ? 1 : 0);
	free(listing);
}

void assert_runs(const struct world *world, const char *version)
{
	char *installed = world_version(world);

	cr_assert(text_has_word(installed, version), "%s instead of %s", installed, version);
	cr_assert(world_daemon_is_installed(world), "what runs is not what is installed");
	cr_assert(world_is_healthy(world));
	assert_clean(world);
	free(installed);
}

void publish_release(struct world *world, const char *version, size_t migrations,
		     const char *behaviour)
{
	struct release_built built =
		world_publish(world, &(struct world_release){.version = version,
							     .migrations = migrations,
							     .behaviour = behaviour});

	release_built_free(&built);
}
