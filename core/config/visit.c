/*
 * visit.c - every value that is in force, with where it comes from.
 */
#include <errno.h>
#include <string.h>

#include "base/guard.h"
#include "config/config.h"
#include "config/defaults.h"
#include "config/document.h"

struct walk {
	const struct config *config;
	config_visitor visit;
	void *data;
};

static struct config_value value_of(enum section_kind kind, const struct section *section,
				    const struct entry *entry)
{
	struct config_value value = {.section = section_rows[kind].word};

	if (section != NULL && section->name[0] != '\0') {
		value.name = section->name;
	}
	if (entry != NULL) {
		value.key = entry->key;
		value.text = entry->value;
		value.file = entry->origin.file;
		value.line = entry->origin.line;
	}
	return value;
}

static int visit_key(const struct walk *walk, const struct key_row *row,
		     const struct section *section)
{
	const struct entry *entry = section_entry(section, row->name);
	struct config_value value = value_of(row->kind, section, entry);
	auto_free char *text = NULL;
	struct error err;

	if (entry == NULL) {
		int rc = default_text(row, walk->config->document, walk->config->host.root, &text,
				      &err);

		if (rc < 0) {
			return rc;
		}
		value.key = row->name;
		value.text = text;
	}
	return walk->visit(walk->data, &value);
}

/* section may be NULL: all defaults. */
static int visit_section(const struct walk *walk, enum section_kind kind,
			 const struct section *section)
{
	int rc = 0;

	for (const struct key_row *row = key_rows; row->name != NULL && rc == 0; row++) {
		/* What systemd does without is no default to be shown. */
		bool is_idle =
			row->manager_command && walk->config->host.manager != MANAGER_COMMAND;

		if (row->kind == kind && !is_idle) {
			rc = visit_key(walk, row, section);
		}
	}
	for (size_t i = 0; section != NULL && i < section->entry_count && rc == 0; i++) {
		if (key_find(kind, section->entries[i].key) == NULL) {
			struct config_value value = value_of(kind, section, &section->entries[i]);

			rc = walk->visit(walk->data, &value);
		}
	}
	return rc;
}

int config_visit(const struct config *config, config_visitor visit, void *data)
{
	struct walk walk = {.config = config, .visit = visit, .data = data};
	const struct document *document = config->document;
	int rc = 0;

	for (size_t i = 0; i < document->section_count && rc == 0; i++) {
		rc = visit_section(&walk, document->sections[i].kind, &document->sections[i]);
	}
	for (unsigned i = 0; i < SECTION_KINDS && rc == 0; i++) {
		enum section_kind kind = (enum section_kind)i;

		if (section_rows[kind].letters == NULL &&
		    document_section(document, kind, 0) == NULL) {
			rc = visit_section(&walk, kind, NULL);
		}
	}
	return rc;
}
