/*
 * schema-migration: its sentences and verdicts alone, and the whole plugin on databases.
 */
#include "schema-migration/judgement.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "plugins/bench.h"
#include "schema-migration/known.h"

#define PLUGIN BANGER_BUILD_DIR "/plugins/schema-migration/schema-migration.so"

static const struct judgement_case state_of_banger = {
	.database = "state",
	.path = "/var/lib/banger/state.db",
	.version = "0.2.0",
};

static void expect(const struct judgement *judgement, pf_verdict verdict, const char *code,
		   const char *what)
{
	cr_assert_eq(judgement->verdict, verdict, "%d: %s", judgement->verdict,
		     judgement->sentence.text);
	cr_assert_str_eq(judgement->code, code);
	cr_assert_not_null(strstr(judgement->sentence.text, what), "\"%s\" does not say \"%s\"",
			   judgement->sentence.text, what);
	cr_assert(verdict <= PF_NEEDED || judgement->remedy != NULL);
}

/* The comparison of two lists as the release and the database have them. */
static struct judgement compare(const char *applied_list, const char *known_list)
{
	auto_ids struct ids applied = {0};
	auto_ids struct ids known = {0};
	auto_schema struct schema_state state = {0};
	struct judgement judgement;
	struct error err;

	cr_assert_eq(known_parse(applied_list, &applied, &err), 0);
	cr_assert_eq(known_parse(known_list, &known, &err), 0);
	cr_assert_eq(schema_classify(&applied, &known, &state), 0);
	judge_state(&state_of_banger, &state, &judgement);
	return judgement;
}

Test(schema_migration, what_is_pending_will_be_applied)
{
	struct judgement judgement = compare("1\n2", "1\n2\n3\n4");

	expect(&judgement, PF_NEEDED, "schema.pending",
	       "release 0.2.0 will apply migrations [3 4] to database state");
	expect(&judgement, PF_NEEDED, "schema.pending",
	       "going back afterwards puts that back and sets aside what was written since");
}

Test(schema_migration, what_is_unknown_refuses_even_if_something_is_pending)
{
	struct judgement judgement = compare("1\n99", "1\n2");

	expect(&judgement, PF_INCOMPATIBLE, "schema.unknown",
	       "migrations [99] that release 0.2.0 does not know");
}

Test(schema_migration, the_same_on_both_sides_is_compatible)
{
	struct judgement judgement = compare("2\n1", "1\n2");

	expect(&judgement, PF_COMPATIBLE, "schema.compatible", "all 2 migrations");
	expect(&judgement, PF_COMPATIBLE, "schema.compatible", "leaves it as it is");
	judgement = compare("", "");
	expect(&judgement, PF_COMPATIBLE, "schema.compatible", "all 0 migrations");
}

Test(schema_migration, a_failure_has_its_own_code_and_remedy)
{
	const struct {
		int code;
		const char *finding;
	} cases[] = {
		{-EACCES, "schema.unreadable"}, {-EBUSY, "schema.locked"},
		{-EUCLEAN, "schema.corrupt"},   {-EINVAL, "schema.no-record"},
		{-ENOENT, "schema.missing"},    {-ENOTRECOVERABLE, "schema.unfinished"},
		{-E2BIG, "schema.too-large"},   {-EIO, "schema.unreadable"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct error reason = {.code = cases[i].code, .text = "the cause"};
		struct judgement judgement;

		judge_failure(&state_of_banger, &reason, &judgement);
		expect(&judgement, PF_ERROR, cases[i].finding, "database state: the cause");
	}
}

Test(schema_migration, a_list_that_is_no_list_of_numbers_is_refused)
{
	auto_ids struct ids ids = {0};
	struct error err;

	cr_assert_eq(known_parse("1\ntwo", &ids, &err), -EINVAL);
	cr_assert_not_null(strstr(err.text, "two"));
	cr_assert_eq(known_parse("1 2", &ids, &err), -EINVAL);
	cr_assert_eq(known_parse("9223372036854775808", &ids, &err), -EINVAL);
	cr_assert_eq(ids.count, 0);
}

static enum known_source choose(const char *option, bool manifest_says, bool has_command)
{
	enum known_source source = KNOWN_BY_NOBODY;

	cr_assert_eq(known_choose(option, manifest_says, has_command, &source), 0);
	return source;
}

Test(schema_migration, the_manifest_goes_before_the_command_unless_it_is_said)
{
	enum known_source source;

	cr_assert_eq(choose("auto", true, true), KNOWN_BY_MANIFEST);
	cr_assert_eq(choose("auto", false, true), KNOWN_BY_COMMAND);
	cr_assert_eq(choose("auto", false, false), KNOWN_BY_NOBODY);
	cr_assert_eq(choose("manifest", false, true), KNOWN_BY_NOBODY);
	cr_assert_eq(choose("command", true, true), KNOWN_BY_COMMAND);
	cr_assert_eq(choose("command", true, false), KNOWN_BY_NOBODY);
	cr_assert_eq(known_choose("guess", true, true, &source), -EINVAL);
}

static struct judgement answer(int exit_code, const char *output, const char *errors)
{
	const struct process_status status = {.exit_code = exit_code};
	struct judgement judgement;

	judge_answer("/stage/daemon --check", &status, output, errors, &judgement);
	return judgement;
}

static void expect_answer(int exit_code, const char *output, pf_verdict verdict)
{
	cr_assert_eq(answer(exit_code, output, "").verdict, verdict, "exit %d and \"%s\"",
		     exit_code, output);
}

Test(schema_migration, an_answer_counts_only_when_word_and_exit_agree)
{
	expect_answer(0, "compatible\n", PF_COMPATIBLE);
	expect_answer(0, "compatible: 3 applied\n", PF_COMPATIBLE);
	expect_answer(1, "needed\n", PF_NEEDED);
	expect_answer(1, "migrations needed [3]\n", PF_NEEDED);
	expect_answer(2, "incompatible\n", PF_INCOMPATIBLE);
	expect_answer(2, "", PF_INCOMPATIBLE);
	expect_answer(75, "busy\n", PF_BUSY);

	expect_answer(0, "", PF_ERROR);
	expect_answer(0, "needed\n", PF_ERROR);
	expect_answer(0, "incompatible\n", PF_ERROR);
	expect_answer(0, "compatible-ish\n", PF_ERROR);
	expect_answer(0, "warning\ncompatible\n", PF_ERROR);
	expect_answer(1, "", PF_ERROR);
	expect_answer(1, "compatible\n", PF_ERROR);
	expect_answer(1, "neededness\n", PF_ERROR);
	expect_answer(1, "Traceback\n", PF_ERROR);
	expect_answer(3, "compatible\n", PF_ERROR);
	expect_answer(75, "", PF_ERROR);
	expect_answer(255, "needed\n", PF_ERROR);
}

Test(schema_migration, a_command_that_was_killed_has_not_answered)
{
	const struct process_status killed = {.signal = 9};
	const struct process_status late = {.timed_out = true};
	struct judgement judgement;

	judge_answer("x", &killed, "compatible\n", "", &judgement);
	cr_assert_eq(judgement.verdict, PF_ERROR);
	judge_answer("x", &late, "compatible\n", "", &judgement);
	cr_assert_eq(judgement.verdict, PF_ERROR);
}

Test(schema_migration, the_answer_is_quoted)
{
	struct judgement judgement = answer(2, "incompatible: unknown [99]\nmore\n", "");

	expect(&judgement, PF_INCOMPATIBLE, "schema.unknown",
	       "/stage/daemon --check: incompatible: unknown [99]");
	judgement = answer(127, "", "no such library\nmore\n");
	expect(&judgement, PF_ERROR, "schema.command", "exited with 127 and said: no such library");
}

/* A bench with the plugin and one database called "state". */
static struct bench state_make(const char *sql)
{
	struct bench bench = bench_make();
	auto_free char *path = scratch_path(&bench.scratch, "state.db");
	sqlite3 *db = NULL;

	(void)bench_install_file(&bench, PLUGIN, "schema-migration");
	bench_subject(&bench, "version.to", "0.2.0");
	bench_subject(&bench, "root", "");
	bench_subject(&bench, "stage.dir", bench.scratch.path);
	bench_subject(&bench, "databases", "state");
	bench_subject(&bench, "database.state.path", path);
	if (sql != NULL) {
		cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
		cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		cr_assert_eq(sqlite3_close(db), SQLITE_OK);
	}
	return bench;
}

static const struct plugin_report *check(struct bench *bench)
{
	bench_run(bench);
	cr_assert_eq(bench->report.count, 1);
	return &bench->report.plugins[0];
}

static void answer_with(struct bench *bench, const char *script)
{
	auto_free char *path = scratch_path(&bench->scratch, "daemon");

	scratch_write_bytes(path, script, strlen(script), 0755);
}

#define APPLIED(ids)                                                                               \
	"CREATE TABLE schema_migrations(id INTEGER PRIMARY KEY, name TEXT, applied_at TEXT);"      \
	"INSERT INTO schema_migrations(id, name, applied_at) VALUES " ids

Test(schema_migration, a_database_is_compared_with_the_signed_list)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t'),(2,'b','t')"));

	bench_subject(&bench, "release.migrations.state", "1\n2\n3");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_NEEDED, "schema.pending", "[3]");
	cr_assert_str_eq(pairs_get(&report->facts, "state.applied"), "2");
	cr_assert_str_eq(pairs_get(&report->facts, "state.pending"), "1");
	cr_assert_str_eq(pairs_get(&report->facts, "state.unknown"), "0");
	bench_subject(&bench, "release.migrations.state", "1\n2");
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "schema.compatible", "state");
	bench_subject(&bench, "release.migrations.state", "1");
	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "schema.unknown", "[2]");
	bench_subject(&bench, "release.migrations.state", "");
	bench_expect(check(&bench), VERDICT_INCOMPATIBLE, "schema.unknown", "[1 2]");
}

Test(schema_migration, looking_changes_nothing)
{
	auto_bench struct bench bench =
		state_make("PRAGMA journal_mode=WAL;" APPLIED("(1,'a','t')"));

	bench_subject(&bench, "release.migrations.state", "1");
	auto_free char *before = scratch_listing(bench.scratch.path, NULL);

	bench_expect(check(&bench), VERDICT_COMPATIBLE, "schema.compatible", "state");
	auto_free char *after = scratch_listing(bench.scratch.path, NULL);

	cr_assert_str_eq(before, after);
}

Test(schema_migration, the_record_s_name_is_taken_from_the_subject)
{
	auto_bench struct bench bench = state_make(
		"CREATE TABLE history(id INTEGER PRIMARY KEY, name TEXT, applied_at TEXT);"
		"INSERT INTO history VALUES(7,'a','t')");

	bench_subject(&bench, "database.state.record", "history");
	bench_subject(&bench, "release.migrations.state", "7");
	bench_expect(check(&bench), VERDICT_COMPATIBLE, "schema.compatible", "state");
}

Test(schema_migration, a_database_may_be_missing_only_when_that_is_said)
{
	auto_bench struct bench bench = state_make(NULL);

	bench_subject(&bench, "release.migrations.state", "1");
	bench_expect_error(check(&bench), "schema.missing", "state.db");
	bench_subject(&bench, "database.state.missing", "error");
	bench_expect_error(check(&bench), "schema.missing", "state.db");
	bench_subject(&bench, "database.state.missing", "ok");
	bench_expect(check(&bench), VERDICT_NEEDED, "schema.new", "release 0.2.0 will create");
}

Test(schema_migration, what_is_no_database_is_an_error)
{
	auto_bench struct bench bench = state_make(NULL);
	auto_free char *path = scratch_path(&bench.scratch, "state.db");

	bench_subject(&bench, "release.migrations.state", "1");
	scratch_write(path, "this is a text file, not a database, and longer than a header is: "
			    "one hundred bytes at the very least, I believe\n");
	cr_assert_eq(check(&bench)->verdict, VERDICT_ERROR);
	cr_assert_eq(unlink(path), 0);
	scratch_directory(path);
	cr_assert_eq(check(&bench)->verdict, VERDICT_ERROR);
}

Test(schema_migration, without_a_list_or_a_command_it_cannot_be_known)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t')"));

	bench_expect_error(check(&bench), "schema.no-source", "does not say");
}

Test(schema_migration, the_staged_program_is_asked_with_its_placeholders)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t')"));

	answer_with(&bench, "#!/bin/sh\necho \"needed: $1 $2\"; exit 1\n");
	bench_configure(&bench, "schema-migration", "command",
			"{stage}/daemon {database} {version}");
	const struct plugin_report *report = check(&bench);

	bench_expect(report, VERDICT_NEEDED, "schema.pending", "state.db 0.2.0");
}

Test(schema_migration, a_script_that_only_exits_with_1_has_not_said_needed)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t')"));

	answer_with(&bench, "#!/bin/sh\necho oops >&2; exit 1\n");
	bench_configure(&bench, "schema-migration", "command", "{stage}/daemon");
	bench_expect_error(check(&bench), "schema.command", "exited with 1 and said: oops");
}

Test(schema_migration, a_command_that_does_not_end_is_an_error_in_time)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t')"));

	answer_with(&bench, "#!/bin/sh\nwhile :; do :; done\n");
	bench_configure(&bench, "schema-migration", "command", "{stage}/daemon");
	bench.policy.timeout_ms = 3000;
	bench_expect_error(check(&bench), "schema.command", "did not end");
}

Test(schema_migration, a_command_without_a_database_is_asked_once_for_all)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t')"));

	bench_subject(&bench, "databases", "state\nother");
	bench_subject(&bench, "database.other.path",
		      pairs_get(&bench.subject, "database.state.path"));
	answer_with(&bench, "#!/bin/sh\necho compatible\n");
	bench_configure(&bench, "schema-migration", "command", "{stage}/daemon");
	cr_assert_eq(check(&bench)->findings.count, 1);
	bench_configure(&bench, "schema-migration", "command", "{stage}/daemon {database}");
	cr_assert_eq(check(&bench)->findings.count, 2);
	cr_assert_eq(bench.report.verdict, VERDICT_COMPATIBLE);
}

Test(schema_migration, a_command_that_is_not_there_or_not_one_is_an_error)
{
	auto_bench struct bench bench = state_make(APPLIED("(1,'a','t')"));

	bench_configure(&bench, "schema-migration", "command", "{stage}/nothing");
	bench_expect_error(check(&bench), "schema.command", "nothing");
	bench_configure(&bench, "schema-migration", "command", "daemon --check");
	bench_expect_error(check(&bench), "schema.option", "daemon");
	bench_configure(&bench, "schema-migration", "command", "");
	bench_configure(&bench, "schema-migration", "known", "guess");
	bench_expect_error(check(&bench), "schema.option", "known");
}

Test(schema_migration, without_a_database_there_is_nothing_to_check)
{
	auto_bench struct bench bench = state_make(NULL);

	bench_subject(&bench, "databases", "");
	bench_expect(check(&bench), VERDICT_SKIP, "schema.none", "no database");
}
