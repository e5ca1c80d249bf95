/*
 * document.h - an INI file as its sections and keys, each with where it stands.
 *
 * Values are still text. Within one file a section and a key of a section exist once; who adds a
 * second one gets an error that names the first.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stddef.h>

#include "base/error.h"
#include "config/keys.h"

struct origin {
	const char *file; /* the document's */
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
};

struct document {
	char *file; /* as messages call it */
	unsigned lines;
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

/* The index-th section of this kind, or the key of a section (which may be NULL); NULL: none. */
const struct section *document_section(const struct document *document, enum section_kind kind,
				       size_t index);
const struct entry *section_entry(const struct section *section, const char *key);

/* "[artifact bangerd]" */
#define SECTION_LABEL_MAX 280
const char *section_label(const struct section *section, char text[SECTION_LABEL_MAX]);

/* error_set() with -EINVAL and "FILE:LINE: " in front. */
MUST_CHECK int origin_error(const struct origin *origin, struct error *err, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
