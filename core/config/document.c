/*
 * document.c - sections and keys in the order of the file, found again by name.
 *
 * All searches are linear: LIMIT_CONFIG and the limits of sections and keys bound them.
 */
#include "config/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"

int document_init(struct document *document, const char *file, struct error *err)
{
	char *copy = strdup(file);

	if (copy == NULL) {
		return error_no_memory(err);
	}
	*document = (struct document){.file = copy};
	return 0;
}

static void section_finish(struct section *section)
{
	for (size_t i = 0; i < section->entry_count; i++) {
		free(section->entries[i].key);
		free(section->entries[i].value);
	}
	free(section->entries);
	free(section->name);
}

void document_finish(struct document *document)
{
	for (size_t i = 0; i < document->section_count; i++) {
		section_finish(&document->sections[i]);
	}
	free(document->sections);
	free(document->file);
	*document = (struct document){0};
}

int origin_error(const struct origin *origin, struct error *err, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return error_set(err, -EINVAL, "%s:%u: %s", origin->file, origin->line, text);
}

const char *section_label(const struct section *section, char text[SECTION_LABEL_MAX])
{
	(void)snprintf(text, SECTION_LABEL_MAX, "[%s%s%s]", section_rows[section->kind].word,
		       section->name[0] == '\0' ? "" : " ", section->name);
	return text;
}

/* Refuses a section that is there already, or one too many of its kind. */
static int check_new_section(const struct document *document, const struct section *added,
			     struct error *err)
{
	size_t maximum = section_rows[added->kind].maximum;
	char label[SECTION_LABEL_MAX];
	size_t same_kind = 0;

	for (size_t i = 0; i < document->section_count; i++) {
		const struct section *section = &document->sections[i];

		if (section->kind != added->kind) {
			continue;
		}
		same_kind++;
		if (strcmp(section->name, added->name) == 0) {
			return origin_error(&added->origin, err,
					    "%s is there already, in line %u; put its keys there",
					    section_label(added, label), section->origin.line);
		}
	}
	if (same_kind >= maximum) {
		return origin_error(&added->origin, err, "there are more than %zu [%s] sections",
				    maximum, section_rows[added->kind].word);
	}
	return 0;
}

int document_add_section(struct document *document, enum section_kind kind, const char *name,
			 unsigned line, struct error *err)
{
	auto_free char *copy = strdup(name);
	struct section *sections;
	struct section added;
	int rc;

	if (copy == NULL) {
		return error_no_memory(err);
	}
	added = (struct section){.kind = kind,
				 .name = copy,
				 .origin = {.file = document->file, .line = line}};
	rc = check_new_section(document, &added, err);
	if (rc < 0) {
		return rc;
	}
	sections = reallocarray(document->sections, document->section_count + 1, sizeof(*sections));
	if (sections == NULL) {
		return error_no_memory(err);
	}
	added.name = take_pointer(&copy);
	sections[document->section_count++] = added;
	document->sections = sections;
	return 0;
}

static int check_new_entry(const struct section *section, const char *key,
			   const struct origin *origin, struct error *err)
{
	const struct entry *other = section_entry(section, key);
	char label[SECTION_LABEL_MAX];

	if (other != NULL) {
		return origin_error(origin, err, "%s has '%s' already, in line %u; keep one",
				    section_label(section, label), key, other->origin.line);
	}
	if (section->entry_count >= LIMIT_CONFIG_KEYS) {
		return origin_error(origin, err, "%s has more than %u keys",
				    section_label(section, label), LIMIT_CONFIG_KEYS);
	}
	return 0;
}

int document_add_entry(struct document *document, const char *key, const char *value, unsigned line,
		       struct error *err)
{
	struct origin origin = {.file = document->file, .line = line};
	auto_free char *key_copy = strdup(key);
	auto_free char *value_copy = strdup(value);
	struct section *section;
	struct entry *entries;
	int rc;

	if (document->section_count == 0) {
		return origin_error(&origin, err, "'%s' stands in front of the first [section]",
				    key);
	}
	section = &document->sections[document->section_count - 1];
	rc = check_new_entry(section, key, &origin, err);
	if (rc < 0) {
		return rc;
	}
	entries = reallocarray(section->entries, section->entry_count + 1, sizeof(*entries));
	if (entries != NULL) {
		section->entries = entries;
	}
	if (entries == NULL || key_copy == NULL || value_copy == NULL) {
		return error_no_memory(err);
	}
	entries[section->entry_count++] = (struct entry){
		.key = take_pointer(&key_copy),
		.value = take_pointer(&value_copy),
		.origin = origin,
	};
	return 0;
}

const struct section *document_section(const struct document *document, enum section_kind kind,
				       size_t index)
{
	for (size_t i = 0; i < document->section_count; i++) {
		if (document->sections[i].kind == kind && index-- == 0) {
			return &document->sections[i];
		}
	}
	return NULL;
}

const struct entry *section_entry(const struct section *section, const char *key)
{
	for (size_t i = 0; section != NULL && i < section->entry_count; i++) {
		if (strcmp(section->entries[i].key, key) == 0) {
			return &section->entries[i];
		}
	}
	return NULL;
}
