/*
 * check.c - the rules between sections: what must be there, be unique and fit together.
 *
 * A rule is a function in the table at the end; the first one that is broken is reported.
 */
#include "config/check.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "model/beside.h"

typedef int (*rule)(const struct config *config, const struct document *document,
		    struct error *err);

/* Where a person would look for what is missing: the main file's last line. */
static int refuse_file(const struct document *document, struct error *err, const char *text)
{
	struct origin end = {.file = document->file,
			     .line = document->lines > 0 ? document->lines : 1};

	return origin_error(&end, err, "%s", text);
}

/* The line of a key, or of its section when it is left at its default. */
static const struct origin *origin_of(const struct document *document, enum section_kind kind,
				      size_t index, const char *key)
{
	const struct section *section = document_section(document, kind, index);
	const struct entry *entry = section_entry(section, key);

	return entry != NULL ? &entry->origin : &section->origin;
}

static int check_there_is_something(const struct config *config, const struct document *document,
				    struct error *err)
{
	if (document_section(document, SECTION_UPDATE, 0) == NULL) {
		return refuse_file(document, err,
				   "there is no [update] section; it names the product, manifest "
				   "and keys");
	}
	if (config->host.artifact_count == 0) {
		return refuse_file(document, err,
				   "there is no [artifact NAME] section; name at least one file "
				   "of the release and where it is installed");
	}
	return 0;
}

static int check_install_paths(const struct config *config, const struct document *document,
			       struct error *err)
{
	for (size_t i = 0; i < config->host.artifact_count; i++) {
		const char *path = config->host.artifacts[i].install;

		for (size_t j = 0; j < config->host.artifact_count; j++) {
			if (i != j && beside_has(config->host.artifacts[j].install, path)) {
				return origin_error(
					origin_of(document, SECTION_ARTIFACT, i > j ? i : j,
						  "install"),
					err,
					"[artifact %.80s] and [artifact %.80s] would write the "
					"same file; each needs its own, and while NAME is replaced "
					"NAME" BESIDE_NEW ", NAME" BESIDE_LINK
					", NAME" BESIDE_BACKUP " and NAME" BESIDE_EARLIER
					" are used, too",
					config->host.artifacts[i].name,
					config->host.artifacts[j].name);
			}
		}
	}
	return 0;
}

static const struct artifact *find_artifact(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->host.artifact_count; i++) {
		if (strcmp(config->host.artifacts[i].name, name) == 0) {
			return &config->host.artifacts[i];
		}
	}
	return NULL;
}

static int check_binaries(const struct config *config, const struct document *document,
			  struct error *err)
{
	for (size_t i = 0; i < config->host.service_count; i++) {
		const char *binary = config->host.services[i].binary;

		if (binary != NULL && find_artifact(config, binary) == NULL) {
			return origin_error(origin_of(document, SECTION_SERVICE, i, "binary"), err,
					    "there is no [artifact %.80s]; name one that there is",
					    binary);
		}
	}
	return 0;
}

/* The keys that say how a service is started without an init system. */
static int check_service_by_command(const struct section *service, struct error *err)
{
	static const char *const needed[] = {"start", "stop", "pid_file"};
	char label[SECTION_LABEL_MAX];

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (section_entry(service, needed[i]) == NULL) {
			return origin_error(section_blame(service, needed[i]), err,
					    "%s needs the key '%s', because manager is command",
					    section_label(service, label), needed[i]);
		}
	}
	return 0;
}

static int check_service_by_systemd(const struct section *service, bool manager_is_written,
				    struct error *err)
{
	for (size_t i = 0; i < service->entry_count; i++) {
		const struct entry *entry = &service->entries[i];
		const struct key_row *row = key_find(SECTION_SERVICE, entry->key);

		if (row != NULL && row->manager_command) {
			return origin_error(&entry->origin, err,
					    "'%s' belongs to manager = command, but manager is "
					    "systemd%s; remove it, or write manager = command",
					    entry->key,
					    manager_is_written ? ""
							       : " (the default where it runs)");
		}
	}
	return 0;
}

static int check_managers(const struct config *config, const struct document *document,
			  struct error *err)
{
	const struct section *update = document_section(document, SECTION_UPDATE, 0);
	bool is_written = section_entry(update, "manager") != NULL;

	for (size_t i = 0; i < config->host.service_count; i++) {
		const struct section *service = document_section(document, SECTION_SERVICE, i);
		int rc = config->host.manager == MANAGER_COMMAND
				 ? check_service_by_command(service, err)
				 : check_service_by_systemd(service, is_written, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int check_database(const struct config *config, const struct document *document,
			  size_t index, struct error *err)
{
	const struct origin *origin = origin_of(document, SECTION_DATABASE, index, "path");
	const char *path = config->host.databases[index].path;

	for (size_t i = 0; i < index; i++) {
		if (strcmp(path, config->host.databases[i].path) == 0) {
			return origin_error(origin, err,
					    "[database %.80s] has the same path; name a file once",
					    config->host.databases[i].name);
		}
	}
	for (size_t i = 0; i < config->host.artifact_count; i++) {
		if (beside_has(config->host.artifacts[i].install, path)) {
			return origin_error(
				origin, err,
				"[artifact %.80s] would be installed over this database",
				config->host.artifacts[i].name);
		}
	}
	return 0;
}

static int check_databases(const struct config *config, const struct document *document,
			   struct error *err)
{
	for (size_t i = 0; i < config->host.database_count; i++) {
		int rc = check_database(config, document, i, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* A command outside of plugins also runs before a release is there, and when the old one is put
 * back: what would have no value then, or another one than is meant, is found here. */
static int check_placeholders(const struct config *config, const struct key_row *row,
			      const struct entry *entry, struct error *err)
{
	const struct origin *origin = &entry->origin;

	if (strstr(entry->value, "{stage}") != NULL) {
		return origin_error(origin, err,
				    "'%s' cannot use {stage}, which only plugins have; write where "
				    "the file is installed",
				    entry->key);
	}
	if (strstr(entry->value, "{version}") != NULL && !row->has_version) {
		return origin_error(origin, err,
				    "'%s' cannot use {version}: it also runs while that is not "
				    "known",
				    entry->key);
	}
	if (strstr(entry->value, "{database}") != NULL && config->host.database_count != 1) {
		return origin_error(origin, err,
				    "{database} is the one [database NAME], and there are %zu; "
				    "write the path",
				    config->host.database_count);
	}
	return 0;
}

static int check_commands_of(const struct config *config, const struct section *section,
			     struct error *err)
{
	for (size_t i = 0; i < section->entry_count; i++) {
		const struct entry *entry = &section->entries[i];
		const struct key_row *row = key_find(section->kind, entry->key);
		int rc = row != NULL && row->type == VALUE_COMMAND
				 ? check_placeholders(config, row, entry, err)
				 : 0;

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int check_commands(const struct config *config, const struct document *document,
			  struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < document->section_count && rc == 0; i++) {
		rc = check_commands_of(config, &document->sections[i], err);
	}
	return rc;
}

static const rule rules[] = {
	check_there_is_something, check_install_paths, check_binaries,
	check_managers,           check_databases,     check_commands,
};

int config_check(const struct config *config, const struct document *document, struct error *err)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		int rc = rules[i](config, document, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}
