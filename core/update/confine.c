/*
 * confine.c - confine.h: from the INI's names to users, and the run's directories.
 */
#include "update/confine.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "install/staging.h"
#include "preflight/user.h"

void confinement_finish(struct confinement *confinement)
{
	free(confinement->databases);
	free(confinement->scratch);
	*confinement = (struct confinement){0};
}

static int find_databases(const struct host *host, struct preflight_database *databases,
			  struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < host->database_count && rc == 0; i++) {
		const struct database *database = &host->databases[i];

		databases[i].name = database->name;
		rc = preflight_user_of(database->user, database->path, &databases[i].user, err);
		if (rc < 0) {
			(void)error_prefix(err, "database %s", database->name);
		}
	}
	return rc;
}

static int find_users(const struct config *config, const struct host *host,
		      struct preflight_options *options, struct confinement *confinement,
		      struct error *err)
{
	size_t count = host->database_count;

	confinement->databases = calloc(count + 1, sizeof(*confinement->databases));
	if (confinement->databases == NULL) {
		return error_no_memory(err);
	}
	int rc = preflight_user_find(config->plugin_user, &options->user, err);

	if (rc < 0) {
		return error_prefix(err, "%s: user in [preflight]", config->path);
	}
	options->databases = confinement->databases;
	options->database_count = count;
	return find_databases(host, confinement->databases, err);
}

int confine_users(const struct config *config, const struct host *host,
		  struct preflight_options *options, struct confinement *ret, struct error *err)
{
	options->must_be_confined = config->sandbox == SANDBOX_REQUIRED;
	return geteuid() == 0 ? find_users(config, host, options, ret, err) : 0;
}

int update_confine(struct update *update, struct preflight_options *options,
		   struct confinement *ret, struct error *err)
{
	/* Beside what is staged: no artifact can have the same name, and the next run removes both.
	 */
	ret->scratch = staging_scratch(update->plan.staging);
	if (ret->scratch == NULL) {
		return error_no_memory(err);
	}
	options->scratch_dir = ret->scratch;
	int rc = confine_users(update->config, update->plan.host, options, ret, err);

	return rc < 0 || geteuid() != 0 ? rc : staging_share(update->plan.staging, err);
}

void update_tell_confinement(struct update *update)
{
	for (size_t i = 0; i < update->preflight.count; i++) {
		const struct plugin_report *plugin = &update->preflight.plugins[i];

		if (plugin->sandbox != NULL && !plugin->is_confined) {
			report_warning(
				&update->report,
				"plugins could not be wholly confined here (%s: %s); install "
				"only those that you trust",
				plugin->name, plugin->sandbox);
			return;
		}
	}
}
