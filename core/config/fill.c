/*
 * fill.c - values, defaults and required keys, all by walking the table of keys.
 *
 * Section by section in the order of their kinds, so that what a later kind takes its default
 * from ([preflight] timeout) was judged before.
 */
#include "config/fill.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"
#include "config/defaults.h"
#include "config/values.h"

/* Where in struct config the sections of a kind are listed. size 0: there is one, config itself. */
struct list_row {
	size_t items;
	size_t count;
	size_t size;
	size_t name; /* in an item */
};

#define LIST(type, member)                                                                         \
	{                                                                                          \
		.items = offsetof(struct config, member##s),                                       \
		.count = offsetof(struct config, member##_count), .size = sizeof(struct type),     \
		.name = offsetof(struct type, name)                                                \
	}

static const struct list_row lists[SECTION_KINDS] = {
	[SECTION_ARTIFACT] = LIST(artifact, host.artifact),
	[SECTION_SERVICE] = LIST(service, host.service),
	[SECTION_DATABASE] = LIST(database, host.database),
	[SECTION_PLUGIN] = LIST(plugin_config, plugin),
};

static void *member(void *base, size_t offset)
{
	return (char *)base + offset;
}

/* The struct that the members of a section are in: config itself, or an item of its list. */
static void *section_base(struct config *config, enum section_kind kind, size_t index)
{
	const struct list_row *list = &lists[kind];
	void **items = member(config, list->items);

	return list->size == 0 ? member(config, 0) : member(*items, index * list->size);
}

static int refuse_key(const struct section *section, const struct entry *entry, struct error *err)
{
	auto_buffer struct buffer hint = BUFFER_INIT(LIMIT_CONFIG_LINE);
	char label[SECTION_LABEL_MAX];

	if (key_suggest(section->kind, entry->key, &hint) < 0) {
		return error_no_memory(err);
	}
	return origin_error(&entry->origin, err, "unknown key '%s' in %s: %s", entry->key,
			    section_label(section, label), buffer_text(&hint));
}

/* A key that only the plugin knows. */
static int store_option(struct plugin_config *plugin, const struct entry *entry, struct error *err)
{
	int rc = value_check_comment(entry->value, err);

	if (rc < 0) {
		return error_prefix(err, "%s:%u: %s = %.80s", entry->origin.file,
				    entry->origin.line, entry->key, entry->value);
	}
	return pairs_set(&plugin->options, entry->key, entry->value) < 0 ? error_no_memory(err) : 0;
}

static int store_entry(const struct config *config, const struct section *section,
		       const struct entry *entry, void *base, struct error *err)
{
	const struct key_row *row = key_find(section->kind, entry->key);

	if (row == NULL && section_rows[section->kind].open) {
		return store_option(base, entry, err);
	}
	if (row == NULL) {
		return refuse_key(section, entry, err);
	}
	if (value_store(row, entry->value, config->host.root, base, err) < 0) {
		return error_prefix(err, "%s:%u", entry->origin.file, entry->origin.line);
	}
	return 0;
}

static int store_default(const struct config *config, const struct document *document,
			 const struct key_row *row, void *base, struct error *err)
{
	const char *root = row->rootless_default ? "" : config->host.root;
	auto_free char *text = NULL;
	int rc = default_text(row, document, config->host.root, &text, err);

	if (rc < 0 || text == NULL) {
		return rc;
	}
	return value_store(row, text, root, base, err);
}

/* The keys that the section (NULL: it is not in the file) does not have. */
static int fill_rest(const struct config *config, const struct document *document,
		     enum section_kind kind, const struct section *section, void *base,
		     struct error *err)
{
	char label[SECTION_LABEL_MAX];

	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		if (row->kind != kind || section_entry(section, row->name) != NULL) {
			continue;
		}
		if (row->required && section != NULL) {
			return origin_error(section_blame(section, row->name), err,
					    "%s needs the key '%s': %s",
					    section_label(section, label), row->name, row->help);
		}
		int rc = store_default(config, document, row, base, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* A key that a drop-in takes out has to exist all the same. */
static int check_resets(const struct section *section, struct error *err)
{
	for (size_t i = 0; i < section->reset_count; i++) {
		if (key_find(section->kind, section->resets[i].key) == NULL &&
		    !section_rows[section->kind].open) {
			return refuse_key(section, &section->resets[i], err);
		}
	}
	return 0;
}

static int fill_section(struct config *config, const struct document *document,
			enum section_kind kind, size_t index, struct error *err)
{
	const struct section *section = document_section(document, kind, index);
	void *base = section_base(config, kind, index);
	int rc = section != NULL ? check_resets(section, err) : 0;

	for (size_t i = 0; section != NULL && i < section->entry_count && rc == 0; i++) {
		rc = store_entry(config, section, &section->entries[i], base, err);
	}
	return rc < 0 ? rc : fill_rest(config, document, kind, section, base, err);
}

/* The list of all sections of a kind, with nothing but their names yet. */
static int make_list(struct config *config, const struct document *document, enum section_kind kind,
		     struct error *err)
{
	const struct list_row *list = &lists[kind];
	const struct section *section;
	void **items = member(config, list->items);
	size_t *filled = member(config, list->count);
	size_t count = 0;

	while (document_section(document, kind, count) != NULL) {
		count++;
	}
	*items = calloc(count + 1, list->size);
	if (*items == NULL) {
		return error_no_memory(err);
	}
	while ((section = document_section(document, kind, *filled)) != NULL) {
		char **name = member(section_base(config, kind, *filled), list->name);

		*name = strdup(section->name);
		if (*name == NULL) {
			return error_no_memory(err);
		}
		(*filled)++;
	}
	return 0;
}

static int fill_kind(struct config *config, const struct document *document, enum section_kind kind,
		     struct error *err)
{
	const struct list_row *list = &lists[kind];
	size_t count = 1;

	if (list->size > 0) {
		int rc = make_list(config, document, kind, err);

		if (rc < 0) {
			return rc;
		}
		count = *(size_t *)member(config, list->count);
	}
	for (size_t i = 0; i < count; i++) {
		int rc = fill_section(config, document, kind, i, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int config_fill(struct config *config, const struct document *document, struct error *err)
{
	for (unsigned kind = 0; kind < SECTION_KINDS; kind++) {
		int rc = fill_kind(config, document, (enum section_kind)kind, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}
