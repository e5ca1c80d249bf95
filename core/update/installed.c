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

static int ask_command(const struct update *update, char **ret, struct error *err)
{
	auto_strings struct strings words = {0};
	auto_process_result struct process_result result = {0};
	struct command_values values = update_values(update);
	char text[PROCESS_STATUS_TEXT_MAX];
	struct version version;
	int rc = command_expand(&update->config->installed, &values, &words, err);

	if (rc == 0) {
		rc = process_run_interruptibly(&words, INSTALLED_TIMEOUT_MS, update->interrupts,
					       &result, err);
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
	*ret = strdup(version.text);
	return *ret != NULL ? 0 : error_no_memory(err);
}

static bool nothing_is_installed(const struct host *host)
{
	struct stat st;

	for (size_t i = 0; i < host->artifact_count; i++) {
		if (lstat(host->artifacts[i].install, &st) == 0 || errno != ENOENT) {
			return false;
		}
	}
	return true;
}

int update_look_installed(struct update *update, char **ret, struct error *altered,
			  struct error *err)
{
	const struct host *host = update->plan.host;
	int rc = -ENOENT;

	*ret = NULL;
	*altered = (struct error){0};
	if (nothing_is_installed(host)) {
		return 0;
	}
	if (update->journal != NULL) {
		rc = journal_installed(update->journal, host->artifacts, host->artifact_count, ret,
				       err);
	}
	if (rc == -ESTALE) {
		*altered = *err;
	}
	if (rc == 0 || (rc != -ENOENT && rc != -ESTALE)) {
		return rc;
	}
	if (update->config == NULL || !command_is_set(&update->config->installed)) {
		return 0;
	}
	rc = ask_command(update, ret, err);
	return rc < 0 ? error_prefix(err, "cannot tell which version is installed") : 0;
}

int update_find_installed(struct update *update, struct error *err)
{
	struct error altered;
	int rc = update_look_installed(update, &update->installed, &altered, err);

	update->altered = altered.text[0] != '\0';
	if (update->altered) {
		report_problem(&update->report, altered.text);
	}
	return rc;
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
