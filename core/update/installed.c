/*
 * installed.c - which version is on this host: the journal's while every file still is what the
 * commit recorded, else what the `installed` command says.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/guard.h"
#include "base/process.h"
#include "model/version.h"
#include "update/update.h"

#define INSTALLED_TIMEOUT_MS 30000

static int ask_command(struct update *update, struct error *err)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	struct command_values values = update_values(update);
	char text[PROCESS_STATUS_TEXT_MAX];
	struct version version;
	int rc = command_expand(&update->config->installed, &values, &words, err);

	if (rc == 0) {
		rc = process_run(&words, INSTALLED_TIMEOUT_MS, &result, err);
	}
	if (rc < 0) {
		return rc;
	}
	if (!process_succeeded(&result.status)) {
		return error_set(err, -EIO, "'%s' %s", update->config->installed.line,
				 process_status_text(&result.status, text));
	}
	rc = version_find(buffer_text(&result.output), &version, err);
	if (rc < 0) {
		return error_prefix(err, "'%s'", update->config->installed.line);
	}
	update->installed = strdup(version.text);
	return update->installed != NULL ? 0 : error_no_memory(err);
}

static bool nothing_is_installed(const struct config *config)
{
	struct stat st;

	for (size_t i = 0; i < config->host.artifact_count; i++) {
		if (lstat(config->host.artifacts[i].install, &st) == 0 || errno != ENOENT) {
			return false;
		}
	}
	return true;
}

int update_find_installed(struct update *update, struct error *err)
{
	int rc = -ENOENT;

	if (nothing_is_installed(update->config)) {
		return 0;
	}
	if (update->journal != NULL) {
		rc = journal_installed(update->journal, update->host->artifacts,
				       update->host->artifact_count, &update->installed, err);
		update->altered = rc == -ESTALE;
	}
	if (rc == 0 || (rc != -ENOENT && rc != -ESTALE)) {
		return rc;
	}
	if (update->altered) {
		report_problem(&update->report, err->text);
	}
	if (!command_is_set(&update->config->installed)) {
		return 0;
	}
	rc = ask_command(update, err);
	return rc < 0 ? error_prefix(err, "cannot tell which version is installed") : 0;
}

bool update_is_current(const struct update *update)
{
	struct version installed;
	struct error ignored;
	const struct options *options = update->options;

	if (update->installed == NULL ||
	    version_parse(update->installed, &installed, &ignored) < 0) {
		return false;
	}
	int order = version_compare(&update->release.version, &installed);
	bool was_asked_for = options->to != NULL || options->release != NULL;

	/* An older release is only ever installed when somebody named it, whatever is forced: which
	 * one the manifest calls the latest is signed by nobody. */
	return order == 0 ? !options->force : order < 0 && !was_asked_for;
}
