/*
 * plugin_survey.c - plugin_survey.h: a preflight without a subject.
 */
#include "update/plugin_survey.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/guard.h"
#include "update/confine.h"
#include "update/helpers.h"

/* To load a plugin takes no longer than this, whatever its check may take. */
#define TIMEOUT_MS 10000

struct preflight_policy *plugin_policies(const struct config *config)
{
	struct preflight_policy *policies = calloc(config->plugin_count + 1, sizeof(*policies));

	for (size_t i = 0; i < config->plugin_count && policies != NULL; i++) {
		const struct plugin_config *plugin = &config->plugins[i];

		policies[i] = (struct preflight_policy){
			.name = plugin->name,
			.enabled = plugin->enabled,
			.timeout_ms = plugin->timeout_ms,
			.grant_network = plugin->grant_network,
			.grant_root = plugin->grant_root,
			.last = plugin->last,
			.options = &plugin->options,
		};
	}
	return policies;
}

int plugin_survey(const struct config *config, enum trial how, struct preflight_report *ret,
		  struct error *err)
{
	auto_helpers struct helpers helpers = HELPERS_INIT;
	auto_confinement struct confinement confinement = {0};
	auto_free struct preflight_policy *policies = plugin_policies(config);

	if (policies == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < config->plugin_count; i++) {
		policies[i].timeout_ms = TIMEOUT_MS;
	}
	int rc = helpers_open(&helpers, err);
	struct preflight_options options = {
		.helper_fd = helpers.preflight_host,
		.plugin_dir = config->plugin_dir,
		.check_trust = geteuid() == 0,
		.timeout_ms = TIMEOUT_MS,
		.policies = policies,
		.policy_count = config->plugin_count,
		.trial = how,
	};

	rc = rc < 0 ? rc : confine_users(config, &config->host, &options, &confinement, err);
	return rc < 0 ? rc : preflight_run(&options, ret, err);
}
