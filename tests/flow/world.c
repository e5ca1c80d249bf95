/*
 * world.c - world.h: made, published to, asked and taken down.
 */
#include "flow/world.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/command.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#define PREFIX          BANGER_BUILD_DIR "/prefix"
#define SAMPLE          BANGER_BUILD_DIR "/tests/samples/sample"
#define RUN_TIMEOUT_MS  60000
#define STOP_TIMEOUT_MS 5000

#define must(condition)                                                                            \
	cr_assert((condition), "the test's own ground is broken at %s:%d", __FILE__, __LINE__)

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

static struct outcome run_words(const struct strings *words)
{
	struct process_result result = {0};
	struct error err;

	cr_assert_eq(process_run(words, RUN_TIMEOUT_MS, &result, &err), 0, "%s", err.text);
	bool exited = !result.status.timed_out && result.status.signal == 0;

	return (struct outcome){
		.exit_code = exited ? result.status.exit_code : -1,
		.output = buffer_detach(&result.output),
		.errors = buffer_detach(&result.errors),
	};
}

static struct outcome run_program(const char *const *argv)
{
	struct strings words = {0};

	for (; *argv != NULL; argv++) {
		must(strings_add(&words, *argv) == 0);
	}
	struct outcome outcome = run_words(&words);

	strings_finish(&words);
	return outcome;
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->output);
	free(outcome->errors);
	*outcome = (struct outcome){0};
}

static void run_or_fail(const char *const *argv)
{
	struct outcome outcome = run_program(argv);

	cr_assert_eq(outcome.exit_code, 0, "%s: exit %d: %s%s", argv[0], outcome.exit_code,
		     outcome.output, outcome.errors);
	outcome_free(&outcome);
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

	world->bin = host_path(world, options, "bin");
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

static void install_plugins(const struct world *world)
{
	static const char *const plugins[] = {"schema-migration", "staged-binaries"};

	for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++) {
		char *from = NULL;
		char *to = NULL;

		must(asprintf(&from, PREFIX "/lib/banger-update/preflight.d/%s.so", plugins[i]) >
		     0);
		must(asprintf(&to, "%s/%s.so", world->plugins, plugins[i]) > 0);
		copy_file(from, to);
		free(from);
		free(to);
	}
}

/* The socket's path has to be short, whatever the host's directory is called. */
static char *start_command(const struct world *world, const struct world_options *options)
{
	char *command = NULL;

	if (options->start != NULL) {
		return strdup(options->start);
	}
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
	char *start = start_command(world, options);

	must(buffer_add_format(&ini,
			       "[update]\nproduct = banger\nmanifest = file://%s/manifest.json\n"
			       "keys = %s/keys\ninstalled = \"%s/banger\" --version\n"
			       "manager = command\nstate_dir = %s\n%s\n",
			       world->releases, world->scratch.path, world->bin, world->state,
			       or_else(options->update_keys, "")) == 0);
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
	if (!options->without_health) {
		must(buffer_add_format(&ini,
				       "[health]\ncommand = \"%s/banger\" doctor --socket "
				       "%s/socket --database \"%s\"\ninterval = 100ms\n%s\n",
				       world->bin, world->scratch.path, world->database,
				       or_else(options->health_keys,
					       "timeout = 2s\nsettle = 1500ms")) == 0);
	}
	must(buffer_add_format(&ini,
			       "[preflight]\nplugin_dir = %s\n[plugin schema-migration]\n"
			       "command = {stage}/bangerd --check-migrations --database \"%s\"\n%s",
			       world->plugins, world->database,
			       or_else(options->sections, "")) == 0);
	scratch_write(world->ini, buffer_text(&ini));
	buffer_finish(&ini);
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

static void start_daemon(const struct world *world, const struct world_options *options)
{
	struct world_options plain = *options;
	struct command command = {0};
	struct error err;

	plain.start = NULL;
	char *line = start_command(world, &plain);

	must(command_parse(line, &command, &err) == 0);
	struct outcome outcome = run_words(&command.words);

	cr_assert_eq(outcome.exit_code, 0, "cannot start the daemon: %s", outcome.errors);
	outcome_free(&outcome);
	command_finish(&command);
	free(line);
}

struct world world_make(const struct world_options *options)
{
	struct world world = {.scratch = scratch_make(), .key = signing_key_make()};
	char *key = scratch_path(&world.scratch, "keys/release.pub");

	make_directories(&world, options);
	signing_key_publish(&world.key, key);
	free(key);
	install_plugins(&world);
	install_release(&world, options);
	write_ini(&world, options);
	if (!options->stopped) {
		start_daemon(&world, options);
	}
	return world;
}

static void kill_daemon(const struct world *world)
{
	pid_t daemon = world_daemon(world);

	if (daemon > 0) {
		(void)kill(daemon, SIGKILL);
	}
}

void world_finish(struct world *world)
{
	kill_daemon(world);
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
					     {.name = "banger", .path = bangerd}};

	spec.directory = directory;
	spec.version = or_else(spec.version, release->version);
	spec.key = spec.key != NULL ? spec.key : &world->key;
	if (spec.files == NULL) {
		spec.files = files;
		spec.file_count = sizeof(files) / sizeof(files[0]);
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

struct outcome world_update(const struct world *world, const char *line)
{
	struct strings words = {0};
	char *copy = strdup(line);

	must(strings_add(&words, PREFIX "/bin/banger-update") == 0);
	must(strings_add(&words, "--config") == 0 && strings_add(&words, world->ini) == 0);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		must(strings_add(&words, word) == 0);
	}
	struct outcome outcome = run_words(&words);

	strings_finish(&words);
	free(copy);
	return outcome;
}

pid_t world_daemon(const struct world *world)
{
	uint64_t pid = 0;
	uint64_t start = 0;

	if (!scratch_exists(world->pid_file)) {
		return 0;
	}
	char *text = scratch_read(world->pid_file);

	text[strcspn(text, "\n")] = '\0';
	bool runs = text_parse_u64(text, &pid) == 0 && process_start_time((pid_t)pid, &start) == 0;

	free(text);
	return runs ? (pid_t)pid : 0;
}

bool world_daemon_is_installed(const struct world *world)
{
	char link[64];
	struct stat running;
	struct stat installed;
	char *bangerd = path_join(world->bin, "bangerd");

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)world_daemon(world));
	bool same = stat(link, &running) == 0 && stat(bangerd, &installed) == 0 &&
		    running.st_ino == installed.st_ino && running.st_dev == installed.st_dev;

	free(bangerd);
	return same;
}

char *world_version(const struct world *world)
{
	char *banger = path_join(world->bin, "banger");
	struct outcome outcome = run_program((const char *const[]){banger, "--version", NULL});
	char *version = strdup(outcome.output);

	version[strcspn(version, "\n")] = '\0';
	outcome_free(&outcome);
	free(banger);
	return version;
}

char *world_dump(const struct world *world)
{
	struct outcome outcome = run_program(
		(const char *const[]){"/usr/bin/sqlite3", world->database, ".dump", NULL});

	cr_assert_eq(outcome.exit_code, 0, "%s", outcome.errors);
	char *dump = outcome.output;

	free(outcome.errors);
	return dump;
}

char *world_files(const struct world *world)
{
	return scratch_listing(world->bin, NULL);
}

static size_t count_names(const char *directory, const char *prefix)
{
	DIR *stream = opendir(directory);
	size_t count = 0;

	must(stream != NULL);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		count += text_has_prefix(entry->d_name, prefix);
	}
	(void)closedir(stream);
	return count;
}

size_t world_failed_copies(const struct world *world)
{
	char *directory = path_directory(world->database);
	size_t count = count_names(directory, "state.db.failed-");

	free(directory);
	return count;
}

static bool is_in_world(const struct world *world, const char *pid)
{
	char path[64];
	char text[PATH_MAX + 1] = {0};

	(void)snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	if (readlink(path, text, PATH_MAX) > 0 && strstr(text, world->scratch.path) != NULL) {
		return true;
	}
	(void)snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, PATH_MAX, file) : 0;

	if (file != NULL) {
		(void)fclose(file);
	}
	return memmem(text, length, world->scratch.path, strlen(world->scratch.path)) != NULL;
}

size_t world_processes(const struct world *world)
{
	DIR *stream = opendir("/proc");
	size_t count = 0;

	must(stream != NULL);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
			 is_in_world(world, entry->d_name);
	}
	(void)closedir(stream);
	return count;
}

void world_sql(const struct world *world, const char *sql)
{
	sqlite3 *db = NULL;

	must(sqlite3_open(world->database, &db) == SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
	must(sqlite3_close(db) == SQLITE_OK);
}

long world_query(const struct world *world, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	long answer = -1;

	must(sqlite3_open(world->database, &db) == SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		answer = (long)sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	must(sqlite3_close(db) == SQLITE_OK);
	return answer;
}
