/*
 * plugin.c - schema-migration: do the databases' applied migrations fit what the release knows?
 *
 * Each database is one finding. What the release knows is in its signed description, and is then
 * compared without running a line of it; else one of its programs is asked.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/command.h"
#include "base/text.h"
#include "judgement.h"
#include "known.h"
#include "support/answer.h"
#include "support/subject.h"

struct job {
	const struct pf_host *h;
	struct strings databases;
	struct command command; /* may be unset */
	const char *known;      /* the option */
	bool command_answered;  /* a command without {database} speaks for all of them */
};

static void job_finish(struct job *job)
{
	strings_finish(&job->databases);
	command_finish(&job->command);
}

/* Counts are kept with the run; a name that cannot be part of a key does without. */
static void measure(const struct job *job, const char *database, const struct schema_state *state)
{
	const struct {
		const char *what;
		size_t count;
	} counts[] = {
		{"applied", state->applied.count},
		{"pending", state->pending.count},
		{"unknown", state->unknown.count},
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char key[PF_MAX_CODE + 1];
		int length = snprintf(key, sizeof(key), "%s.%s", database, counts[i].what);

		if (length > 0 && (size_t)length < sizeof(key)) {
			(void)job->h->fact_i64(job->h, key, (int64_t)counts[i].count);
		}
	}
}

static void compare(const struct job *job, const struct judgement_case *about, const char *list,
		    struct judgement *ret)
{
	const char *record = subject_entry(job->h, "database", about->database, "record");
	auto_ids struct ids known = {0};
	auto_schema struct schema_state state = {0};
	struct error err;
	int rc = known_parse(list, &known, &err);

	if (rc == 0) {
		rc = schema_inspect(about->path, record != NULL ? record : SCHEMA_RECORD, &known,
				    &state, &err);
	}
	if (rc < 0) {
		err.code = rc;
		judge_failure(about, &err, ret);
		return;
	}
	measure(job, about->database, &state);
	judge_state(about, &state, ret);
}

static void ask(const struct job *job, const struct judgement_case *about, struct judgement *ret)
{
	auto_process_result struct process_result result = {0};
	struct error err;
	int rc = answer_ask(job->h, &job->command, about->path, &result, &err);

	if (rc < 0) {
		judge_failure(about, &err, ret);
		ret->code = "schema.command";
		ret->remedy = "correct command = in section [plugin schema-migration]";
		return;
	}
	judge_answer(job->command.line, &result.status, buffer_text(&result.output),
		     buffer_text(&result.errors), ret);
}

static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int bad_option(const struct job *job, const char *text)
{
	return job->h->finding(job->h, PF_ERROR, "schema.option", text,
			       "correct it in section [plugin schema-migration]");
}

static int check_existing(struct job *job, const struct judgement_case *about)
{
	const char *list = subject_entry(job->h, "release.migrations", about->database, NULL);
	enum known_source source = KNOWN_BY_NOBODY;
	struct judgement judgement;

	if (known_choose(job->known, list != NULL, command_is_set(&job->command), &source) < 0) {
		return bad_option(job, "known is none of auto, manifest and command");
	}
	if (source == KNOWN_BY_MANIFEST) {
		compare(job, about, list, &judgement);
	} else if (source == KNOWN_BY_COMMAND) {
		if (job->command_answered) {
			return 0;
		}
		ask(job, about, &judgement);
		job->command_answered = !command_uses(&job->command, "{database}");
	} else {
		judge_unknown_release(about, &judgement);
	}
	return judgement_report(job->h, &judgement);
}

static int check_database(struct job *job, const char *name)
{
	const struct pf_host *h = job->h;
	const char *missing = subject_entry(h, "database", name, "missing");
	const struct judgement_case about = {
		.database = name,
		.path = subject_entry(h, "database", name, "path"),
		.version = h->subject(h, "version.to"),
	};
	struct judgement judgement;

	if (about.path == NULL) {
		const struct error reason = {.code = -ENOENT, .text = "it has no path"};

		judge_failure(&about, &reason, &judgement);
		return judgement_report(job->h, &judgement);
	}
	/* Whatever a command would say of the live one: this release has left it like that. */
	if (subject_entry(h, "database", name, "restored") != NULL) {
		judge_restored(&about, &judgement);
		return judgement_report(job->h, &judgement);
	}
	if (is_missing(about.path)) {
		judge_missing(&about, missing != NULL && strcmp(missing, "ok") == 0, &judgement);
		return judgement_report(job->h, &judgement);
	}
	return check_existing(job, &about);
}

static int prepare(struct job *job)
{
	const char *line = job->h->config(job->h, "command");
	struct error err;

	job->known = job->h->config(job->h, "known");
	if (line[0] != '\0' && command_parse(line, &job->command, &err) < 0) {
		int rc = bad_option(job, err.text);

		return rc < 0 ? rc : 1;
	}
	return subject_lines(job->h->subject(job->h, "databases"), &job->databases);
}

static int check(const struct pf_host *h)
{
	__attribute__((cleanup(job_finish))) struct job job = {.h = h};
	int rc = prepare(&job);

	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	if (job.databases.count == 0) {
		return h->finding(h, PF_SKIP, "schema.none", "no database is configured", NULL);
	}
	for (size_t i = 0; i < job.databases.count; i++) {
		rc = h->cancelled(h) ? -ECANCELED : check_database(&job, job.databases.items[i]);
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static const struct pf_option options[] = {
	{"known", "auto",
	 "who says what the release knows: manifest (its signed description), command, or auto: "
	 "the first of these that there is"},
	{"command", "",
	 "a program of the release to ask, like {stage}/daemon --check-migrations; {database} is "
	 "a database's file"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "schema-migration", .version = "1",
	  .summary = "do the databases' migrations fit the release?", .needs = PF_NEED_DATABASE,
	  .options = options, .check = check);
