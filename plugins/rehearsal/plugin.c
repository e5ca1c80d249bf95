/*
 * plugin.c - rehearsal: will the migrations of the new release work on the data of this host?
 *
 * Copies each database into the scratch directory, has the staged daemon migrate the copy, and
 * looks at what it left. The daemon still runs meanwhile, and its database is only read.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"
#include "copy.h"
#include "outcome.h"
#include "support/amount.h"
#include "support/answer.h"
#include "support/subject.h"

#define CORRECT "correct it in section [plugin rehearsal]"

/* The copy, and as much again for what the migration writes. */
#define SPACE_FACTOR 2

struct job {
	const struct pf_host *h;
	struct command command;
	uint64_t max_size;
	const char *scratch;
	struct strings databases;
};

static void job_finish(struct job *job)
{
	command_finish(&job->command);
	strings_finish(&job->databases);
}

static bool is_over(void *data)
{
	const struct pf_host *h = data;

	return h->cancelled(h) || h->remaining_ms(h) == 0;
}

static struct patience patience_of(const struct job *job)
{
	union {
		const struct pf_host *in;
		void *out;
	} host = {.in = job->h};

	return (struct patience){is_over, host.out};
}

/* A measurement of one database; a name that cannot be part of a key does without. */
static void measure(const struct job *job, const char *database, const char *what, uint64_t value)
{
	char key[PF_MAX_CODE + 1];
	int length = snprintf(key, sizeof(key), "%s.%s", database, what);

	if (length > 0 && (size_t)length < sizeof(key)) {
		(void)job->h->fact_i64(job->h, key, (int64_t)value);
	}
}

/* Is it small enough for us, and is there room for a copy? */
static int check_size(const struct job *job, uint64_t size, struct error *err)
{
	char is[AMOUNT_TEXT_MAX];
	char most[AMOUNT_TEXT_MAX];
	struct statvfs fs;

	if (size > job->max_size) {
		return error_set(err, -E2BIG, "it has %s, more than max_size = %s",
				 amount_bytes(size, is), amount_bytes(job->max_size, most));
	}
	if (statvfs(job->scratch, &fs) < 0) {
		return error_set(err, -errno, "cannot look at %s: %s", job->scratch,
				 strerror(errno));
	}
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;

	if (size > free_bytes / SPACE_FACTOR) {
		return error_set(err, -ENOSPC, "%s has %s free, and a copy may need %u times %s",
				 job->scratch, amount_bytes(free_bytes, most), SPACE_FACTOR,
				 amount_bytes(size, is));
	}
	return 0;
}

/* Copies and checks the copy. */
static int prepare(const struct job *job, const char *path, const char *copy,
		   struct rehearsed *rehearsed, struct error *err)
{
	const struct patience patience = patience_of(job);
	uint64_t size = 0;
	int rc = copy_size(path, &size, err);

	rc = rc < 0 ? rc : check_size(job, size, err);
	rc = rc < 0 ? rc : copy_database(path, copy, &patience, err);
	rc = rc < 0 ? rc : copy_check(copy, &patience, &rehearsed->before, err);
	return rc < 0 ? rc : copy_size(copy, &rehearsed->bytes_before, err);
}

/* Has the daemon migrate the copy, and looks at it again unless that failed. */
static int migrate(const struct job *job, const char *copy, struct rehearsed *rehearsed,
		   struct judgement *ret, struct error *err)
{
	const struct patience patience = patience_of(job);
	auto_process_result struct process_result result = {0};
	int rc = answer_ask(job->h, &job->command, copy, &result, err);

	if (rc < 0) {
		return rc;
	}
	rehearsed->migrate_ms = result.status.ms;
	measure(job, rehearsed->database, "migrate_ms", result.status.ms);
	outcome_of_daemon(rehearsed->database, &result.status, buffer_text(&result.output),
			  buffer_text(&result.errors), ret);
	if (ret->verdict != 0) {
		return 0;
	}
	/* The check first: it brings what is still in the log into the file. */
	rc = copy_check(copy, &patience, &rehearsed->after, err);
	rc = rc < 0 ? rc : copy_size(copy, &rehearsed->bytes_after, err);
	if (rc < 0) {
		return rc;
	}
	measure(job, rehearsed->database, "bytes_before", rehearsed->bytes_before);
	measure(job, rehearsed->database, "bytes_after", rehearsed->bytes_after);
	outcome_after(rehearsed, ret);
	return 0;
}

static int rehearse(const struct job *job, const char *database, const char *path, const char *copy,
		    struct judgement *ret)
{
	struct rehearsed rehearsed = {.database = database};
	uint64_t begun = clock_monotonic_ms();
	struct error err;
	int rc = prepare(job, path, copy, &rehearsed, &err);

	measure(job, database, "copy_ms", clock_monotonic_ms() - begun);
	if (rc == 0) {
		outcome_before(&rehearsed, ret);
	}
	if (rc == 0 && ret->verdict == 0) {
		rc = migrate(job, copy, &rehearsed, ret, &err);
	}
	if (rc < 0 && job->h->cancelled(job->h)) {
		return -ECANCELED;
	}
	if (rc < 0) {
		outcome_failure(database, rc, err.text, ret);
	}
	return 0;
}

static bool is_missing(const char *path)
{
	return access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static void judge_missing(const struct job *job, const char *database, struct judgement *ret)
{
	const char *missing = subject_entry(job->h, "database", database, "missing");

	if (missing != NULL && strcmp(missing, "ok") == 0) {
		judgement_set(ret, PF_SKIP, "rehearsal.new", NULL,
			      "database %.64s does not exist yet", database);
	} else {
		outcome_failure(database, -ENOENT, "it does not exist", ret);
	}
}

static int check_one(const struct job *job, const char *database)
{
	const char *path = subject_entry(job->h, "database", database, "path");
	auto_free char *copy = NULL;
	struct judgement judgement;
	int rc = 0;

	/* Not the database's name: it could have characters that a daemon's command line splits. */
	if (asprintf(&copy, "%s/rehearsal.db", job->scratch) < 0) {
		copy = NULL;
		return -ENOMEM;
	}
	if (path == NULL || is_missing(path)) {
		judge_missing(job, database, &judgement);
	} else {
		rc = rehearse(job, database, path, copy, &judgement);
		copy_remove(copy);
	}
	return rc < 0 ? rc : judgement_report(job->h, &judgement);
}

static int bad_option(const struct job *job, const char *text)
{
	int rc = job->h->finding(job->h, PF_ERROR, "rehearsal.option", text, CORRECT);

	return rc < 0 ? rc : 1;
}

/* Reads the options. 1: one is wrong, and a finding says so. */
static int read_options(struct job *job)
{
	const struct pf_host *h = job->h;
	struct error err;

	if (command_parse(h->config(h, "command"), &job->command, &err) < 0) {
		return bad_option(job, err.text);
	}
	/* It would migrate the live database, or none. */
	if (!command_uses(&job->command, "{database}")) {
		return bad_option(job, "command has no {database}, the copy to migrate");
	}
	if (text_parse_size(h->config(h, "max_size"), &job->max_size) < 0) {
		return bad_option(job, "max_size is no size like 1GiB");
	}
	return 0;
}

static int check_all(struct job *job)
{
	const struct pf_host *h = job->h;
	int rc = subject_lines(h->subject(h, "databases"), &job->databases);

	if (rc == 0 && job->databases.count == 0) {
		return h->finding(h, PF_SKIP, "rehearsal.none", "no database is configured", NULL);
	}
	for (size_t i = 0; i < job->databases.count && rc == 0; i++) {
		rc = h->cancelled(h) ? -ECANCELED : check_one(job, job->databases.items[i]);
	}
	return rc;
}

static int check(const struct pf_host *h)
{
	__attribute__((cleanup(job_finish))) struct job job = {.h = h};
	int rc = read_options(&job);

	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	if (command_uses(&job.command, "{stage}") && h->subject(h, "stage.dir") == NULL) {
		return h->finding(h, PF_SKIP, "rehearsal.none", "nothing is staged", NULL);
	}
	job.scratch = h->subject(h, "scratch.dir");
	if (job.scratch == NULL) {
		return h->finding(h, PF_ERROR, "rehearsal.no-scratch",
				  "there is no directory to copy databases to",
				  "run this through banger-update");
	}
	/* A copy that passes the limit on files shall be an error, not our end. */
	(void)signal(SIGXFSZ, SIG_IGN);
	return check_all(&job);
}

static const struct pf_option options[] = {
	{"command", NULL,
	 "migrates a copy, like {stage}/daemon --migrate --database {database}; exits with 2 when "
	 "the data do not allow it"},
	{"max_size", "1GiB", "a larger database is not copied, which is an error"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "rehearsal", .version = "1", .needs = PF_NEED_DATABASE,
	  .summary = "do the new release's migrations work on a copy of the databases?",
	  .options = options, .check = check);
