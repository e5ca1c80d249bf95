/*
 * document.h - an INI file, or several merged, as sections and keys, each with where it stands.
 *
 * Values are still text. Within one file a section and a key of a section exist once; who adds a
 * second one gets an error that names the first. Between files the later one wins.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "config/keys.h"

struct origin {
	const char *file; /* one of the document's */
	unsigned line;    /* from 1 on */
};

struct entry {
	char *key;
	char *value;
	struct origin origin;
};

struct section {
	enum section_kind kind;
	char *name; /* "" when its kind has none */
	struct origin origin;
	struct entry *entries;
	size_t entry_count;
	struct entry *resets; /* keys a drop-in took out, without value; a later one may be back */
	size_t reset_count;
};

struct document {
	char *file;            /* as messages call it; of several the main one */
	unsigned lines;        /* of file */
	struct strings merged; /* the others */
	struct section *sections;
	size_t section_count;
};

/* An empty document; -ENOMEM. */
MUST_CHECK int document_init(struct document *document, const char *file, struct error *err);
void document_finish(struct document *document);
#define auto_document __attribute__((cleanup(document_finish)))

/* Both copy their texts. -EINVAL: there twice, or too many of them. */
MUST_CHECK int document_add_section(struct document *document, enum section_kind kind,
				    const char *name, unsigned line, struct error *err);
MUST_CHECK int document_add_entry(struct document *document, const char *key, const char *value,
				  unsigned line, struct error *err); /* to the last section */

/*
 * Merges a drop-in: its keys take the place of document's, an empty value takes its key out, so
 * that the default is in force, and sections that document does not have are added behind the
 * others. Both keep to the limits of one file: -EINVAL. drop_in is only good for finishing then.
 */
MUST_CHECK int document_merge(struct document *document, struct document *drop_in,
			      struct error *err);

/* The index-th section of this kind, or the key of a section (which may be NULL); NULL: none. */
const struct section *document_section(const struct document *document, enum section_kind kind,
				       size_t index);
const struct entry *section_entry(const struct section *section, const char *key);

/* What to blame for the lack of a key: the line that took it out, else the section. */
const struct origin *section_blame(const struct section *section, const char *key);

/* "[artifact bangerd]" */
#define SECTION_LABEL_MAX 280
const char *section_label(const struct section *section, char text[SECTION_LABEL_MAX]);

/* error_set() with -EINVAL and "FILE:LINE: " in front. */
MUST_CHECK int origin_error(const struct origin *origin, struct error *err, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
