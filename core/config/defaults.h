/*
 * defaults.h - the default of a key, as the file would write it.
 */
#ifndef CONFIG_DEFAULTS_H
#define CONFIG_DEFAULTS_H

#include "base/error.h"
#include "config/document.h"
#include "config/keys.h"

/* For the rows of the table, see default_derivation. */
int default_state_dir(const struct document *document, const char *root, char **ret);
int default_status_file(const struct document *document, const char *root, char **ret);
int default_manager(const struct document *document, const char *root, char **ret);
int default_plugin_timeout(const struct document *document, const char *root, char **ret);

/* What the row's key is when it is not written; NULL: unset. The caller frees it. */
MUST_CHECK int default_text(const struct key_row *row, const struct document *document,
			    const char *root, char **ret, struct error *err);

#endif
