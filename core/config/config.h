/*
 * config.h - the INI file and its drop-ins as data.
 *
 * A table of keys (config/keys.c) says for each section which keys there are, their type and
 * default; loading, checking, the sample file's test and the documentation walk the same table.
 * Every error names file and line.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/command.h"
#include "base/error.h"
#include "base/text.h"
#include "config/search.h"
#include "model/host.h"
#include "model/subject.h"

enum sandbox {
	SANDBOX_BEST,
	SANDBOX_REQUIRED,
};

enum plugin_on_error {
	ON_ERROR_BLOCK,
	ON_ERROR_ATTENTION,
	ON_ERROR_IGNORE,
};

struct plugin_config {
	char *name;
	bool enabled;
	bool required;
	uint64_t timeout_ms; /* [preflight]'s unless it has its own */
	enum plugin_on_error on_error;
	bool grant_network;
	bool grant_root;
	bool last;            /* asked after all others */
	bool waivable;        /* --waive may pass over its "busy" */
	struct pairs options; /* whatever else the section has; the plugin declares it */
	const char *file;     /* and line where its section begins, for messages */
	unsigned line;
};

struct document;

struct config {
	char *path; /* of the main file; of the first drop-in when there is none */
	struct sources sources;

	struct host host; /* what is updated */

	char *product;
	struct strings manifests; /* URLs, in the order they are tried */
	char *keys;               /* directory or file; root in front */
	struct command installed;
	char *state_dir;
	char *status_file;
	struct command after; /* a run has ended */
	char *staging_dir;    /* NULL: beside the first artifact */
	uint64_t max_tarball;
	uint64_t download_timeout_ms;
	uint64_t min_rate;
	uint64_t min_rate_window_ms;
	uint64_t connect_timeout_ms;
	uint64_t retries;
	char *proxy;
	char *ca_file;
	char *authorization_file;
	uint64_t keep_snapshots;

	char *plugin_dir;
	uint64_t plugin_timeout_ms;
	enum sandbox sandbox;
	char *plugin_user;
	struct plugin_config *plugins;
	size_t plugin_count;

	struct document *document; /* the files' lines, for config_visit() and messages */
};

/*
 * Loads path and the drop-ins of PATH.d, or, when path is NULL, what search_standard finds. root
 * (NULL or "": none) is put in front of path values, not of path itself. Run as root, the files
 * and the directories looked into must pass trust_check_chain(). *ret is freed with config_free().
 * -EINVAL for everything a person must mend in a file, with "FILE:LINE: " in front; CONFIG_NONE
 * when nothing was named and there is none; errno values of open(2) for the files themselves.
 */
#define CONFIG_NONE (-ENODATA)
MUST_CHECK int config_load(const char *path, const char *root, struct config **ret,
			   struct error *err);
void config_free(struct config *config);

#define auto_config __attribute__((cleanup(config_cleanup)))
void config_cleanup(struct config **config);

const struct plugin_config *config_plugin(const struct config *config, const char *name);

/* One value that is in force, as the file writes it. */
struct config_value {
	const char *section; /* "update", "artifact", … */
	const char *name;    /* the section's; NULL when its kind has none */
	const char *key;
	const char *text; /* without the root; NULL: unset, and that is the default */
	const char *file; /* NULL: the default */
	unsigned line;
};

/*
 * Calls visit for every key of every section, those left at their default too: sections in the
 * order of the file, then the ones it does not have; keys in the order of the table, then a
 * plugin's own. Stops at the first result that is not 0 and returns it.
 */
typedef int (*config_visitor)(void *data, const struct config_value *value);
int config_visit(const struct config *config, config_visitor visit, void *data);

#endif
