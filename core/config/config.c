/*
 * config.c - config.h: load, look up and free.
 *
 * files in order (search.c) -> one document (files.c, reader.c) -> config (fill.c) -> checked as a
 * whole (check.c). A config exists only when all of it was right.
 */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "config/check.h"
#include "config/document.h"
#include "config/files.h"
#include "config/fill.h"

static void plugin_finish(struct plugin_config *plugin)
{
	free(plugin->name);
	pairs_finish(&plugin->options);
}

static void free_plugins(struct config *config)
{
	for (size_t i = 0; i < config->plugin_count; i++) {
		plugin_finish(&config->plugins[i]);
	}
	free(config->plugins);
}

void config_free(struct config *config)
{
	if (config == NULL) {
		return;
	}
	free_plugins(config);
	if (config->document != NULL) {
		document_finish(config->document);
	}
	free(config->document);
	sources_finish(&config->sources);
	free(config->path);
	host_finish(&config->host);
	free(config->product);
	strings_finish(&config->manifests);
	free(config->keys);
	command_finish(&config->installed);
	free(config->state_dir);
	free(config->status_file);
	command_finish(&config->after);
	free(config->staging_dir);
	free(config->proxy);
	free(config->ca_file);
	free(config->authorization_file);
	free(config->plugin_dir);
	free(config->plugin_user);
	free(config);
}

void config_cleanup(struct config **config)
{
	config_free(*config);
	*config = NULL;
}

/* "" or an absolute directory without a '/' at its end. */
static int copy_root(const char *root, char **ret, struct error *err)
{
	auto_free char *copy = strdup(root != NULL ? root : "");
	struct stat st;

	if (copy == NULL) {
		return error_no_memory(err);
	}
	if (copy[0] != '\0' && copy[0] != '/') {
		return error_set(err, -EINVAL, "the root %s is not an absolute path", root);
	}
	if (copy[0] != '\0' && stat(copy, &st) < 0) {
		return error_set(err, -errno, "cannot use the root %s: %s", root, strerror(errno));
	}
	if (copy[0] != '\0' && !S_ISDIR(st.st_mode)) {
		return error_set(err, -ENOTDIR, "the root %s is not a directory", root);
	}
	for (size_t length = strlen(copy); length > 0 && copy[length - 1] == '/'; length--) {
		copy[length - 1] = '\0';
	}
	*ret = take_pointer(&copy);
	return 0;
}

static int find_sources(const char *path, struct sources *ret, struct error *err)
{
	int rc = path != NULL ? search_beside(path, search_standard.suffix, ret, err)
			      : search_run(&search_standard, "", ret, err);

	if (rc == 0 && ret->items == NULL) {
		return error_set(err, CONFIG_NONE,
				 "there is no configuration: write " BANGER_CONFDIR
				 "/banger.ini, or name a file with --config");
	}
	return rc;
}

/* What an empty config has to know before it is filled. */
static int prepare(struct config *config, const char *path, const char *root, struct error *err)
{
	int rc = copy_root(root, &config->host.root, err);

	if (rc < 0) {
		return rc;
	}
	rc = find_sources(path, &config->sources, err);
	if (rc < 0) {
		return rc;
	}
	config->path = strdup(config->sources.items[0].path);
	config->document = calloc(1, sizeof(*config->document));
	return config->path != NULL && config->document != NULL ? 0 : error_no_memory(err);
}

static void locate_plugins(struct config *config)
{
	for (size_t i = 0; i < config->plugin_count; i++) {
		const struct section *section =
			document_section(config->document, SECTION_PLUGIN, i);

		if (section != NULL) {
			config->plugins[i].file = section->origin.file;
			config->plugins[i].line = section->origin.line;
		}
	}
}

int config_load(const char *path, const char *root, struct config **ret, struct error *err)
{
	auto_config struct config *config = calloc(1, sizeof(*config));
	int rc;

	if (config == NULL) {
		return error_no_memory(err);
	}
	rc = prepare(config, path, root, err);
	if (rc == 0) {
		rc = files_read(&config->sources, config->document, err);
	}
	if (rc == 0) {
		rc = config_fill(config, config->document, err);
	}
	if (rc == 0) {
		rc = config_check(config, config->document, err);
	}
	if (rc < 0) {
		return rc;
	}
	locate_plugins(config);
	*ret = take_pointer(&config);
	return 0;
}

const struct plugin_config *config_plugin(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->plugin_count; i++) {
		if (strcmp(config->plugins[i].name, name) == 0) {
			return &config->plugins[i];
		}
	}
	return NULL;
}
