/*
 * plugin.c - disk-space: is there room for what the update writes, and for the way back?
 *
 * The staged files and the databases have their sizes already, so this is arithmetic, not a guess;
 * only what migrations will add is one (growth =).
 */
#include <banger/preflight.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"
#include "space.h"
#include "support/subject.h"

#define GROWTH_MAX 10000 /* percent */

struct job {
	const struct pf_host *h;
	uint64_t reserve;
	uint64_t growth;
	struct space space;
	struct strings places; /* paths that the file systems are called by */
	size_t sizes;          /* of files and databases that were looked at */
};

static void job_finish(struct job *job)
{
	strings_finish(&job->places);
}

static int cannot_look(const char *path, struct error *err)
{
	int code = errno;

	return error_set(err, -code, "cannot look at %s: %s", path, strerror(code));
}

/* The directory that path lies in, or the nearest one above it that is there. */
static int find_directory(const char *path, char **ret, struct stat *st, struct error *err)
{
	auto_free char *directory = path_directory(path);

	while (directory != NULL && stat(directory, st) < 0) {
		if ((errno != ENOENT && errno != ENOTDIR) || strcmp(directory, "/") == 0) {
			return cannot_look(directory, err);
		}
		char *above = path_directory(directory);

		free(directory);
		directory = above;
	}
	if (directory == NULL) {
		return error_no_memory(err);
	}
	*ret = take_pointer(&directory);
	return 0;
}

/* The file system of the directory that path lies in. */
static int find_place(struct job *job, const char *path, struct place *ret, struct error *err)
{
	auto_free char *directory = NULL;
	struct statvfs fs;
	struct stat st;
	int rc = find_directory(path, &directory, &st, err);

	if (rc < 0 || directory == NULL) {
		return rc;
	}
	if (statvfs(directory, &fs) < 0) {
		return cannot_look(directory, err);
	}
	if (strings_add(&job->places, directory) < 0) {
		return error_no_memory(err);
	}
	*ret = (struct place){
		.path = job->places.items[job->places.count - 1],
		.device = st.st_dev,
		.bytes_free = space_times(fs.f_bavail, fs.f_frsize),
		/* btrfs and others make inodes as they are needed, and say 0 of 0. */
		.inodes_free = fs.f_files > 0 ? fs.f_favail : UINT64_MAX,
	};
	return 0;
}

static int need(struct job *job, const struct place *place, uint64_t bytes, uint64_t inodes,
		const char *what, const char *name, struct error *err)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%s %s", what, name);
	if (space_need(&job->space, place, bytes, inodes, text) < 0) {
		return error_set(err, -E2BIG, "more than %d file systems are involved",
				 SPACE_FILESYSTEMS);
	}
	return 0;
}

/* A staged file is written already; it is needed once more where it cannot simply be renamed. */
static int add_artifact(struct job *job, const char *name, struct error *err)
{
	const char *staged = subject_entry(job->h, "artifact", name, "staged");
	const char *install = subject_entry(job->h, "artifact", name, "install");
	struct place place = {0};
	struct stat file;

	if (staged == NULL || install == NULL) {
		return 0;
	}
	if (stat(staged, &file) < 0) {
		return cannot_look(staged, err);
	}
	int rc = find_place(job, install, &place, err);

	if (rc < 0) {
		return rc;
	}
	job->sizes++;
	bool is_elsewhere = file.st_dev != place.device;

	return need(job, &place, is_elsewhere ? (uint64_t)file.st_size : 0, is_elsewhere,
		    "the new file", name, err);
}

/* The database and what has not been written back into it yet. 0: there is none. */
static int database_size(const char *path, uint64_t *ret, struct error *err)
{
	static const char *const parts[] = {"", "-wal", "-journal"};

	*ret = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		auto_free char *part = NULL;
		struct stat st;

		if (asprintf(&part, "%s%s", path, parts[i]) < 0) {
			part = NULL;
			return error_no_memory(err);
		}
		if (stat(part, &st) == 0) {
			*ret = space_plus(*ret, (uint64_t)st.st_size);
		} else if (errno != ENOENT && errno != ENOTDIR) {
			return cannot_look(part, err);
		}
	}
	return 0;
}

static int add_database(struct job *job, const char *name, struct error *err)
{
	const char *path = subject_entry(job->h, "database", name, "path");
	const char *policy = subject_entry(job->h, "database", name, "on_rollback");
	struct place place;
	uint64_t size = 0;
	int rc = path != NULL ? database_size(path, &size, err) : 0;

	if (rc < 0 || size == 0) {
		return rc;
	}
	rc = find_place(job, path, &place, err);
	if (rc < 0) {
		return rc;
	}
	job->sizes++;
	bool stays = policy != NULL && strcmp(policy, "never") == 0;
	const struct database_needs needs = space_of_database(size, job->growth, stays);

	rc = need(job, &place, needs.snapshot, DATABASE_INODES, "a snapshot of database", name,
		  err);
	if (rc == 0) {
		rc = need(job, &place, needs.growth, 0, "what migrations may add to", name, err);
	}
	if (rc == 0) {
		rc = need(job, &place, needs.set_aside, 0, "setting aside", name, err);
	}
	if (rc == 0) {
		rc = need(job, &place, needs.restore, 0, "the log of putting back", name, err);
	}
	return rc < 0 ? rc : need(job, &place, needs.spare, 0, "to spare beside", name, err);
}

typedef int (*adder)(struct job *job, const char *name, struct error *err);

static int add_all(struct job *job, const char *list, adder add, struct error *err)
{
	auto_strings struct strings names = {0};
	int rc =
		subject_lines(job->h->subject(job->h, list), &names) < 0 ? error_no_memory(err) : 0;

	for (size_t i = 0; i < names.count && rc == 0; i++) {
		rc = add(job, names.items[i], err);
	}
	return rc;
}

static int read_options(struct job *job, struct error *err)
{
	if (text_parse_size(job->h->config(job->h, "reserve"), &job->reserve) < 0) {
		return error_set(err, -EINVAL, "reserve is no size like 64MiB");
	}
	if (text_parse_u64(job->h->config(job->h, "growth"), &job->growth) < 0 ||
	    job->growth > GROWTH_MAX) {
		return error_set(err, -EINVAL, "growth is no number of percent, 0 to %d",
				 GROWTH_MAX);
	}
	return 0;
}

static void measure(const struct job *job, size_t index)
{
	const struct filesystem *filesystem = &job->space.items[index];
	const struct pf_host *h = job->h;
	char key[PF_MAX_CODE + 1];

	(void)snprintf(key, sizeof(key), "fs%zu.path", index + 1);
	(void)h->fact_str(h, key, filesystem->place.path);
	(void)snprintf(key, sizeof(key), "fs%zu.needed", index + 1);
	(void)h->fact_i64(h, key, (int64_t)(filesystem->bytes & INT64_MAX));
	(void)snprintf(key, sizeof(key), "fs%zu.free", index + 1);
	(void)h->fact_i64(h, key, (int64_t)(filesystem->place.bytes_free & INT64_MAX));
}

static int conclude(const struct job *job)
{
	struct judgement judgement;
	int rc = 0;

	if (job->sizes == 0) {
		return job->h->finding(job->h, PF_SKIP, "disk.none",
				       "nothing is staged, and there is no database", NULL);
	}
	for (size_t i = 0; i < job->space.count && rc == 0; i++) {
		measure(job, i);
		space_judge(&job->space.items[i], job->reserve, &judgement);
		rc = judgement_report(job->h, &judgement);
	}
	return rc;
}

static int check(const struct pf_host *h)
{
	__attribute__((cleanup(job_finish))) struct job job = {.h = h};
	struct error err;

	if (read_options(&job, &err) < 0) {
		return h->finding(h, PF_ERROR, "disk.option", err.text,
				  "correct it in section [plugin disk-space]");
	}
	int rc = add_all(&job, "artifacts", add_artifact, &err);

	if (rc == 0) {
		rc = add_all(&job, "databases", add_database, &err);
	}
	if (rc < 0) {
		return h->finding(h, PF_ERROR, "disk.unreadable", err.text,
				  "let the user that this check runs as look at it");
	}
	return conclude(&job);
}

static const struct pf_option options[] = {
	{"reserve", "16MiB", "how much has to be left free on each file system"},
	{"growth", "25", "by how much migrations may make a database larger, in percent"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "disk-space", .version = "1", .needs = PF_NEED_DATABASE,
	  .summary = "is there room for the update and for the way back?", .options = options,
	  .check = check);
