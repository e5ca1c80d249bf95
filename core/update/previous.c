/*
 * previous.c - previous.h: artifacts are the same by where they are installed, databases by path.
 */
#include "update/previous.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct swap_plan *previous_swap(const struct plan *previous, const char *install)
{
	for (size_t i = 0; i < previous->host->artifact_count; i++) {
		if (strcmp(previous->host->artifacts[i].install, install) == 0) {
			return &previous->swaps[i];
		}
	}
	return NULL;
}

const struct snapshot *previous_snapshot(const struct plan *previous, const char *path)
{
	for (size_t i = 0; previous->host != NULL && i < previous->host->database_count; i++) {
		const struct snapshot *snapshot = &previous->snapshots[i];

		if (snapshot->database != NULL && strcmp(snapshot->database->path, path) == 0) {
			return snapshot;
		}
	}
	return NULL;
}

int previous_is_unknown(struct error *err)
{
	return error_set(err, -ESTALE,
			 "what is installed was changed outside the updater, so that what was "
			 "before it is not known: use `update --to VERSION` instead");
}

/* ---- artifacts --------------------------------------------------------------------------------
 */

static bool installs(const struct host *host, const char *install)
{
	for (size_t i = 0; i < host->artifact_count; i++) {
		if (strcmp(host->artifacts[i].install, install) == 0) {
			return true;
		}
	}
	return false;
}

/* One that was replaced with the others, and is the updater's no longer, would stay new. */
static int check_dropped(const struct host *before, const struct host *now, const char *version,
			 struct error *err)
{
	for (size_t i = 0; i < before->artifact_count; i++) {
		const struct artifact *artifact = &before->artifacts[i];

		if (!installs(now, artifact->install)) {
			return error_set(err, -ESTALE,
					 "%s (artifact %s) was updated with the others and is not "
					 "in the configuration any more, so that it would not go "
					 "back with them: add it again, or use `update --to %s` "
					 "instead",
					 artifact->install, artifact->name, version);
		}
	}
	return 0;
}

static int check_added(const struct host *before, const struct host *now, const char *version,
		       struct error *err)
{
	for (size_t i = 0; i < now->artifact_count; i++) {
		if (!installs(before, now->artifacts[i].install)) {
			return error_set(err, -ESTALE,
					 "artifact %s was added to the configuration since: it has "
					 "nothing to go back to; use `update --to %s` instead",
					 now->artifacts[i].name, version);
		}
	}
	return 0;
}

int previous_check_artifacts(const struct plan *previous, const struct host *now,
			     const char *version, struct error *err)
{
	int rc = check_dropped(previous->host, now, version, err);

	return rc < 0 ? rc : check_added(previous->host, now, version, err);
}

/* ---- databases --------------------------------------------------------------------------------
 */

int previous_need_snapshot(const struct plan *previous, const struct database *database,
			   const char *version, const struct snapshot **ret, struct error *err)
{
	const struct snapshot *kept = previous_snapshot(previous, database->path);

	if (kept == NULL || (kept->existed && access(kept->path, R_OK) < 0)) {
		return error_set(err, -ENOENT,
				 "there is no snapshot of database %s%s%s: go back without "
				 "--with-database, if %s knows what is in it",
				 database->name, kept != NULL ? " any more at " : "",
				 kept != NULL ? kept->path : "", version);
	}
	*ret = kept;
	return 0;
}

static bool has_database(const struct host *host, const char *path)
{
	for (size_t i = 0; i < host->database_count; i++) {
		if (strcmp(host->databases[i].path, path) == 0) {
			return true;
		}
	}
	return false;
}

const struct database *previous_dropped_database(const struct plan *previous,
						 const struct host *now, size_t *index)
{
	while (*index < previous->host->database_count) {
		const struct snapshot *kept = &previous->snapshots[(*index)++];
		const struct database *database = kept->database;

		if (database != NULL && !has_database(now, database->path) &&
		    (kept->existed || access(database->path, F_OK) == 0)) {
			return database;
		}
	}
	return NULL;
}

int previous_check_databases(const struct plan *previous, const struct host *now,
			     const char *version, struct error *err)
{
	const struct snapshot *kept = NULL;
	size_t index = 0;
	const struct database *dropped = previous_dropped_database(previous, now, &index);

	if (dropped != NULL) {
		return error_set(
			err, -ESTALE,
			"database %s (%s) was one of those of that update and is not in the "
			"configuration any more, so that it would not go back with the "
			"others: add it again, or go back without --with-database, if %s "
			"knows what is in it",
			dropped->name, dropped->path, version);
	}
	for (size_t i = 0; i < now->database_count; i++) {
		int rc = previous_need_snapshot(previous, &now->databases[i], version, &kept, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}
