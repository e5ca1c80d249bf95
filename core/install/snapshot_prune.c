/*
 * snapshot_prune.c - snapshot_work.h: old runs' snapshots removed. Runs in a child.
 *
 * Only what is named like a run is touched; the names sort by time.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "install/dbfile.h"
#include "install/snapshot_place.h"
#include "install/snapshot_work.h"

struct listing {
	struct dirent **entries;
	int count;
};

static void listing_finish(struct listing *listing)
{
	for (int i = 0; i < listing->count; i++) {
		free(listing->entries[i]);
	}
	free(listing->entries);
}

/* "20261122T163400Z-1a2b" */
static int is_run(const struct dirent *entry)
{
	static const char shape[] = "ddddddddTddddddZ-xxxx";
	const char *name = entry->d_name;

	if (strlen(name) != sizeof(shape) - 1) {
		return 0;
	}
	for (size_t i = 0; shape[i] != '\0'; i++) {
		char one[2] = {shape[i], '\0'};
		const char *allowed = shape[i] == 'd'   ? "0123456789"
				      : shape[i] == 'x' ? "0123456789abcdef"
							: one;
		if (strchr(allowed, name[i]) == NULL) {
			return 0;
		}
	}
	return 1;
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int remove_run(const char *directory, const char *name, struct error *err)
{
	auto_free char *path = path_join(directory, name);

	return path == NULL ? error_no_memory(err) : file_remove_tree(path, err);
}

static int prune(const char *directory, uint64_t keep, struct error *err)
{
	__attribute__((cleanup(listing_finish))) struct listing listing = {0};

	listing.count = scandir(directory, &listing.entries, is_run, newest_first);
	if (listing.count < 0) {
		listing.count = 0;
		return errno == ENOENT ? 0
				       : error_set(err, -errno, "cannot read %s: %s", directory,
						   strerror(errno));
	}
	for (int i = 0; i < listing.count; i++) {
		int rc = (uint64_t)i < keep
				 ? 0
				 : remove_run(directory, listing.entries[i]->d_name, err);

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
	return directory == NULL ? error_no_memory(err) : prune(directory, job->keep, err);
}
