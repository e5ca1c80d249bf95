/*
 * world.c - world.h: made, configured, published to and taken down.
 */
#include "flow/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/command.h"
#include "base/file.h"
#include "flow/world_parts.h"

#define SAMPLE       BANGER_BUILD_DIR "/tests/samples/sample"
#define TEST_PLUGINS BANGER_BUILD_DIR "/test-plugins"
#define OWN_PLUGINS  PREFIX "/lib/banger-update/preflight.d"

static const char *or_else(const char *text, const char *fallback)
{
	return text != NULL ? text : fallback;
}

static void label_as(const char *to, const char *version, const char *behaviour, size_t migrations)
{
	struct label label = {.migrations = migrations};
	struct error err;

	(void)snprintf(label.version, sizeof(label.version), "%s", version);
	(void)snprintf(label.behaviour, sizeof(label.behaviour), "%s", behaviour);
	must(label_write(SAMPLE, to, &label, &err) == 0);
}

static void copy_file(const char *from, const char *to)
{
	run_or_fail((const char *const[]){"/bin/cp", from, to, NULL});
	must(chmod(to, 0755) == 0);
}

static char *host_path(const struct world *world, const struct world_options *options,
		       const char *name)
{
	return scratch_path(&world->scratch, "%s/%s", or_else(options->directory, "host"), name);
}

static void make_directories(struct world *world, const struct world_options *options)
{
	char *lib = host_path(world, options, "lib");
	char *run = host_path(world, options, "run");
	char *keys = scratch_path(&world->scratch, "keys");

	world->bin = host_path(world, options, or_else(options->bin, "bin"));
	world->database = host_path(world, options, "lib/state.db");
	world->pid_file = host_path(world, options, "run/bangerd.pid");
	world->plugins = scratch_path(&world->scratch, "plugins");
	world->state = scratch_path(&world->scratch, "state");
	world->releases = scratch_path(&world->scratch, "releases");
	world->ini = scratch_path(&world->scratch, "banger.ini");
	const char *const all[] = {world->bin, lib, run, keys, world->plugins, world->releases};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		scratch_directory(all[i]);
	}
	free(lib);
	free(run);
	free(keys);
}

static void install_plugin(const struct world *world, const char *directory, const char *name)
{
	char *from = NULL;
	char *to = NULL;

	must(asprintf(&from, "%s/%s.so", directory, name) > 0);
	must(asprintf(&to, "%s/%s.so", world->plugins, name) > 0);
	copy_file(from, to);
	free(from);
	free(to);
}

static void install_plugins(const struct world *world)
{
	install_plugin(world, OWN_PLUGINS, "schema-migration");
	install_plugin(world, OWN_PLUGINS, "staged-binaries");
}

void world_add_plugin(const struct world *world, const char *name)
{
	install_plugin(world, TEST_PLUGINS, name);
}

void world_add_check(const struct world *world, const char *name, const char *keys)
{
	install_plugin(world, OWN_PLUGINS, name);
	if (keys != NULL) {
		char *ini = scratch_read(world->ini);
		char *more = NULL;

		must(asprintf(&more, "%s\n[plugin %s]\n%s\n", ini, name, keys) > 0);
		scratch_write(world->ini, more);
		free(more);
		free(ini);
	}
}

/* The socket's path has to be short, whatever the host's directory is called. */
char *world_start_command(const struct world *world)
{
	char *command = NULL;

	must(asprintf(&command,
		      "/sbin/start-stop-daemon --start --quiet --background --notify-await "
		      "--notify-timeout 4 --make-pidfile --pidfile \"%s\" --exec \"%s/bangerd\" -- "
		      "--database \"%s\" --socket %s/socket",
		      world->pid_file, world->bin, world->database, world->scratch.path) > 0);
	return command;
}

static void write_ini(const struct world *world, const struct world_options *options)
{
	struct buffer ini = BUFFER_INIT(256u << 10);
	char *start = options->start != NULL ? strdup(options->start) : world_start_command(world);
	char *manifest = NULL;

	must(asprintf(&manifest, "file://%s/manifest.json", world->releases) > 0);
	must(buffer_add_format(
		     &ini,
		     "[update]\nproduct = banger\nmanifest = %s\n"
		     "keys = %s/keys\ninstalled = \"%s/banger\" --version\n"
		     "manager = command\nstate_dir = %s\nstatus_file = %s/status.json\n%s\n",
		     or_else(options->manifest, manifest), world->scratch.path, world->bin,
		     world->state, world->state, or_else(options->update_keys, "")) == 0);
	must(buffer_add_format(&ini,
			       "[artifact bangerd]\ninstall = %s/bangerd\n"
			       "[artifact banger]\ninstall = %s/banger\n",
			       world->bin, world->bin) == 0);
	must(buffer_add_format(
		     &ini,
		     "[service bangerd]\nbinary = bangerd\npid_file = %s\n"
		     "ready_timeout = 6s\nstop_timeout = 2s\nstart = %s\n"
		     "stop = /sbin/start-stop-daemon --stop --quiet --pidfile \"%s\"\n%s\n",
		     world->pid_file, start, world->pid_file,
		     or_else(options->service_keys, "")) == 0);
	must(buffer_add_format(&ini, "[database state]\npath = %s\n", world->database) == 0);
	must(buffer_add_format(&ini, "[health]\n%s\n",
			       or_else(options->health_keys, "timeout = 2s\nsettle = 100ms")) == 0);
	if (!options->without_health) {
		must(buffer_add_format(&ini,
				       "command = \"%s/banger\" doctor --socket %s/socket "
				       "--database \"%s\"\ninterval = 100ms\n",
				       world->bin, world->scratch.path, world->database) == 0);
	}
	must(buffer_add_format(&ini,
			       "[preflight]\nplugin_dir = %s\n[plugin schema-migration]\n"
			       "command = {stage}/bangerd --check-migrations --database \"%s\"\n%s",
			       world->plugins, world->database,
			       or_else(options->sections, "")) == 0);
	scratch_write(world->ini, buffer_text(&ini));
	buffer_finish(&ini);
	free(manifest);
	free(start);
}

/* The installed release, its database with a row of each kind, and its daemon. */
static void install_release(const struct world *world, const struct world_options *options)
{
	char *bangerd = path_join(world->bin, "bangerd");
	char *banger = path_join(world->bin, "banger");
	const char *version = or_else(options->version, "0.1.0");
	const char *behaviour = or_else(options->behaviour, "healthy");
	size_t migrations = options->migrations > 0 ? options->migrations : 2;

	label_as(bangerd, version, behaviour, migrations);
	label_as(banger, version, behaviour, migrations);
	run_or_fail(
		(const char *const[]){bangerd, "--migrate", "--database", world->database, NULL});
	world_sql(world, "INSERT INTO images (id, name, rootfs_path, kernel_path, created_at, "
			 "updated_at) VALUES ('i1', 'debian', '/r', '/k', 't', 't');"
			 "INSERT INTO vms (id, name, image_id, guest_ip, state, created_at, "
			 "updated_at, last_touched_at, spec_json, runtime_json) VALUES ('v1', "
			 "'web', 'i1', '10.0.0.2', 'running', 't', 't', 't', '{}', '{}')");
	free(bangerd);
	free(banger);
}

struct outcome world_try_daemon(const struct world *world)
{
	struct command command = {0};
	struct error err;
	char *line = world_start_command(world);

	must(command_parse(line, &command, &err) == 0);
	struct outcome outcome = run_words(&command.words);

	command_finish(&command);
	free(line);
	return outcome;
}

void world_start_daemon(const struct world *world)
{
	struct outcome outcome = world_try_daemon(world);

	cr_assert_eq(outcome.exit_code, 0, "cannot start the daemon: %s", outcome.errors);
	outcome_free(&outcome);
}

struct world world_make(const struct world_options *options)
{
	struct world world = {.scratch = scratch_make_in(or_else(options->parent, "/tmp")),
			      .key = signing_key_make()};
	char *key = scratch_path(&world.scratch, "keys/release.pub");

	/* Plugins run as other users, who have to get to what they judge. */
	must(chmod(world.scratch.path, 0755) == 0);
	make_directories(&world, options);
	signing_key_publish(&world.key, key);
	free(key);
	install_plugins(&world);
	install_release(&world, options);
	write_ini(&world, options);
	if (!options->stopped) {
		world_start_daemon(&world);
	}
	return world;
}

void world_finish(struct world *world)
{
	world_kill(world);
	scratch_remove(&world->scratch);
	signing_key_free(&world->key);
	free(world->bin);
	free(world->database);
	free(world->pid_file);
	free(world->plugins);
	free(world->state);
	free(world->releases);
	free(world->ini);
}

void world_skip_unless(struct world *world, bool condition, const char *why)
{
	if (!condition) {
		world_finish(world);
		cr_skip_test("%s", why);
	}
}

/* [1,2,3] as release.json wants it. */
static char *migrations_json(size_t count)
{
	struct buffer json = BUFFER_INIT(4096);

	must(buffer_add_format(&json, "{\"state\":[") == 0);
	for (size_t i = 1; i <= count; i++) {
		must(buffer_add_format(&json, "%s%zu", i > 1 ? "," : "", i) == 0);
	}
	must(buffer_add_format(&json, "]}") == 0);
	return buffer_detach(&json);
}

struct release_built world_publish(struct world *world, const struct world_release *release)
{
	struct release_spec spec = release->spec;
	char *directory = path_join(world->releases, release->version);
	char *bangerd = scratch_path(&world->scratch, "releases/bangerd-%s", release->version);
	char *migrations = migrations_json(release->migrations);
	char *manifest = path_join(world->releases, "manifest.json");

	scratch_directory(directory);
	label_as(bangerd, release->version, or_else(release->behaviour, "healthy"),
		 release->migrations);
	const struct release_file files[] = {{.name = "bangerd", .path = bangerd},
					     {.name = "banger", .path = bangerd},
					     release->more};

	spec.directory = directory;
	spec.version = or_else(spec.version, release->version);
	spec.key = spec.key != NULL ? spec.key : &world->key;
	if (spec.files == NULL) {
		spec.files = files;
		spec.file_count = release->more.name != NULL ? 3 : 2;
	}
	if (spec.migrations == NULL && !release->without_release_json) {
		spec.migrations = migrations;
	}
	struct release_built built = release_build(&spec);
	const struct manifest_entry entry = {release->version, &built};

	manifest_write(manifest, release->version, &entry, 1);
	must(unlink(bangerd) == 0);
	free(directory);
	free(bangerd);
	free(migrations);
	free(manifest);
	return built;
}

/* Where the section's keys begin, behind its header's line; NULL: there is none. */
static char *find_section(char *ini, const char *section)
{
	size_t length = strlen(section);

	for (char *line = ini; line != NULL && *line != '\0';) {
		char *end = strchr(line, '\n');

		if (strncmp(line, section, length) == 0 && line + length == end) {
			return end + 1;
		}
		line = end != NULL ? end + 1 : NULL;
	}
	return NULL;
}

/* The line "KEY = …" of the section whose keys begin at keys, or NULL. */
static char *find_key(char *keys, const char *key)
{
	size_t length = strlen(key);

	for (char *line = keys; line != NULL && *line != '\0' && *line != '[';) {
		char *end = strchr(line, '\n');

		if (strncmp(line, key, length) == 0 && strncmp(line + length, " =", 2) == 0) {
			return line;
		}
		line = end != NULL ? end + 1 : NULL;
	}
	return NULL;
}

void world_configure(const struct world *world, const char *section, const char *key,
		     const char *value)
{
	struct buffer text = BUFFER_INIT(256u << 10);
	char *ini = scratch_read(world->ini);
	char *keys = find_section(ini, section);
	char *old = keys != NULL ? find_key(keys, key) : NULL;
	char *rest = old != NULL ? strchr(old, '\n') + 1 : keys;

	if (keys == NULL) {
		must(buffer_add_format(&text, "%s\n%s\n%s = %s\n", ini, section, key, value) == 0);
	} else {
		must(buffer_add(&text, ini, (size_t)((old != NULL ? old : keys) - ini)) == 0);
		must(buffer_add_format(&text, "%s = %s\n%s", key, value, rest) == 0);
	}
	scratch_write(world->ini, buffer_text(&text));
	buffer_finish(&text);
	free(ini);
}

char *world_script(const struct world *world, const char *name, const char *format, ...)
{
	char *path = path_join(world->scratch.path, name);
	char *body = NULL;
	char *text = NULL;
	va_list args;

	va_start(args, format);
	must(vasprintf(&body, format, args) > 0);
	va_end(args);
	if (strstr(body, "$updater") != NULL) {
		must(asprintf(&text,
			      "#!/bin/sh\nread -r _ updater _ "
			      "<'%s/lock'\nupdater=${updater%%,}\n%s\n",
			      world->state, body) > 0);
	} else {
		must(asprintf(&text, "#!/bin/sh\n%s\n", body) > 0);
	}
	scratch_write_bytes(path, text, strlen(text), 0755);
	free(body);
	free(text);
	return path;
}
