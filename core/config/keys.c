/*
 * keys.c - what the INI may say, as data: the sections and their keys.
 *
 * Defaults and bounds are written as in the file and go through the same parser as its values, so
 * that they can be shown and cannot differ from what the documentation says.
 */
#include "config/keys.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "config/config.h"
#include "config/defaults.h"

#define A_DAY "24h"

const struct section_row section_rows[SECTION_KINDS] = {
	[SECTION_UPDATE] = {.word = "update", .maximum = 1},
	[SECTION_ARTIFACT] = {.word = "artifact",
			      .letters = "._+-",
			      .name_max = 255,
			      .maximum = LIMIT_ARTIFACTS},
	[SECTION_SERVICE] = {.word = "service",
			     .letters = ":_.@\\-",
			     .name_max = 255,
			     .maximum = LIMIT_SERVICES},
	[SECTION_DATABASE] = {.word = "database",
			      .letters = "._-",
			      .name_max = 64,
			      .maximum = LIMIT_DATABASES},
	[SECTION_HEALTH] = {.word = "health", .maximum = 1},
	[SECTION_PREFLIGHT] = {.word = "preflight", .maximum = 1},
	[SECTION_PLUGIN] = {.word = "plugin",
			    .letters = "._+-",
			    .name_max = 252, /* NAME.so is a file name */
			    .maximum = LIMIT_PLUGINS,
			    .open = true},
};

static const struct word release_schemes[] = {
	{"https://", 0}, {"http://", 0}, {"file:///", 0}, {0}};

static const struct word proxy_schemes[] = {
	{"http://", 0}, {"https://", 0}, {"socks5://", 0}, {"socks5h://", 0}, {0}};

static const struct word managers[] = {{"systemd", MANAGER_SYSTEMD},
				       {"command", MANAGER_COMMAND},
				       {0}};

static const struct word yes_no[] = {{"yes", true}, {"no", false}, {0}};

static const struct word missing_words[] = {{"error", false}, {"ok", true}, {0}};

static const struct word rollback_words[] = {{"if-changed", ROLLBACK_IF_CHANGED},
					     {"always", ROLLBACK_ALWAYS},
					     {"never", ROLLBACK_NEVER},
					     {0}};

static const struct word sandbox_words[] = {{"best", SANDBOX_BEST},
					    {"required", SANDBOX_REQUIRED},
					    {0}};

static const struct word on_error_words[] = {{"block", ON_ERROR_BLOCK},
					     {"attention", ON_ERROR_ATTENTION},
					     {"ignore", ON_ERROR_IGNORE},
					     {0}};

static const struct word grant_words[] = {{"network",
					   offsetof(struct plugin_config, grant_network)},
					  {"root", offsetof(struct plugin_config, grant_root)},
					  {0}};

#define OF_UPDATE(member)   .kind = SECTION_UPDATE, .offset = offsetof(struct config, member)
#define OF_ARTIFACT(member) .kind = SECTION_ARTIFACT, .offset = offsetof(struct artifact, member)
#define OF_SERVICE(member)  .kind = SECTION_SERVICE, .offset = offsetof(struct service, member)
#define OF_DATABASE(member) .kind = SECTION_DATABASE, .offset = offsetof(struct database, member)
#define OF_HEALTH(member)                                                                          \
	.kind = SECTION_HEALTH, .offset = offsetof(struct config, host.health.member)
#define OF_PREFLIGHT(member) .kind = SECTION_PREFLIGHT, .offset = offsetof(struct config, member)
#define OF_PLUGIN(member)    .kind = SECTION_PLUGIN, .offset = offsetof(struct plugin_config, member)

const struct key_row key_rows[] = {
	{"product", OF_UPDATE(product), .type = VALUE_PRODUCT, .required = true,
	 .help = "what is updated; the first part of its tarballs' names"},
	{"manifest", OF_UPDATE(manifests), .type = VALUE_URLS, .required = true,
	 .words = release_schemes,
	 .help = "where the list of releases is; several addresses are tried in order"},
	{"keys", OF_UPDATE(keys), .type = VALUE_PATH, .required = true,
	 .help = "public keys that may sign a release: a file, or a directory of NAME.pub"},
	{"installed", OF_UPDATE(installed), .type = VALUE_COMMAND,
	 .help = "prints the installed version, for when the journal does not know it"},
	{"state_dir", OF_UPDATE(state_dir), .type = VALUE_PATH, .derive = default_state_dir,
	 .fallback = "/var/lib/banger-update/PRODUCT", .help = "journal, snapshots and lock"},
	{"status_file", OF_UPDATE(status_file), .type = VALUE_PATH, .derive = default_status_file,
	 .fallback = "/run/banger-update/PRODUCT.json",
	 .help = "what `status` tells who may not read the journal"},
	{"after", OF_UPDATE(after), .type = VALUE_COMMAND, .may_be_empty = true,
	 .has_version = true,
	 .help = "run after each finished run, for mail or metrics; it can change nothing"},
	{"staging_dir", OF_UPDATE(staging_dir), .type = VALUE_PATH,
	 .help = "where a release is unpacked; unset: beside the first artifact"},
	{"manager", OF_UPDATE(host.manager), .type = VALUE_WORD, .words = managers,
	 .derive = default_manager, .fallback = "systemd",
	 .help = "what starts services; unset: systemd where it runs"},
	{"max_tarball", OF_UPDATE(max_tarball), .type = VALUE_SIZE, .fallback = "256MiB",
	 .least = "1KiB", .most = "64GiB", .help = "a larger download is refused"},
	{"download_timeout", OF_UPDATE(download_timeout_ms), .type = VALUE_DURATION,
	 .fallback = "15min", .least = "1s", .most = A_DAY,
	 .help = "for all downloads from one address of manifest"},
	{"min_rate", OF_UPDATE(min_rate), .type = VALUE_SIZE, .fallback = "1KiB", .most = "1GiB",
	 .help = "bytes a second below which a download is given up; 0: never"},
	{"min_rate_window", OF_UPDATE(min_rate_window_ms), .type = VALUE_DURATION,
	 .fallback = "30s", .least = "1s", .most = "1h",
	 .help = "how long a download may stay below min_rate"},
	{"connect_timeout", OF_UPDATE(connect_timeout_ms), .type = VALUE_DURATION,
	 .fallback = "30s", .least = "100ms", .most = "1h", .help = "for one connection"},
	{"retries", OF_UPDATE(retries), .type = VALUE_NUMBER, .fallback = "3", .most = "10",
	 .help = "after a failed connection, a cut download or an overloaded server"},
	{"proxy", OF_UPDATE(proxy), .type = VALUE_URL, .words = proxy_schemes, .may_be_empty = true,
	 .help = "for downloads; the environment's proxies are not used"},
	{"ca_file", OF_UPDATE(ca_file), .type = VALUE_PATH,
	 .help = "certificates to trust for https; unset: the system's"},
	{"authorization_file", OF_UPDATE(authorization_file), .type = VALUE_PATH,
	 .help = "a header line for the server of the first address of manifest; a secret"},
	{"keep_snapshots", OF_UPDATE(keep_snapshots), .type = VALUE_NUMBER, .fallback = "2",
	 .least = "1", .most = "100", .help = "database snapshots kept after an update"},

	{"install", OF_ARTIFACT(install), .type = VALUE_PATH, .required = true,
	 .help = "the file that is replaced"},
	{"mode", OF_ARTIFACT(mode), .type = VALUE_MODE, .fallback = "keep",
	 .help = "keep: the replaced file's, 0755 for a new one, 0644 for a unit file"},
	{"owner", OF_ARTIFACT(owner), .type = VALUE_USER,
	 .help = "unset: the replaced file's, root for a new one"},
	{"group", OF_ARTIFACT(group), .type = VALUE_USER,
	 .help = "unset: the replaced file's, root for a new one"},

	{"binary", OF_SERVICE(binary), .type = VALUE_NAME,
	 .help = "the artifact its process must be running afterwards"},
	{"ready_timeout", OF_SERVICE(ready_timeout_ms), .type = VALUE_DURATION, .fallback = "30s",
	 .least = "1ms", .most = A_DAY, .help = "from start to ready"},
	{"stop_timeout", OF_SERVICE(stop_timeout_ms), .type = VALUE_DURATION, .fallback = "90s",
	 .least = "1ms", .most = A_DAY, .help = "from stop until its main process is gone"},
	{"keeps_children", OF_SERVICE(keeps_children), .type = VALUE_BOOL, .words = yes_no,
	 .fallback = "no", .help = "yes: processes it started may outlive it"},
	{"start", OF_SERVICE(start), .type = VALUE_COMMAND, .manager_command = true,
	 .help = "starts it and returns"},
	{"stop", OF_SERVICE(stop), .type = VALUE_COMMAND, .manager_command = true,
	 .help = "stops it"},
	{"status", OF_SERVICE(status), .type = VALUE_COMMAND, .manager_command = true,
	 .help = "exits with 0 once it is ready; unset: ready as soon as it runs"},
	{"pid_file", OF_SERVICE(pid_file), .type = VALUE_PATH, .manager_command = true,
	 .help = "holds its main process's number"},

	{"path", OF_DATABASE(path), .type = VALUE_PATH, .required = true,
	 .help = "the SQLite database file"},
	{"user", OF_DATABASE(user), .type = VALUE_USER,
	 .help = "who opens it; unset: the file's owner"},
	{"missing", OF_DATABASE(missing_ok), .type = VALUE_BOOL, .words = missing_words,
	 .fallback = "error", .help = "ok: the daemon makes it at its first start"},
	{"record", OF_DATABASE(record), .type = VALUE_TABLE, .fallback = "schema_migrations",
	 .help = "the table that lists applied migrations"},
	{"on_rollback", OF_DATABASE(on_rollback), .type = VALUE_WORD, .words = rollback_words,
	 .fallback = "if-changed", .help = "when the snapshot is put back: if its schema changed"},

	{"command", OF_HEALTH(command), .type = VALUE_COMMAND, .has_version = true,
	 .help = "exits with 0 when the new release works"},
	{"interval", OF_HEALTH(interval_ms), .type = VALUE_DURATION, .fallback = "1s",
	 .least = "10ms", .most = A_DAY, .help = "between two tries"},
	{"timeout", OF_HEALTH(timeout_ms), .type = VALUE_DURATION, .fallback = "60s",
	 .least = "1ms", .most = A_DAY, .help = "after which it counts as broken"},
	{"settle", OF_HEALTH(settle_ms), .type = VALUE_DURATION, .fallback = "5s", .most = A_DAY,
	 .help = "how long the services must stay up after that"},

	{"plugin_dir", OF_PREFLIGHT(plugin_dir), .type = VALUE_PATH, .rootless_default = true,
	 .fallback = BANGER_PLUGINDIR, .help = "every plugin in it is asked before an update"},
	{"timeout", OF_PREFLIGHT(plugin_timeout_ms), .type = VALUE_DURATION, .fallback = "30s",
	 .least = "1ms", .most = A_DAY, .help = "for one plugin"},
	{"sandbox", OF_PREFLIGHT(sandbox), .type = VALUE_WORD, .words = sandbox_words,
	 .fallback = "best", .help = "required: no plugin runs where the kernel cannot confine it"},
	{"user", OF_PREFLIGHT(plugin_user), .type = VALUE_USER,
	 .help = "whom plugins run as; unset: banger-update, else 65534"},

	{"enabled", OF_PLUGIN(enabled), .type = VALUE_BOOL, .words = yes_no, .fallback = "yes",
	 .help = "no: it is not asked"},
	{"required", OF_PLUGIN(required), .type = VALUE_BOOL, .words = yes_no, .fallback = "no",
	 .help = "yes: to skip is no answer"},
	{"timeout", OF_PLUGIN(timeout_ms), .type = VALUE_DURATION, .derive = default_plugin_timeout,
	 .fallback = "30s", .least = "1ms", .most = A_DAY, .help = "unset: that of [preflight]"},
	{"on_error", OF_PLUGIN(on_error), .type = VALUE_WORD, .words = on_error_words,
	 .fallback = "block", .help = "what it means when it could not find out"},
	{"last", OF_PLUGIN(last), .type = VALUE_BOOL, .words = yes_no, .fallback = "no",
	 .help = "yes: asked after all others, unless one of them has refused"},
	{"grant", .kind = SECTION_PLUGIN, .type = VALUE_FLAGS, .words = grant_words,
	 .may_be_empty = true, .help = "rights it may ask for: network, root"},
	{"waivable", OF_PLUGIN(waivable), .type = VALUE_BOOL, .words = yes_no, .fallback = "yes",
	 .help = "no: --waive does not pass over its busy"},

	{0},
};

const struct key_row *key_find(enum section_kind kind, const char *name)
{
	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		if (row->kind == kind && strcmp(row->name, name) == 0) {
			return row;
		}
	}
	return NULL;
}

int section_kind_find(const char *word, enum section_kind *ret)
{
	for (unsigned i = 0; i < SECTION_KINDS; i++) {
		if (strcmp(section_rows[i].word, word) == 0) {
			*ret = (enum section_kind)i;
			return 0;
		}
	}
	return -ENOENT;
}
