/*
 * snapshot_prune.c - snapshot_work.h: old runs' snapshots removed. Runs in a child.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/snapshot_place.h"
#include "install/snapshot_work.h"

/* "20261122T163400Z-1a2b" */
static bool is_run(const char *name)
{
	static const char shape[] = "ddddddddTddddddZ-xxxx";

	if (strlen(name) != sizeof(shape) - 1) {
		return false;
	}
	for (size_t i = 0; shape[i] != '\0'; i++) {
		char one[2] = {shape[i], '\0'};
		const char *allowed = shape[i] == 'd'   ? "0123456789"
				      : shape[i] == 'x' ? "0123456789abcdef"
							: one;
		if (strchr(allowed, name[i]) == NULL) {
			return false;
		}
	}
	return true;
}

/* Of the runs that left one, all but the first keep. */
static int prune(const char *directory, const struct strings *runs, uint64_t keep,
		 struct error *err)
{
	uint64_t found = 0;

	for (size_t i = 0; i < runs->count; i++) {
		auto_free char *path = path_join(directory, runs->items[i]);
		struct stat st;

		if (path == NULL) {
			return error_no_memory(err);
		}
		if (!is_run(runs->items[i]) || lstat(path, &st) < 0) {
			continue;
		}
		int rc = found++ < keep ? 0 : file_remove_tree(path, err);

		if (rc < 0) {
			return rc;
		}
	}
	/* Gone with its last snapshot. */
	(void)rmdir(directory);
	return 0;
}

int snapshot_work_prune(void *data, struct buffer *output, struct error *err)
{
	const struct snapshot_job *job = data;
	auto_free char *live = NULL;
	auto_free char *parent = NULL;
	auto_free char *directory = NULL;
	int rc = dbfile_resolve(job->database->path, &live, err);

	(void)output;
	if (rc < 0) {
		return rc;
	}
	parent = path_directory(live);
	directory = parent == NULL ? NULL : path_join(parent, SNAPSHOT_DIRECTORY);
	return directory == NULL ? error_no_memory(err)
				 : prune(directory, job->runs, job->keep, err);
}
