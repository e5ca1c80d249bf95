/*
 * plugin_trial.c - plugin_trial.h: a preflight of one file.
 */
#include "update/plugin_trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"
#include "preflight/user.h"
#include "update/phases.h"

#define TIMEOUT_MS      30000
#define TIMEOUT_MOST_MS (24u * 60 * 60 * 1000) /* as for the key of the INI */

void plugin_trial_finish(struct plugin_trial *trial)
{
	struct error ignored;

	if (trial->places != NULL && file_remove_tree(trial->places, &ignored) < 0) {
		(void)fprintf(stderr, "banger-update: %s\n", ignored.text);
	}
	free(trial->path);
	free(trial->directory);
	free(trial->name);
	free(trial->places);
	if (trial->interrupts >= 0) {
		guard_close(&trial->interrupts);
		(void)sigprocmask(SIG_SETMASK, &trial->signals, NULL);
	}
	free(trial->databases);
	strings_finish(&trial->names);
	helpers_close(&trial->helpers);
	pairs_finish(&trial->given);
	pairs_finish(&trial->subject);
}

/* "KEY=VALUE", each into the pairs. */
static int take_pairs(const struct strings *words, const char *option, struct pairs *ret,
		      struct error *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		const char *equals = strchr(word, '=');

		if (equals == NULL || equals == word) {
			return error_set(err, -EINVAL, "--%s wants KEY=VALUE, not '%s'", option,
					 word);
		}
		auto_free char *key = strndup(word, (size_t)(equals - word));

		if (key == NULL || pairs_set(ret, key, equals + 1) < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

static int take_file(struct plugin_trial *trial, const char *file, struct error *err)
{
	trial->path = realpath(file, NULL);
	if (trial->path == NULL) {
		return error_set(err, -errno, "cannot find the plugin %s: %s", file,
				 strerror(errno));
	}
	const char *base = path_name(trial->path);
	const char *dot = strrchr(base, '.');

	trial->directory = path_directory(trial->path);
	trial->name = strndup(base, dot != NULL ? (size_t)(dot - base) : strlen(base));
	trial->is_program = !text_has_suffix(base, ".so");
	return trial->directory == NULL || trial->name == NULL ? error_no_memory(err) : 0;
}

static int take_grants(struct preflight_policy *policy, const struct options *options,
		       struct error *err)
{
	for (size_t i = 0; i < options->grants.count; i++) {
		const char *word = options->grants.items[i];

		if (strcmp(word, "network") == 0) {
			policy->grant_network = true;
		} else if (strcmp(word, "root") == 0) {
			policy->grant_root = true;
		} else {
			return error_set(err, -EINVAL, "--grant wants network or root, not '%s'",
					 word);
		}
	}
	return 0;
}

static int take_policy(struct plugin_trial *trial, const struct options *options, struct error *err)
{
	trial->policy = (struct preflight_policy){
		.name = trial->name,
		.enabled = true,
		.timeout_ms = TIMEOUT_MS,
	};
	if (options->timeout != NULL &&
	    (text_parse_duration(options->timeout, &trial->policy.timeout_ms) < 0 ||
	     trial->policy.timeout_ms == 0 || trial->policy.timeout_ms > TIMEOUT_MOST_MS)) {
		return error_set(err, -EINVAL,
				 "--timeout wants a number and ms, s, min or h, like 30s, at most "
				 "24h, not '%s'",
				 options->timeout);
	}
	return take_grants(&trial->policy, options, err);
}

/* Whom the subject says that a database belongs to; a file that is not named has nobody. */
static int find_owner(const struct pairs *subject, const char *name, struct preflight_user *ret,
		      struct error *err)
{
	auto_free char *path = NULL;
	auto_free char *user = NULL;

	if (asprintf(&path, "database.%s.path", name) < 0) {
		path = NULL;
		return error_no_memory(err);
	}
	if (asprintf(&user, "database.%s.user", name) < 0) {
		user = NULL;
		return error_no_memory(err);
	}
	const char *file = pairs_get(subject, path);

	return file == NULL ? 0 : preflight_user_of(pairs_get(subject, user), file, ret, err);
}

static int take_names(struct plugin_trial *trial, struct error *err)
{
	const char *list = pairs_get(&trial->subject, "databases");
	auto_free char *copy = strdup(list != NULL ? list : "");
	char *rest = NULL;
	int rc = copy != NULL ? 0 : -ENOMEM;

	for (char *name = rc < 0 ? NULL : strtok_r(copy, "\n", &rest); name != NULL && rc == 0;
	     name = strtok_r(NULL, "\n", &rest)) {
		rc = strings_add(&trial->names, name);
	}
	return rc < 0 ? error_no_memory(err) : 0;
}

/* As root a plugin that has to do with databases runs as their user here, too. */
static int take_databases(struct plugin_trial *trial, struct error *err)
{
	int rc = take_names(trial, err);

	if (rc < 0) {
		return rc;
	}
	trial->databases = calloc(trial->names.count + 1, sizeof(*trial->databases));
	if (trial->databases == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < trial->names.count && rc == 0; i++) {
		struct preflight_database *database = &trial->databases[trial->database_count++];

		database->name = trial->names.items[i];
		rc = find_owner(&trial->subject, database->name, &database->user, err);
	}
	return rc;
}

/* An interrupt ends the plugin and not us, who have a directory to remove. */
static int watch_interrupts(struct plugin_trial *trial, struct error *err)
{
	sigset_t interrupts = phases_interrupts();
	int fd = signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0) {
		return error_set(err, -errno, "cannot watch for signals: %s", strerror(errno));
	}
	(void)sigprocmask(SIG_BLOCK, &interrupts, &trial->signals);
	trial->interrupts = fd;
	return 0;
}

/* Open to walk through: the plugin's own place below is its user's alone. */
static int make_places(struct plugin_trial *trial, struct error *err)
{
	char path[] = "/tmp/banger-update-plugin-XXXXXX";

	if (mkdtemp(path) == NULL) {
		return error_set(err, -errno, "cannot make a directory in /tmp: %s",
				 strerror(errno));
	}
	if (asprintf(&trial->places, "%s", path) < 0) {
		trial->places = NULL;
		(void)rmdir(path);
		return error_no_memory(err);
	}
	return 0;
}

int plugin_trial_init(struct plugin_trial *trial, const struct options *options, struct error *err)
{
	*trial = (struct plugin_trial){.helpers = HELPERS_INIT, .interrupts = -1};
	int rc = take_pairs(&options->set, "set", &trial->given, err);

	rc = rc < 0 ? rc : take_pairs(&options->subjects, "subject", &trial->subject, err);
	if (rc == 0 && pairs_get(&trial->subject, "root") == NULL &&
	    pairs_set(&trial->subject, "root", options->root) < 0) {
		return error_no_memory(err);
	}
	rc = rc < 0 ? rc : take_file(trial, options->arguments.items[1], err);
	rc = rc < 0 ? rc : take_policy(trial, options, err);
	rc = rc < 0 ? rc : helpers_open(&trial->helpers, err);
	if (rc == 0 && geteuid() == 0) {
		rc = preflight_user_find(NULL, &trial->user, err);
		rc = rc < 0 ? rc : take_databases(trial, err);
	}
	if (rc == 0 && !options->in_process) {
		rc = watch_interrupts(trial, err);
	}
	return rc < 0 ? rc : make_places(trial, err);
}

/* Would its author write one for what was given? */
static bool has_section(const struct plugin_trial *trial)
{
	return trial->given.count > 0 || trial->policy.grant_network || trial->policy.grant_root;
}

int plugin_trial_run(const struct plugin_trial *trial, enum trial how, bool with_options,
		     struct preflight_report *ret, struct error *err)
{
	auto_free char *places = NULL;
	struct preflight_policy policy = trial->policy;
	struct preflight_options options = {
		.helper_fd = trial->helpers.preflight_host,
		.plugin_dir = trial->directory,
		.check_trust = geteuid() == 0,
		.user = trial->user,
		.databases = trial->databases,
		.database_count = trial->database_count,
		.timeout_ms = trial->policy.timeout_ms,
		.policies = &policy,
		.policy_count = with_options && has_section(trial) ? 1 : 0,
		.subject = &trial->subject,
		.only = path_name(trial->path),
		.trial = how,
		.interrupts = trial->interrupts >= 0 ? trial->interrupts : 0,
	};

	if (chmod(trial->places, 0711) < 0) {
		return error_set(err, -errno, "cannot open %s to plugins: %s", trial->places,
				 strerror(errno));
	}
	if (asprintf(&places, "%s/places", trial->places) < 0) {
		places = NULL;
		return error_no_memory(err);
	}
	options.scratch_dir = places;
	policy.options = &trial->given;
	return preflight_run(&options, ret, err);
}
