/*
 * plugin.c - staged-binaries: are the files that are about to be installed programs that run here?
 *
 * Asks each staged artifact; every problem is a finding, and no problem at all is one, too.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "artifact.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"
#include "model/host.h"
#include "support/subject.h"

/* Half of what the ABI allows, so that there is room for the sentence about the rest. */
#define PROBLEMS_MAX (PF_MAX_FINDINGS / 2)

#define PROGRAM_TIMEOUT_MS 10000

struct job {
	const struct pf_host *h;
	struct machine own;
	struct strings artifacts;
	struct strings without_version;
	bool asks_version;
	unsigned problems;
	size_t others; /* of the artifacts, what is no program, or is removed */
};

static void job_finish(struct job *job)
{
	strings_finish(&job->artifacts);
	strings_finish(&job->without_version);
}

static int read_own_machine(struct machine *ret)
{
	char header[64];
	auto_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, header, sizeof(header)) : -1;

	if (got < 0) {
		return -errno;
	}
	return program_machine(header, (size_t)got, ret) ? 0 : -ENOEXEC;
}

static int bad_option(const struct pf_host *h, const char *text)
{
	return h->finding(h, PF_ERROR, "binary.option", text,
			  "correct it in section [plugin staged-binaries]");
}

/* Reads the options. 1: one is wrong, and a finding says so. */
static int read_options(struct job *job)
{
	const struct pf_host *h = job->h;
	const char *value = h->config(h, "version_check");
	char text[512];

	job->asks_version = strcmp(value, "yes") == 0;
	if (!job->asks_version && strcmp(value, "no") != 0) {
		int rc = bad_option(h, "version_check is neither yes nor no");

		return rc < 0 ? rc : 1;
	}
	int rc = subject_words(h->config(h, "no_version"), &job->without_version);

	for (size_t i = 0; i < job->without_version.count && rc == 0; i++) {
		const char *name = job->without_version.items[i];

		if (!strings_contain(&job->artifacts, name)) {
			(void)snprintf(text, sizeof(text),
				       "no_version names %s, which is no artifact", name);
			rc = bad_option(h, text);
			return rc < 0 ? rc : 1;
		}
	}
	return rc;
}

static uint64_t program_timeout(const struct pf_host *h)
{
	int64_t left = h->remaining_ms(h);

	return left < PROGRAM_TIMEOUT_MS ? (uint64_t)left : PROGRAM_TIMEOUT_MS;
}

/* What systemd reads is no program; the plugin unit-files looks at it. */
static bool is_unit_file(const struct pf_host *h, const char *name)
{
	const char *install = subject_entry(h, "artifact", name, "install");

	return install != NULL && host_is_unit_file(install);
}

static int check_one(struct job *job, const char *name, const char *path)
{
	const struct pf_host *h = job->h;
	const char *version = h->subject(h, "version.to");
	bool asks = job->asks_version && !strings_contain(&job->without_version, name);
	struct problem problem;

	if (is_unit_file(h, name)) {
		job->others++;
		return 0;
	}
	if (asks && version == NULL) {
		job->problems++;
		return h->finding(h, PF_ERROR, "binary.version",
				  "it is not known which version is to be installed",
				  "run this through banger-update");
	}
	const struct artifact_check check = {
		.name = name,
		.path = path,
		.version = asks ? version : NULL,
		.own = &job->own,
		.timeout_ms = program_timeout(h),
	};

	artifact_check(&check, &problem);
	if (problem.verdict == 0) {
		return 0;
	}
	job->problems++;
	return h->finding(h, problem.verdict, problem.code, problem.sentence.text, problem.remedy);
}

static const char *staged_path(const struct job *job, size_t index)
{
	return subject_entry(job->h, "artifact", job->artifacts.items[index], "staged");
}

static bool is_anything_staged(const struct job *job)
{
	for (size_t i = 0; i < job->artifacts.count; i++) {
		if (staged_path(job, i) != NULL) {
			return true;
		}
	}
	return false;
}

static int report_unstaged(struct job *job, const char *name)
{
	struct error sentence;

	job->problems++;
	(void)error_set(&sentence, -ENOENT, "%s is to be installed, but is not staged", name);
	return job->h->finding(job->h, PF_ERROR, "binary.missing", sentence.text,
			       "run the update again");
}

/* The release that is gone back to has no such file. */
static bool is_removed(const struct pf_host *h, const char *name)
{
	return subject_entry(h, "artifact", name, "removed") != NULL;
}

static int check_all(struct job *job)
{
	const struct pf_host *h = job->h;

	for (size_t i = 0; i < job->artifacts.count; i++) {
		const char *name = job->artifacts.items[i];
		const char *path = staged_path(job, i);

		if (h->cancelled(h)) {
			return -ECANCELED;
		}
		if (job->problems == PROBLEMS_MAX) {
			return h->finding(h, PF_ERROR, "binary.more",
					  "too many problems: the others were not looked at",
					  "solve the ones above first");
		}
		if (is_removed(h, name)) {
			job->others++;
			continue;
		}
		int rc = path != NULL ? check_one(job, name, path) : report_unstaged(job, name);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int conclude(const struct job *job)
{
	const struct pf_host *h = job->h;
	char text[128];

	(void)h->fact_i64(h, "artifacts", (int64_t)job->artifacts.count);
	if (job->problems > 0) {
		return 0;
	}
	if (job->artifacts.count - job->others == 1) {
		return h->finding(h, PF_COMPATIBLE, "binary.ok",
				  "1 new file, a program that runs here", NULL);
	}
	(void)snprintf(text, sizeof(text), "%zu new files, all of them programs that run here",
		       job->artifacts.count - job->others);
	return h->finding(h, PF_COMPATIBLE, "binary.ok", text, NULL);
}

static int check(const struct pf_host *h)
{
	__attribute__((cleanup(job_finish))) struct job job = {.h = h};
	int rc = read_own_machine(&job.own);

	if (rc == 0) {
		rc = subject_lines(h->subject(h, "artifacts"), &job.artifacts);
	}
	if (rc == 0) {
		rc = read_options(&job);
	}
	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	if (!is_anything_staged(&job)) {
		return h->finding(h, PF_SKIP, "binary.none", "no file is staged", NULL);
	}
	rc = check_all(&job);
	return rc < 0 ? rc : conclude(&job);
}

static const struct pf_option options[] = {
	{"version_check", "yes", "no: do not run the staged programs with --version"},
	{"no_version", "", "artifacts without a --version, separated by blanks"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "staged-binaries", .version = "1",
	  .summary = "are the staged files programs that run on this host?", .options = options,
	  .check = check);
