/*
 * plugin_units.c - plugin_units.h: each unit's copy lies in a directory beside the staged files.
 */
#include "update/plugin_units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"
#include "service/unit_verify.h"

static int set(struct update *update, const char *name, const char *field, const char *value)
{
	auto_free char *key = NULL;

	if (asprintf(&key, "artifact.%s.%s", name, field) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	return pairs_set(&update->subject, key, value);
}

/* Units as a whole; a drop-in says nothing alone. */
static bool is_whole_unit(const char *path)
{
	return host_is_unit_file(path) && !text_has_suffix(path, ".conf");
}

static int describe(struct update *update, const struct artifact *artifact,
		    const struct staged *staged, const char *directory)
{
	const struct unit_opinion opinion = unit_verify(staged->path, artifact->install, directory);
	int rc = set(update, artifact->name, "unit", opinion.word);

	return rc < 0 || opinion.reason.text[0] == '\0'
		       ? rc
		       : set(update, artifact->name, "unit_reason", opinion.reason.text);
}

int plugin_describe_units(struct update *update)
{
	const struct host *host = update->plan.host;
	auto_free char *directory =
		update->plan.staging == NULL ? NULL : path_join(update->plan.staging, ".units");
	struct error ignored;
	int rc = 0;

	if (update->plan.staging == NULL) {
		return 0;
	}
	if (directory == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < host->artifact_count && rc == 0; i++) {
		const struct artifact *artifact = &host->artifacts[i];
		const struct staged *staged = staged_find(&update->staged, artifact->name);

		if (staged != NULL && is_whole_unit(artifact->install)) {
			(void)mkdir(directory, 0700);
			rc = describe(update, artifact, staged, directory);
		}
	}
	(void)!file_remove_tree(directory, &ignored);
	return rc;
}
