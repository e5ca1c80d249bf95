/*
 * defaults.c - constant defaults from the table, and the few that depend on something.
 *
 * They are texts, so that what is in force and what config_visit() shows come from one place.
 */
#include "config/defaults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/guard.h"

#define STATE_PARENT  "/var/lib/banger-update"
#define STATUS_PARENT "/run/banger-update"

/* sd_booted(3): this directory exists where systemd is the init system, and nowhere else. */
#define SYSTEMD_MARK "/run/systemd/system"

static int copy_text(const char *text, char **ret)
{
	*ret = text != NULL ? strdup(text) : NULL;
	return text != NULL && *ret == NULL ? -ENOMEM : 0;
}

/* parent/PRODUCT and suffix; nothing without a product. */
static int name_after_product(const struct document *document, const char *parent,
			      const char *suffix, char **ret)
{
	const struct section *update = document_section(document, SECTION_UPDATE, 0);
	const struct entry *product = section_entry(update, "product");

	if (product == NULL) {
		return copy_text(NULL, ret);
	}
	if (asprintf(ret, "%s/%s%s", parent, product->value, suffix) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

int default_state_dir(const struct document *document, const char *root, char **ret)
{
	(void)root;
	return name_after_product(document, STATE_PARENT, "", ret);
}

int default_status_file(const struct document *document, const char *root, char **ret)
{
	(void)root;
	return name_after_product(document, STATUS_PARENT, ".json", ret);
}

int default_manager(const struct document *document, const char *root, char **ret)
{
	auto_free char *mark = path_join(root, SYSTEMD_MARK);
	struct stat st;

	(void)document;
	if (mark == NULL) {
		return -ENOMEM;
	}
	return copy_text(lstat(mark, &st) == 0 && S_ISDIR(st.st_mode) ? "systemd" : "command", ret);
}

int default_plugin_timeout(const struct document *document, const char *root, char **ret)
{
	const struct section *preflight = document_section(document, SECTION_PREFLIGHT, 0);
	const struct entry *timeout = section_entry(preflight, "timeout");

	(void)root;
	return copy_text(timeout != NULL ? timeout->value
					 : key_find(SECTION_PREFLIGHT, "timeout")->fallback,
			 ret);
}

int default_text(const struct key_row *row, const struct document *document, const char *root,
		 char **ret, struct error *err)
{
	int rc = row->derive != NULL ? row->derive(document, root, ret)
				     : copy_text(row->fallback, ret);

	return rc < 0 ? error_no_memory(err) : 0;
}
