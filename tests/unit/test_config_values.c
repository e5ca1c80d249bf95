/*
 * test_config_values.c - each type of value: what it accepts, what it becomes, how it refuses.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "config/config.h"
#include "config/values.h"

static struct error err;

static int store(enum section_kind kind, const char *key, const char *text, void *base)
{
	const struct key_row *row = key_find(kind, key);

	cr_assert(row != NULL, "there is no key %s", key);
	return value_store(row, text, "/root", base, &err);
}

static void accept(enum section_kind kind, const char *key, const char *text, void *base)
{
	cr_assert(store(kind, key, text, base) == 0, "%s", err.text);
}

static void refuse(enum section_kind kind, const char *key, const char *text, const char *part)
{
	union {
		struct config config;
		struct artifact artifact;
		struct service service;
		struct database database;
		struct plugin_config plugin;
	} base, before;
	char *position = NULL;

	memset(&base, 0, sizeof(base));
	before = base;
	cr_assert(store(kind, key, text, &base) == -EINVAL, "%s = %s passed", key, text);
	cr_assert(memcmp(&base, &before, sizeof(base)) == 0, "%s = %s left traces", key, text);
	cr_assert(asprintf(&position, "%s = %.80s: ", key, text) > 0);
	cr_assert(strncmp(err.text, position, strlen(position)) == 0, "%s", err.text);
	cr_assert(strstr(err.text, part) != NULL, "'%s' does not say '%s'", err.text, part);
	free(position);
}

Test(config_values, durations_become_milliseconds)
{
	struct config config = {0};

	accept(SECTION_HEALTH, "interval", "250ms", &config);
	cr_assert(config.host.health.interval_ms == 250);
	accept(SECTION_HEALTH, "interval", "15min", &config);
	cr_assert(config.host.health.interval_ms == 15 * 60 * 1000);
	accept(SECTION_HEALTH, "settle", "0s", &config);
	cr_assert(config.host.health.settle_ms == 0);
}

Test(config_values, durations_without_a_unit_or_sense_are_refused)
{
	static const char *const bad[] = {"30",    "s",  "30 s", "-1s",  "1.5s",
					  "30sec", "1d", "+1s",  "0x1s", "99999999999999999999s",
					  NULL};

	for (size_t i = 0; bad[i] != NULL; i++) {
		refuse(SECTION_HEALTH, "timeout", bad[i], "like 30s");
	}
}

Test(config_values, waits_have_bounds)
{
	refuse(SECTION_HEALTH, "interval", "0s", "at least 10ms");
	refuse(SECTION_HEALTH, "timeout", "0ms", "at least 1ms");
	refuse(SECTION_HEALTH, "timeout", "25h", "at most 24h");
	refuse(SECTION_SERVICE, "stop_timeout", "100000h", "at most 24h");
	refuse(SECTION_UPDATE, "download_timeout", "999ms", "at least 1s");
}

Test(config_values, sizes_become_bytes)
{
	struct config config = {0};

	accept(SECTION_UPDATE, "max_tarball", "3MiB", &config);
	cr_assert(config.max_tarball == 3u * 1024 * 1024);
	accept(SECTION_UPDATE, "min_rate", "0", &config);
	cr_assert(config.min_rate == 0);
	refuse(SECTION_UPDATE, "max_tarball", "3MB", "like 64MiB");
	refuse(SECTION_UPDATE, "max_tarball", "17179869184GiB", "like 64MiB");
	refuse(SECTION_UPDATE, "max_tarball", "0", "at least 1KiB");
	refuse(SECTION_UPDATE, "max_tarball", "65GiB", "at most 64GiB");
}

Test(config_values, numbers_are_decimal_and_bounded)
{
	struct config config = {0};

	accept(SECTION_UPDATE, "keep_snapshots", "7", &config);
	cr_assert(config.keep_snapshots == 7);
	refuse(SECTION_UPDATE, "keep_snapshots", "two", "write a number");
	refuse(SECTION_UPDATE, "keep_snapshots", "-1", "write a number");
	refuse(SECTION_UPDATE, "keep_snapshots", "0", "at least 1");
	refuse(SECTION_UPDATE, "keep_snapshots", "101", "at most 100");
}

Test(config_values, booleans_are_yes_and_no_only)
{
	static const char *const bad[] = {"true", "1", "on", "Yes", "YES", "y", "yes no", NULL};
	struct plugin_config plugin = {0};

	accept(SECTION_PLUGIN, "required", "yes", &plugin);
	cr_assert(plugin.required);
	accept(SECTION_PLUGIN, "required", "no", &plugin);
	cr_assert(!plugin.required);
	for (size_t i = 0; bad[i] != NULL; i++) {
		refuse(SECTION_PLUGIN, "enabled", bad[i], "write yes or no");
	}
}

Test(config_values, words_come_from_a_closed_set)
{
	struct config config = {.host = {.manager = MANAGER_COMMAND}};
	struct plugin_config plugin = {0};
	struct database database = {0};

	accept(SECTION_UPDATE, "manager", "systemd", &config);
	cr_assert(config.host.manager == MANAGER_SYSTEMD);
	accept(SECTION_UPDATE, "manager", "command", &config);
	cr_assert(config.host.manager == MANAGER_COMMAND);
	accept(SECTION_PREFLIGHT, "sandbox", "required", &config);
	cr_assert(config.sandbox == SANDBOX_REQUIRED);
	accept(SECTION_PLUGIN, "on_error", "ignore", &plugin);
	cr_assert(plugin.on_error == ON_ERROR_IGNORE);
	accept(SECTION_PLUGIN, "on_error", "attention", &plugin);
	cr_assert(plugin.on_error == ON_ERROR_ATTENTION);
	accept(SECTION_DATABASE, "on_rollback", "never", &database);
	cr_assert(database.on_rollback == ROLLBACK_NEVER);
	accept(SECTION_DATABASE, "missing", "ok", &database);
	cr_assert(database.missing_ok);
	refuse(SECTION_UPDATE, "manager", "openrc", "write systemd or command");
	refuse(SECTION_DATABASE, "on_rollback", "changed", "write if-changed, always or never");
	refuse(SECTION_DATABASE, "missing", "yes", "write error or ok");
}

Test(config_values, grants_are_any_of_their_words)
{
	struct plugin_config plugin = {0};

	accept(SECTION_PLUGIN, "grant", "", &plugin);
	cr_assert(!plugin.grant_network && !plugin.grant_root);
	accept(SECTION_PLUGIN, "grant", "root", &plugin);
	cr_assert(!plugin.grant_network && plugin.grant_root);
	accept(SECTION_PLUGIN, "grant", "root  \tnetwork", &plugin);
	cr_assert(plugin.grant_network && plugin.grant_root);
	refuse(SECTION_PLUGIN, "grant", "network, root", "network or root");
	refuse(SECTION_PLUGIN, "grant", "network everything", "network or root");
}

Test(config_values, modes_are_octal)
{
	struct artifact artifact = {0};

	accept(SECTION_ARTIFACT, "mode", "0755", &artifact);
	cr_assert(artifact.mode == 0755);
	accept(SECTION_ARTIFACT, "mode", "640", &artifact);
	cr_assert(artifact.mode == 0640);
	accept(SECTION_ARTIFACT, "mode", "7777", &artifact);
	cr_assert(artifact.mode == 07777);
	accept(SECTION_ARTIFACT, "mode", "keep", &artifact);
	cr_assert(artifact.mode == HOST_MODE_KEEP);
	refuse(SECTION_ARTIFACT, "mode", "0855", "octal");
	refuse(SECTION_ARTIFACT, "mode", "17777", "octal");
	refuse(SECTION_ARTIFACT, "mode", "75", "octal");
	refuse(SECTION_ARTIFACT, "mode", "u+x", "octal");
	refuse(SECTION_ARTIFACT, "mode", "-755", "octal");
}

Test(config_values, addresses_have_a_known_scheme)
{
	struct config config = {0};

	accept(SECTION_UPDATE, "manifest", "file:///srv/m.json", &config);
	cr_assert_str_eq(config.manifests.items[0], "file:///srv/m.json",
			 "an address got the root");
	accept(SECTION_UPDATE, "manifest", "https://[::1]:8443/m%20.json", &config);
	cr_assert_eq(config.manifests.count, 1, "the address before is still there");
	accept(SECTION_UPDATE, "manifest", "https://a/m.json  file:///srv/m.json\thttp://b/@",
	       &config);
	cr_assert_eq(config.manifests.count, 3);
	cr_assert_str_eq(config.manifests.items[1], "file:///srv/m.json");
	cr_assert_str_eq(config.manifests.items[2], "http://b/@");
	refuse(SECTION_UPDATE, "manifest", "https://a/m.json b/m.json", "begins with https://");
	refuse(SECTION_UPDATE, "manifest", "https://a/m https://b/m https://a/m",
	       "each address once");
	refuse(SECTION_UPDATE, "manifest", "https://me:word@a/m.json", "no user or password");
	refuse(SECTION_UPDATE, "manifest",
	       "https://1/ https://2/ https://3/ https://4/ https://5/ https://6/ https://7/ "
	       "https://8/ https://9/",
	       "at most 8");
	strings_finish(&config.manifests);
	accept(SECTION_UPDATE, "proxy", "socks5h://127.0.0.1:9050", &config);
	free(config.proxy);
	refuse(SECTION_UPDATE, "manifest", "releases.example.org/m.json",
	       "begins with https://, http:// or file:///");
	refuse(SECTION_UPDATE, "manifest", "ftp://a/m.json", "begins with https://");
	refuse(SECTION_UPDATE, "manifest", "file://host/m.json", "begins with https://");
	refuse(SECTION_UPDATE, "manifest", "HTTPS://a/m.json", "begins with https://");
	refuse(SECTION_UPDATE, "manifest", "https://", "begins with https://");
	refuse(SECTION_UPDATE, "manifest", "https://a/b\x01", "no blanks");
	refuse(SECTION_UPDATE, "manifest", "https://a/\xc3\xa4", "only ASCII");
}

Test(config_values, paths_get_the_root_in_front)
{
	struct config config = {0};

	accept(SECTION_UPDATE, "keys", "/etc/keys.d", &config);
	cr_assert_str_eq(config.keys, "/root/etc/keys.d");
	accept(SECTION_UPDATE, "keys", "/etc/other.pem", &config);
	cr_assert_str_eq(config.keys, "/root/etc/other.pem", "a second value did not replace it");
	free(config.keys);
	refuse(SECTION_UPDATE, "keys", "etc/keys.d", "absolute");
	refuse(SECTION_UPDATE, "keys", "/etc/../keys.d", "'..'");
	refuse(SECTION_UPDATE, "keys", "/etc/keys.d/", "'/' at its end");
}

/* "/" and count bytes in components of 200. */
static char *long_path(size_t count)
{
	char *path = malloc(count + 1);

	cr_assert(path != NULL);
	for (size_t i = 0; i < count; i++) {
		path[i] = i % 200 == 0 ? '/' : 'a';
	}
	path[count] = '\0';
	return path;
}

Test(config_values, a_path_may_be_as_long_as_the_system_takes_it)
{
	auto_free char *most = long_path(4095 - strlen("/root"));
	auto_free char *more = long_path(4096 - strlen("/root"));
	struct config config = {0};

	accept(SECTION_UPDATE, "keys", most, &config);
	cr_assert(strlen(config.keys) == 4095);
	free(config.keys);
	refuse(SECTION_UPDATE, "keys", more, "longer than 4095 bytes");
}

Test(config_values, commands_keep_their_words)
{
	struct config config = {0};

	accept(SECTION_HEALTH, "command", "/bin/check \"a ; b\" {root}/x", &config);
	cr_assert(config.host.health.command.words.count == 3);
	cr_assert_str_eq(config.host.health.command.words.items[0], "/bin/check");
	cr_assert_str_eq(config.host.health.command.words.items[1], "a ; b");
	accept(SECTION_HEALTH, "command", "/bin/other", &config);
	cr_assert(config.host.health.command.words.count == 1);
	command_finish(&config.host.health.command);
	refuse(SECTION_HEALTH, "command", "check", "absolute");
	refuse(SECTION_HEALTH, "command", "/bin/x \"open", "");
	refuse(SECTION_HEALTH, "command", "/bin/x {home}", "{home}");
}

Test(config_values, names_become_text)
{
	struct artifact artifact = {0};
	struct database database = {0};

	accept(SECTION_ARTIFACT, "owner", "www-data", &artifact);
	cr_assert_str_eq(artifact.owner, "www-data");
	free(artifact.owner);
	accept(SECTION_DATABASE, "record", "_sqlx_migrations", &database);
	cr_assert_str_eq(database.record, "_sqlx_migrations");
	free(database.record);
	refuse(SECTION_ARTIFACT, "owner", "root:root", "one name");
	refuse(SECTION_DATABASE, "record", "a; DROP TABLE b", "a table's name");
	refuse(SECTION_UPDATE, "product", "Banger", "small letters");
	refuse(SECTION_SERVICE, "binary", "../a", "[artifact NAME]");
}

Test(config_values, a_comment_behind_a_value_is_refused_for_every_type)
{
	static const char part[] = "comments stand on lines of their own";

	refuse(SECTION_HEALTH, "timeout", "30s ; half a minute", part);
	refuse(SECTION_UPDATE, "manifest", "https://a/m.json # where", part);
	refuse(SECTION_UPDATE, "keys", "/etc/keys\t;x", part);
	refuse(SECTION_UPDATE, "keys", "; nothing", part);
	refuse(SECTION_HEALTH, "command", "/bin/x ; rm -rf /", part);
	refuse(SECTION_HEALTH, "command", "/bin/x \"a\" #b", part);
	refuse(SECTION_PLUGIN, "enabled", "yes #b", part);
}

Test(config_values, signs_inside_a_word_are_no_comment)
{
	struct config config = {0};

	accept(SECTION_UPDATE, "manifest", "https://a/m.json#top;x", &config);
	cr_assert_str_eq(config.manifests.items[0], "https://a/m.json#top;x");
	strings_finish(&config.manifests);
	accept(SECTION_UPDATE, "keys", "/etc/a;b#c", &config);
	free(config.keys);
}

Test(config_values, quotes_are_for_commands_only)
{
	struct config config = {0};

	refuse(SECTION_UPDATE, "keys", "\"/etc/keys\"", "quotes would be part of the value");
	refuse(SECTION_UPDATE, "product", "\"banger\"", "quotes would be part of the value");
	accept(SECTION_HEALTH, "command", "\"/opt/my tools/check\" now", &config);
	cr_assert_str_eq(config.host.health.command.words.items[0], "/opt/my tools/check");
	command_finish(&config.host.health.command);
}

Test(config_values, only_keys_that_can_be_unset_may_be_empty)
{
	struct config config = {0};

	for (const struct key_row *row = key_rows; row->name != NULL; row++) {
		if (!row->may_be_empty) {
			refuse(row->kind, row->name, "", "the value is missing");
		}
	}
	accept(SECTION_UPDATE, "proxy", "", &config);
	cr_assert(config.proxy == NULL);
}
