/*
 * document.c - sections and keys in the order of the files, found again by name.
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

static void entry_finish(struct entry *entry)
{
	free(entry->key);
	free(entry->value);
	*entry = (struct entry){0};
}

static void entries_finish(struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		entry_finish(&entries[i]);
	}
	free(entries);
}

static void section_finish(struct section *section)
{
	entries_finish(section->entries, section->entry_count);
	entries_finish(section->resets, section->reset_count);
	free(section->name);
}

void document_finish(struct document *document)
{
	for (size_t i = 0; i < document->section_count; i++) {
		section_finish(&document->sections[i]);
	}
	free(document->sections);
	strings_finish(&document->merged);
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

static struct section *find_section(const struct document *document, enum section_kind kind,
				    const char *name)
{
	for (size_t i = 0; i < document->section_count; i++) {
		struct section *section = &document->sections[i];

		if (section->kind == kind && strcmp(section->name, name) == 0) {
			return section;
		}
	}
	return NULL;
}

static int check_section_count(const struct document *document, const struct section *added,
			       struct error *err)
{
	const struct section_row *row = &section_rows[added->kind];

	if (document_section(document, added->kind, row->maximum - 1) != NULL) {
		return origin_error(&added->origin, err, "there are more than %zu [%s] sections",
				    row->maximum, row->word);
	}
	return 0;
}

/* Moves added behind the others. */
static int append_section(struct document *document, struct section *added, struct error *err)
{
	size_t count = document->section_count;
	struct section *sections;
	int rc = check_section_count(document, added, err);

	if (rc < 0) {
		return rc;
	}
	sections = reallocarray(document->sections, count + 1, sizeof(*sections));
	if (sections == NULL) {
		return error_no_memory(err);
	}
	document->sections = sections;
	sections[document->section_count++] = *added;
	*added = (struct section){0};
	return 0;
}

int document_add_section(struct document *document, enum section_kind kind, const char *name,
			 unsigned line, struct error *err)
{
	const struct section *other = find_section(document, kind, name);
	struct section added = {.kind = kind, .origin = {.file = document->file, .line = line}};
	char label[SECTION_LABEL_MAX];
	int rc;

	if (other != NULL) {
		return origin_error(&added.origin, err,
				    "%s is there already, in line %u; put its keys there",
				    section_label(other, label), other->origin.line);
	}
	added.name = strdup(name);
	rc = added.name != NULL ? append_section(document, &added, err) : error_no_memory(err);
	section_finish(&added);
	return rc;
}

static struct entry *find_entry(struct entry *entries, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(entries[i].key, key) == 0) {
			return &entries[i];
		}
	}
	return NULL;
}

/* Moves entry to the place of the one with its key, or behind the others. */
static int put_entry(const struct section *section, struct entry **entries, size_t *count,
		     struct entry *entry, struct error *err)
{
	struct entry *place = find_entry(*entries, *count, entry->key);
	char label[SECTION_LABEL_MAX];

	if (place == NULL && *count >= LIMIT_CONFIG_KEYS) {
		return origin_error(&entry->origin, err, "%s has more than %u keys",
				    section_label(section, label), LIMIT_CONFIG_KEYS);
	}
	if (place == NULL) {
		struct entry *longer = reallocarray(*entries, *count + 1, sizeof(*longer));

		if (longer == NULL) {
			return error_no_memory(err);
		}
		*entries = longer;
		place = &longer[(*count)++];
		*place = (struct entry){0};
	}
	entry_finish(place);
	*place = *entry;
	*entry = (struct entry){0};
	return 0;
}

int document_add_entry(struct document *document, const char *key, const char *value, unsigned line,
		       struct error *err)
{
	struct entry added = {.origin = {.file = document->file, .line = line}};
	const struct entry *other;
	struct section *section;
	char label[SECTION_LABEL_MAX];
	int rc;

	if (document->section_count == 0) {
		return origin_error(&added.origin, err,
				    "'%s' stands in front of the first [section]", key);
	}
	section = &document->sections[document->section_count - 1];
	other = section_entry(section, key);
	if (other != NULL) {
		return origin_error(&added.origin, err, "%s has '%s' already, in line %u; keep one",
				    section_label(section, label), key, other->origin.line);
	}
	added.key = strdup(key);
	added.value = strdup(value);
	rc = added.key != NULL && added.value != NULL
		     ? put_entry(section, &section->entries, &section->entry_count, &added, err)
		     : error_no_memory(err);
	entry_finish(&added);
	return rc;
}

static void remove_entry(struct section *section, const char *key)
{
	struct entry *entry = find_entry(section->entries, section->entry_count, key);

	if (entry != NULL) {
		entry_finish(entry);
		section->entry_count--;
		for (; entry < section->entries + section->entry_count; entry++) {
			entry[0] = entry[1];
		}
	}
}

static int merge_entry(struct section *section, struct entry *entry, struct error *err)
{
	if (entry->value[0] != '\0') {
		return put_entry(section, &section->entries, &section->entry_count, entry, err);
	}
	remove_entry(section, entry->key);
	return put_entry(section, &section->resets, &section->reset_count, entry, err);
}

/* The section that from is merged into; a new one at the end when there is none. */
static int make_section(struct document *document, const struct section *from, struct section **ret,
			struct error *err)
{
	struct section *section = find_section(document, from->kind, from->name);

	if (section == NULL) {
		struct section added = {.kind = from->kind, .origin = from->origin};

		added.name = strdup(from->name);
		int rc = added.name != NULL ? append_section(document, &added, err)
					    : error_no_memory(err);

		section_finish(&added);
		if (rc < 0) {
			return rc;
		}
		section = &document->sections[document->section_count - 1];
	}
	*ret = section;
	return 0;
}

static int merge_section(struct document *document, struct section *from, const char *file,
			 struct error *err)
{
	struct section *section = NULL;
	int rc;

	from->origin.file = file;
	rc = make_section(document, from, &section, err);
	for (size_t i = 0; i < from->entry_count && rc == 0; i++) {
		from->entries[i].origin.file = file;
		rc = merge_entry(section, &from->entries[i], err);
	}
	return rc;
}

int document_merge(struct document *document, struct document *drop_in, struct error *err)
{
	int rc = strings_add(&document->merged, drop_in->file);

	if (rc < 0) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < drop_in->section_count && rc == 0; i++) {
		rc = merge_section(document, &drop_in->sections[i],
				   document->merged.items[document->merged.count - 1], err);
	}
	return rc;
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
	return section != NULL ? find_entry(section->entries, section->entry_count, key) : NULL;
}

const struct origin *section_blame(const struct section *section, const char *key)
{
	const struct entry *reset = find_entry(section->resets, section->reset_count, key);

	return reset != NULL ? &reset->origin : &section->origin;
}
