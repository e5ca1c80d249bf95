/*
 * reader.h - the bytes of an INI file -> a document.
 *
 * Knows lines, comments, headers and "key = value", and which sections exist; not which keys.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <stddef.h>

#include "base/error.h"
#include "config/document.h"

/*
 * Adds the sections and keys of bytes to document (made by document_init()). Lines end with LF or
 * CRLF; a byte order mark at the very beginning is skipped. -EINVAL with "FILE:LINE: " in front
 * for the first line that is not as it should be. Not for two threads at once: inih's options are
 * global.
 */
MUST_CHECK int reader_read(struct document *document, const char *bytes, size_t length,
			   struct error *err);

#endif
