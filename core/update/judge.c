/*
 * judge.c - preflight and baseline: may the update go ahead? What plugins report is theirs; what
 * it means for the run (required, on_error, waived) is the INI's and the command line's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"
#include "update/confine.h"
#include "update/plugin_services.h"
#include "update/plugin_survey.h"
#include "update/plugin_units.h"
#include "update/update.h"
#include "update/window.h"

static int set_list(struct pairs *subject, const char *key, const char *const *names, size_t count)
{
	auto_buffer struct buffer list = BUFFER_INIT(1u * MIB);
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = buffer_add_format(&list, "%s%s", i > 0 ? "\n" : "", names[i]);
	}
	return rc < 0 ? rc : pairs_set(subject, key, buffer_text(&list));
}

/* subject["prefix.name.field"] = value */
static int set_field(struct pairs *subject, const char *prefix, const char *name, const char *field,
		     const char *value)
{
	auto_free char *key = NULL;

	if (asprintf(&key, "%s.%s%s%s", prefix, name, field[0] != '\0' ? "." : "", field) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	return pairs_set(subject, key, value);
}

/* Where it will come from; a rollback removes what the previous release had not. */
static int describe_staged(struct update *update, const struct artifact *artifact)
{
	const struct staged *staged = staged_find(&update->staged, artifact->name);

	if (staged != NULL) {
		return set_field(&update->subject, "artifact", artifact->name, "staged",
				 staged->path);
	}
	return update->previous.host == NULL
		       ? 0
		       : set_field(&update->subject, "artifact", artifact->name, "removed", "yes");
}

static int describe_artifacts(struct update *update)
{
	size_t count = update->plan.host->artifact_count;
	auto_free const char **names = calloc(count + 1, sizeof(*names));
	int rc = names != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct artifact *artifact = &update->plan.host->artifacts[i];

		names[i] = artifact->name;
		rc = set_field(&update->subject, "artifact", artifact->name, "install",
			       artifact->install);
		rc = rc < 0 ? rc : describe_staged(update, artifact);
	}
	return rc < 0 ? rc : set_list(&update->subject, "artifacts", names, count);
}

/* path: where it is, or what of it goes back with the release. */
static int describe_database(struct pairs *subject, const struct database *database,
			     const char *path)
{
	static const char *const policies[] = {
		[ROLLBACK_IF_CHANGED] = "if-changed",
		[ROLLBACK_ALWAYS] = "always",
		[ROLLBACK_NEVER] = "never",
	};
	int rc = set_field(subject, "database", database->name, "path", path);

	if (rc == 0 && path != database->path) {
		rc = set_field(subject, "database", database->name, "restored", "yes");
	}

	if (rc == 0) {
		rc = set_field(subject, "database", database->name, "record", database->record);
	}
	if (rc == 0) {
		rc = set_field(subject, "database", database->name, "missing",
			       database->missing_ok ? "ok" : "error");
	}
	if (rc == 0) {
		rc = set_field(subject, "database", database->name, "on_rollback",
			       policies[database->on_rollback]);
	}
	if (rc == 0 && database->user != NULL) {
		rc = set_field(subject, "database", database->name, "user", database->user);
	}
	return rc;
}

static int describe_databases(struct update *update)
{
	size_t count = update->plan.host->database_count;
	auto_free const char **names = calloc(count + 1, sizeof(*names));
	int rc = names != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++) {
		names[i] = update->plan.host->databases[i].name;
		rc = describe_database(&update->subject, &update->plan.host->databases[i],
				       update_database_path(update, i));
	}
	return rc < 0 ? rc : set_list(&update->subject, "databases", names, count);
}

static int describe_migrations(struct update *update)
{
	int rc = 0;

	for (size_t i = 0; i < update->release.migration_count && rc == 0; i++) {
		const struct release_migrations *migrations = &update->release.migrations[i];
		auto_buffer struct buffer list = BUFFER_INIT(LIMIT_RELEASE_JSON);

		for (size_t k = 0; k < migrations->known.count && rc == 0; k++) {
			rc = buffer_add_format(&list, "%s%lld", k > 0 ? "\n" : "",
					       (long long)migrations->known.items[k]);
		}
		if (rc == 0) {
			rc = set_field(&update->subject, "release.migrations", migrations->database,
				       "", buffer_text(&list));
		}
	}
	return rc;
}

static int describe_run(struct update *update)
{
	const struct {
		const char *key;
		const char *value;
	} facts[] = {
		{"product", update->config->product},         {"version.from", update->installed},
		{"version.to", update->release.version.text}, {"root", update->plan.host->root},
		{"stage.dir", update->plan.staging},
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && rc == 0; i++) {
		if (facts[i].value != NULL) {
			rc = pairs_set(&update->subject, facts[i].key, facts[i].value);
		}
	}
	return rc;
}

/* Everything a plugin may ask about; the keys are documented in banger/preflight.h. */
static int describe(struct update *update, struct error *err)
{
	static int (*const parts[])(struct update *) = {
		describe_run,          describe_artifacts, plugin_describe_services,
		plugin_describe_units, describe_databases, describe_migrations,
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i](update) < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

/* What an error of this plugin counts as, by its on_error. */
static enum verdict error_counts_as(const struct plugin_config *policy)
{
	static const enum verdict counts_as[] = {
		[ON_ERROR_BLOCK] = VERDICT_ERROR,
		[ON_ERROR_ATTENTION] = VERDICT_NEEDED,
		[ON_ERROR_IGNORE] = VERDICT_SKIP,
	};

	return policy != NULL ? counts_as[policy->on_error] : VERDICT_ERROR;
}

/* The worst of what was found, an error of it counted as the other says. Not of the verdict alone:
 * knowing less must not lift what is known. */
static enum verdict worst_with_errors_as(const struct findings *findings, enum verdict error)
{
	enum verdict worst = findings->count > 0 ? VERDICT_SKIP : error;

	for (size_t i = 0; i < findings->count; i++) {
		enum verdict verdict = findings->items[i].verdict;

		worst = verdict_worse(worst, verdict == VERDICT_ERROR ? error : verdict);
	}
	return worst;
}

/* What the command line waives, unless the INI keeps it from doing so. */
static int waive(struct plugin_report *plugin, const struct plugin_config *policy)
{
	if (policy == NULL || policy->waivable) {
		plugin->verdict = VERDICT_NEEDED;
		return 0;
	}
	return findings_add(&plugin->findings, VERDICT_BUSY, "plugin.not-waivable",
			    "--waive does not count here: its section says waivable = no",
			    "try again when it is no longer busy");
}

/* One plugin's verdict, as policy and command line have it. A required check that did not apply
 * was not made. */
static int weigh_one(const struct update *update, struct plugin_report *plugin)
{
	const struct plugin_config *policy = config_plugin(update->config, plugin->name);

	if (policy != NULL && policy->required && plugin->verdict == VERDICT_SKIP) {
		plugin->verdict = VERDICT_ERROR;
		return findings_add(&plugin->findings, VERDICT_ERROR, "plugin.skipped",
				    "this check is required, but it did not apply",
				    "configure it, or set required = no in its section");
	}
	plugin->verdict = worst_with_errors_as(&plugin->findings, error_counts_as(policy));
	if (plugin->verdict == VERDICT_BUSY && options_waive(update->options, plugin->name)) {
		return waive(plugin, policy);
	}
	return 0;
}

static int weigh(struct update *update, struct error *err)
{
	enum verdict worst = VERDICT_SKIP;

	for (size_t i = 0; i < update->preflight.count; i++) {
		if (weigh_one(update, &update->preflight.plugins[i]) < 0) {
			return error_no_memory(err);
		}
		worst = verdict_worse(worst, update->preflight.plugins[i].verdict);
	}
	update->preflight.verdict = worst;
	return 0;
}

/* For the history: why this run was refused, or what was known when it went ahead. */
static int record_findings(struct update *update, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; update->journaled && i < update->preflight.count && rc == 0; i++) {
		const struct plugin_report *plugin = &update->preflight.plugins[i];

		rc = journal_findings(update->journal, update->run, plugin->name, &plugin->findings,
				      err);
	}
	return rc;
}

/* Names the plugins that stand in the way, and leaves their findings to the report. */
static int refuse(struct update *update, enum verdict verdict, struct error *err)
{
	auto_buffer struct buffer names = BUFFER_INIT(ERROR_TEXT_MAX / 2);

	for (size_t i = 0; i < update->preflight.count; i++) {
		if (!verdict_allows(update->preflight.plugins[i].verdict)) {
			(void)!buffer_add_format(&names, "%s%s", names.length > 0 ? ", " : "",
						 update->preflight.plugins[i].name);
		}
	}
	if (verdict == VERDICT_INCOMPATIBLE) {
		update->result = RESULT_REFUSED;
	} else if (verdict == VERDICT_BUSY) {
		update->result = RESULT_BUSY;
	}
	return error_set(err, verdict == VERDICT_BUSY ? -EBUSY : -EPERM,
			 verdict == VERDICT_ERROR ? "could not find out whether %s %s is safe: %s"
						  : "%s %s was refused by: %s",
			 update->config->product, update->release.version.text,
			 buffer_text(&names));
}

int update_preflight(struct update *update, struct error *err)
{
	int rc = update_look_at_schemas(update, err);

	rc = rc < 0 ? rc : describe(update, err);
	if (rc < 0) {
		return rc;
	}
	auto_free struct preflight_policy *policies = plugin_policies(update->config);

	if (policies == NULL) {
		return error_no_memory(err);
	}
	struct preflight_options options = {
		.helper_fd = update->helpers.preflight_host,
		.plugin_dir = update->config->plugin_dir,
		.check_trust = geteuid() == 0,
		.timeout_ms = update->config->plugin_timeout_ms,
		.policies = policies,
		.policy_count = update->config->plugin_count,
		.subject = &update->subject,
		.interrupts = update->interrupts,
	};

	auto_confinement struct confinement confinement = {0};

	rc = update_confine(update, &options, &confinement, err);
	rc = rc < 0 ? rc : preflight_run(&options, &update->preflight, err);
	rc = rc < 0 ? rc : weigh(update, err);
	rc = rc < 0 ? rc : record_findings(update, err);
	if (rc < 0) {
		return rc;
	}
	report_preflight(&update->report, &update->preflight);
	update_tell_confinement(update);
	if (!verdict_allows(update->preflight.verdict)) {
		return refuse(update, update->preflight.verdict, err);
	}
	return 0;
}

static int ask_health(struct update *update, struct error *err)
{
	const struct health *health = &update->plan.host->health;
	struct command_values values = update_values(update);

	if (!command_is_set(&health->command)) {
		report_detail(&update->report, "no health command is configured");
		return 0;
	}
	int rc = health_ask(health, &values, health->timeout_ms, update->interrupts,
			    &update->plan.baseline, err);

	if (rc < 0) {
		return rc;
	}
	if (update->plan.baseline.healthy) {
		report_detail(&update->report, "healthy before the update");
		return 0;
	}
	report_detail(&update->report, "not healthy before the update: %s",
		      update->plan.baseline.text);
	/* What is sick is left, and what comes instead has to be well. */
	if (update->previous.host != NULL) {
		return 0;
	}
	/* With names, what is newly broken can be told from what was broken before. */
	if (update->plan.baseline.failed.count > 0 || options_waive(update->options, "baseline")) {
		return 0;
	}
	update->result = RESULT_BUSY;
	return error_set(err, -EBUSY,
			 "the health command fails already (%s), so that it could not tell whether "
			 "the new release is well: mend that first, or pass --waive baseline",
			 update->plan.baseline.text);
}

int update_baseline(struct update *update, struct error *err)
{
	int rc = update_find_services(update, err);

	rc = rc < 0 ? rc : update_check_stopped(update, err);
	rc = rc < 0 ? rc : window_check(update, err);
	rc = rc < 0 ? rc : update_plan_swaps(update, err);
	rc = rc < 0 ? rc : update_check_packages(update, err);
	rc = rc < 0 ? rc : ask_health(update, err);
	return rc < 0 ? rc : update_record_plan(update, err);
}
