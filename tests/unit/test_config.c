/*
 * test_config.c - a file -> struct config: defaults, the root, and files that cannot be used.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "config_case.h"

static const char design_sample[] =
	"[update]\n"
	"product   = banger\n"
	"manifest  = https://releases.thaloco.com/banger/manifest.json\n"
	"keys      = /etc/banger-update/keys.d\n"
	"installed = /usr/local/bin/banger --version\n"
	"manager   = systemd\n"
	"\n"
	"; swapped in this order, rolled back in reverse\n"
	"[artifact banger-vsock-agent]\n"
	"install = /usr/local/lib/banger/banger-vsock-agent\n"
	"[artifact bangerd]\n"
	"install = /usr/local/bin/bangerd\n"
	"[artifact banger]\n"
	"install = /usr/local/bin/banger\n"
	"\n"
	"; started in this order, stopped in reverse\n"
	"[service bangerd-root.service]\n"
	"[service bangerd.service]\n"
	"binary = bangerd\n"
	"\n"
	"[database state]\n"
	"path = /var/lib/banger/state.db\n"
	"\n"
	"[health]\n"
	"command = /usr/local/bin/banger doctor --system\n"
	"\n"
	"[preflight]\n"
	"plugin_dir = /usr/lib/banger-update/preflight.d\n"
	"\n"
	"[plugin schema-migration]\n"
	"command = {stage}/bangerd --check-migrations --system\n";

static void expect_banger(const struct config *config)
{
	cr_assert_str_eq(config->host.root, "");
	cr_assert_str_eq(config->product, "banger");
	cr_assert_str_eq(config->manifests.items[0],
			 "https://releases.thaloco.com/banger/manifest.json");
	cr_assert_str_eq(config->keys, "/etc/banger-update/keys.d");
	cr_assert(config->installed.words.count == 2);
	cr_assert(config->host.manager == MANAGER_SYSTEMD);
	cr_assert(config->host.artifact_count == 3);
	cr_assert_str_eq(config->host.artifacts[0].name, "banger-vsock-agent");
	cr_assert_str_eq(config->host.artifacts[2].install, "/usr/local/bin/banger");
	cr_assert(config->host.service_count == 2);
	cr_assert_str_eq(config->host.services[0].name, "bangerd-root.service");
	cr_assert(config->host.services[0].binary == NULL);
	cr_assert_str_eq(config->host.services[1].name, "bangerd.service");
	cr_assert_str_eq(config->host.services[1].binary, "bangerd");
	cr_assert(config->host.database_count == 1);
	cr_assert_str_eq(config->host.databases[0].path, "/var/lib/banger/state.db");
	cr_assert_str_eq(config->host.health.command.line, "/usr/local/bin/banger doctor --system");
	cr_assert(config->plugin_count == 1);
	cr_assert_str_eq(pairs_get(&config_plugin(config, "schema-migration")->options, "command"),
			 "{stage}/bangerd --check-migrations --system");
}

Test(config, the_sample_of_the_design_loads)
{
	struct config_case loaded = case_load_rootless(design_sample);

	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	expect_banger(loaded.config);
	cr_assert_str_eq(loaded.config->plugin_dir, "/usr/lib/banger-update/preflight.d");
	cr_assert(loaded.config->plugins[0].line == 30);
	case_finish(&loaded);
}

/* A shipped file, copied to where its owner and directories are the test's own. */
static struct config_case load_shipped(const char *path)
{
	char *text = scratch_read(path);
	struct config_case loaded = case_load_rootless(text);

	free(text);
	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	return loaded;
}

Test(config, the_shipped_file_for_banger_is_the_sample_explained)
{
	struct config_case loaded = load_shipped(BANGER_SOURCE_DIR "/conf/banger.ini");

	expect_banger(loaded.config);
	case_finish(&loaded);
}

Test(config, the_shipped_example_is_for_another_daemon)
{
	struct config_case loaded = load_shipped(BANGER_SOURCE_DIR "/conf/example.ini");
	const struct config *config = loaded.config;

	cr_assert_str_eq(config->product, "notesd");
	cr_assert(config->host.manager == MANAGER_COMMAND);
	cr_assert(command_is_set(&config->host.services[0].start));
	cr_assert_str_eq(config->host.services[0].pid_file, "/run/notesd.pid");
	cr_assert_str_eq(config->host.databases[0].record, "notes_schema_history");
	cr_assert(config->host.databases[1].missing_ok);
	cr_assert_str_eq(config->host.health.command.words.items[2], "daily notes");
	cr_assert(config->host.artifacts[1].mode == 0750);
	case_finish(&loaded);
}

Test(config, keys_that_are_not_written_have_their_defaults)
{
	struct config_case loaded = case_load_rootless(LEAST_LINES);
	const struct config *config = loaded.config;

	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	cr_assert_str_eq(config->state_dir, "/var/lib/banger-update/notesd");
	cr_assert(config->staging_dir == NULL && config->proxy == NULL && config->ca_file == NULL);
	cr_assert(!command_is_set(&config->installed) &&
		  !command_is_set(&config->host.health.command));
	cr_assert(config->max_tarball == 256u * MIB);
	cr_assert(config->download_timeout_ms == 15 * 60 * 1000);
	cr_assert(config->min_rate == KIB);
	cr_assert(config->keep_snapshots == 2);
	cr_assert(config->host.health.interval_ms == 1000);
	cr_assert(config->host.health.timeout_ms == 60 * 1000);
	cr_assert(config->host.health.settle_ms == 5000);
	cr_assert_str_eq(config->plugin_dir, BANGER_PLUGINDIR);
	cr_assert(config->plugin_timeout_ms == 30 * 1000);
	cr_assert(config->sandbox == SANDBOX_BEST);
	cr_assert(config->plugin_user == NULL && config->plugin_count == 0);
	case_finish(&loaded);
}

Test(config, keys_of_named_sections_have_their_defaults_too)
{
	struct config_case loaded =
		case_good("[update]\nproduct = a\nmanifest = https://a/b\nkeys = /k\n"
			  "manager = systemd\n[artifact a]\ninstall = /a\n[service s]\n"
			  "[database d]\npath = /d\n[plugin p]\n");
	const struct config *config = loaded.config;

	cr_assert(config->host.artifacts[0].mode == HOST_MODE_KEEP);
	cr_assert(config->host.artifacts[0].owner == NULL &&
		  config->host.artifacts[0].group == NULL);
	cr_assert(config->host.services[0].ready_timeout_ms == 30 * 1000);
	cr_assert(config->host.services[0].stop_timeout_ms == 90 * 1000);
	cr_assert(!config->host.services[0].keeps_children &&
		  config->host.services[0].pid_file == NULL);
	cr_assert(config->host.databases[0].user == NULL && !config->host.databases[0].missing_ok);
	cr_assert_str_eq(config->host.databases[0].record, "schema_migrations");
	cr_assert(config->host.databases[0].on_rollback == ROLLBACK_IF_CHANGED);
	cr_assert(config->plugins[0].enabled && !config->plugins[0].required);
	cr_assert(config->plugins[0].on_error == ON_ERROR_BLOCK && config->plugins[0].waivable);
	cr_assert(!config->plugins[0].grant_network && !config->plugins[0].grant_root);
	cr_assert(config->plugins[0].timeout_ms == 30 * 1000);
	case_finish(&loaded);
}

Test(config, every_key_of_update_reaches_its_member)
{
	struct config_case loaded = case_load_rootless(
		"[update]\nproduct = p\nmanifest = http://h/m\nkeys = /k\ninstalled = /i -V\n"
		"state_dir = /s\nstaging_dir = /t\nmanager = command\nmax_tarball = 1MiB\n"
		"download_timeout = 2s\nmin_rate = 3KiB\nproxy = http://x:1\nca_file = /c\n"
		"keep_snapshots = 4\n" ARTIFACT_LINES);
	const struct config *config = loaded.config;

	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	cr_assert_str_eq(config->path, loaded.path);
	cr_assert_str_eq(config->manifests.items[0], "http://h/m");
	cr_assert_str_eq(config->keys, "/k");
	cr_assert_str_eq(config->installed.line, "/i -V");
	cr_assert_str_eq(config->state_dir, "/s");
	cr_assert_str_eq(config->staging_dir, "/t");
	cr_assert(config->host.manager == MANAGER_COMMAND);
	cr_assert(config->max_tarball == MIB);
	cr_assert(config->download_timeout_ms == 2000);
	cr_assert(config->min_rate == 3 * KIB);
	cr_assert_str_eq(config->proxy, "http://x:1");
	cr_assert_str_eq(config->ca_file, "/c");
	cr_assert(config->keep_snapshots == 4);
	case_finish(&loaded);
}

Test(config, every_key_of_artifacts_and_services_reaches_its_member)
{
	struct config_case loaded = case_load_rootless(
		LEAST_LINES "mode = 0700\nowner = o\ngroup = g\n"
			    "[service s]\nbinary = notesd\nready_timeout = 5s\nstop_timeout = 6s\n"
			    "keeps_children = yes\nstart = /b start\nstop = /b stop\n"
			    "status = /b status\npid_file = /p\n");
	const struct artifact *artifact;
	const struct service *service;

	/* The default manager is systemd where it runs: then this file is refused, rightly. */
	if (access("/run/systemd/system", F_OK) == 0) {
		case_finish(&loaded);
		cr_skip_test("systemd runs here");
	}
	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	artifact = &loaded.config->host.artifacts[0];
	service = &loaded.config->host.services[0];
	cr_assert(artifact->mode == 0700);
	cr_assert_str_eq(artifact->owner, "o");
	cr_assert_str_eq(artifact->group, "g");
	cr_assert_str_eq(service->binary, "notesd");
	cr_assert(service->ready_timeout_ms == 5000);
	cr_assert(service->stop_timeout_ms == 6000);
	cr_assert(service->keeps_children);
	cr_assert_str_eq(service->start.line, "/b start");
	cr_assert_str_eq(service->stop.line, "/b stop");
	cr_assert_str_eq(service->status.line, "/b status");
	cr_assert_str_eq(service->pid_file, "/p");
	case_finish(&loaded);
}

Test(config, every_key_of_databases_health_and_preflight_reaches_its_member)
{
	struct config_case loaded = case_load_rootless(
		LEAST_LINES "[database d]\npath = /d\nuser = u\nmissing = ok\nrecord = r\n"
			    "on_rollback = always\n"
			    "[health]\ncommand = /h\ninterval = 70ms\ntimeout = 8s\nsettle = 9s\n"
			    "[preflight]\nplugin_dir = /x\ntimeout = 10s\nsandbox = required\n"
			    "user = v\n");
	const struct config *config = loaded.config;

	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	cr_assert_str_eq(config->host.databases[0].name, "d");
	cr_assert_str_eq(config->host.databases[0].path, "/d");
	cr_assert_str_eq(config->host.databases[0].user, "u");
	cr_assert(config->host.databases[0].missing_ok);
	cr_assert_str_eq(config->host.databases[0].record, "r");
	cr_assert(config->host.databases[0].on_rollback == ROLLBACK_ALWAYS);
	cr_assert_str_eq(config->host.health.command.line, "/h");
	cr_assert(config->host.health.interval_ms == 70);
	cr_assert(config->host.health.timeout_ms == 8000);
	cr_assert(config->host.health.settle_ms == 9000);
	cr_assert_str_eq(config->plugin_dir, "/x");
	cr_assert(config->plugin_timeout_ms == 10000);
	cr_assert(config->sandbox == SANDBOX_REQUIRED);
	cr_assert_str_eq(config->plugin_user, "v");
	case_finish(&loaded);
}

Test(config, a_plugin_keeps_its_own_options_apart_from_policy)
{
	struct config_case loaded = case_good(
		"[plugin disk]\nenabled = no\nrequired = yes\ntimeout = 1s\non_error = attention\n"
		"grant = network\nwaivable = no\nmin_free = 10%\nnote =\n[plugin "
		"late]\n[preflight]\n"
		"timeout = 11s\n" LEAST_LINES);
	const struct plugin_config *plugin = config_plugin(loaded.config, "disk");

	cr_assert(!plugin->enabled && plugin->required && plugin->timeout_ms == 1000);
	cr_assert(plugin->on_error == ON_ERROR_ATTENTION);
	cr_assert(plugin->grant_network && !plugin->grant_root && !plugin->waivable);
	cr_assert(plugin->options.count == 2);
	cr_assert_str_eq(pairs_get(&plugin->options, "min_free"), "10%");
	cr_assert_str_eq(pairs_get(&plugin->options, "note"), "");
	cr_assert(plugin->line == 1);
	cr_assert(config_plugin(loaded.config, "late")->timeout_ms == 11000,
		  "a later [preflight] did not count");
	cr_assert(config_plugin(loaded.config, "none") == NULL);
	case_finish(&loaded);
}

Test(config, an_option_of_a_plugin_has_no_comment_behind_it)
{
	case_refused(LEAST_LINES "[plugin p]\nown = a ; b\n", 8,
		     "own = a ; b: comments stand on lines of their own");
}

Test(config, a_wrong_value_is_found_at_its_line)
{
	case_refused(LEAST_LINES "\n[health]\ntimeout = soon\n", 9,
		     "timeout = soon: write a number");
	case_refused("[plugin p]\n[preflight]\ntimeout = soon\n" LEAST_LINES, 3, "timeout = soon");
}

Test(config, the_root_is_in_front_of_paths_but_not_of_commands)
{
	struct config_case loaded = case_good(
		LEAST_LINES "[database d]\npath = /v/d\n[preflight]\nplugin_dir = /plugins\n"
			    "[service s]\nstart = /b\nstop = /b\npid_file = /run/s.pid\n"
			    "[health]\ncommand = /bin/check {root}/x\n");
	const struct config *config = loaded.config;
	size_t root = strlen(loaded.scratch.path);
	const char *paths[] = {config->keys,
			       config->state_dir,
			       config->host.artifacts[0].install,
			       config->host.databases[0].path,
			       config->plugin_dir,
			       config->host.services[0].pid_file};
	const char *expected[] = {"/etc/keys",       "/var/lib/banger-update/notesd",
				  "/usr/bin/notesd", "/v/d",
				  "/plugins",        "/run/s.pid"};

	cr_assert_str_eq(config->host.root, loaded.scratch.path);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		cr_assert(strncmp(paths[i], config->host.root, root) == 0, "%s", paths[i]);
		cr_assert_str_eq(paths[i] + root, expected[i]);
	}
	cr_assert_str_eq(config->host.health.command.words.items[0], "/bin/check");
	case_finish(&loaded);
}

Test(config, the_default_plugin_directory_is_the_updaters_own)
{
	struct config_case loaded = case_good(LEAST_LINES);

	cr_assert_str_eq(loaded.config->plugin_dir, BANGER_PLUGINDIR);
	case_finish(&loaded);
}

static int load_with_root(struct config_case *loaded, const char *root)
{
	config_free(loaded->config);
	loaded->config = NULL;
	return config_load(loaded->path, root, &loaded->config, &loaded->err);
}

Test(config, a_root_is_an_absolute_directory)
{
	struct config_case loaded = case_good(LEAST_LINES);
	char *slashes = scratch_path(&loaded.scratch, "//");

	cr_assert(load_with_root(&loaded, slashes) == 0);
	cr_assert_str_eq(loaded.config->host.root, loaded.scratch.path);
	cr_assert(load_with_root(&loaded, "/") == 0);
	cr_assert_str_eq(loaded.config->host.root, "");
	cr_assert_str_eq(loaded.config->keys, "/etc/keys");
	cr_assert(load_with_root(&loaded, "") == 0);
	cr_assert(load_with_root(&loaded, "tmp") == -EINVAL);
	cr_assert(load_with_root(&loaded, "/nonexistent/root") == -ENOENT);
	cr_assert(load_with_root(&loaded, loaded.path) == -ENOTDIR);
	cr_assert(strstr(loaded.err.text, "not a directory") != NULL, "%s", loaded.err.text);
	free(slashes);
	case_finish(&loaded);
}

Test(config, systemd_is_the_default_where_it_runs)
{
	struct config_case loaded = case_good(LEAST_LINES);
	char *mark = scratch_path(&loaded.scratch, "run/systemd/system");

	cr_assert(loaded.config->host.manager == MANAGER_COMMAND);
	scratch_directory(mark);
	cr_assert(load_with_root(&loaded, loaded.scratch.path) == 0);
	cr_assert(loaded.config->host.manager == MANAGER_SYSTEMD);
	scratch_write(loaded.path, LEAST_LINES "[service s]\nstart = /b\n");
	cr_assert(load_with_root(&loaded, loaded.scratch.path) == -EINVAL);
	cr_assert(strstr(loaded.err.text, "the default where it runs") != NULL, "%s",
		  loaded.err.text);
	free(mark);
	case_finish(&loaded);
}

/* Four thousand bytes in components that a file system takes. */
static char *long_path(void)
{
	char *path = malloc(4001);

	cr_assert(path != NULL);
	for (size_t i = 0; i < 4000; i++) {
		path[i] = i % 250 == 0 ? '/' : 'x';
	}
	path[4000] = '\0';
	return path;
}

Test(config, paths_of_four_thousand_bytes_stay_whole)
{
	char *path = long_path(), *text = NULL;
	struct config_case loaded;

	cr_assert(asprintf(&text, LEAST_LINES "[database d]\npath = %s\n", path) > 0);
	loaded = case_load_rootless(text);
	cr_assert(loaded.rc == 0, "%s", loaded.err.text);
	cr_assert_str_eq(loaded.config->host.databases[0].path, path);
	case_finish(&loaded);
	free(text);
	free(path);
}

Test(config, a_refusal_survives_a_path_of_four_thousand_bytes)
{
	char *path = long_path();
	struct config *config = NULL;
	struct error err;

	cr_assert(config_load(path, NULL, &config, &err) == -ENOENT);
	cr_assert(strstr(err.text, strerror(ENOENT)) != NULL, "%s", err.text);
	cr_assert(config == NULL);
	free(path);
}

/* That the file at this place in the scratch directory is refused with rc and part. */
static void expect_unusable(const char *path, int rc, const char *part)
{
	struct config *config = NULL;
	struct error err;
	int got = config_load(path, NULL, &config, &err);

	cr_assert(got == rc, "%d: %s", got, err.text);
	cr_assert(config == NULL);
	cr_assert(strstr(err.text, part) != NULL, "'%s' does not say '%s'", err.text, part);
	cr_assert(strstr(err.text, path) != NULL, "'%s' does not name %s", err.text, path);
}

Test(config, what_is_no_file_is_refused)
{
	struct scratch scratch = scratch_make();
	char *missing = scratch_path(&scratch, "missing.ini");
	char *no_directory = scratch_path(&scratch, "missing/banger.ini");
	char *fifo = scratch_path(&scratch, "fifo");

	cr_assert(mkfifo(fifo, 0600) == 0);
	expect_unusable(missing, -ENOENT, "No such file");
	expect_unusable(no_directory, -ENOENT, "No such file");
	expect_unusable(scratch.path, -EISDIR, "not a regular file");
	expect_unusable(fifo, -EINVAL, "not a regular file");
	free(missing);
	free(no_directory);
	free(fifo);
	scratch_remove(&scratch);
}

Test(config, a_symbolic_link_is_refused)
{
	struct config_case loaded = case_good(LEAST_LINES);
	char *link = scratch_path(&loaded.scratch, "link.ini");
	struct config *config = NULL;
	struct error err;

	cr_assert(symlink(loaded.path, link) == 0);
	cr_assert(config_load(link, NULL, &config, &err) < 0);
	cr_assert(strstr(err.text, "symbolic link") != NULL, "%s", err.text);
	free(link);
	case_finish(&loaded);
}

Test(config, a_file_is_found_from_the_current_directory)
{
	struct config_case loaded = case_good(LEAST_LINES);
	struct config *config = NULL;
	struct error err;

	cr_assert(chdir(loaded.scratch.path) == 0);
	cr_assert(config_load("banger.ini", NULL, &config, &err) == 0, "%s", err.text);
	cr_assert_str_eq(config->path, "banger.ini");
	config_free(config);
	case_finish(&loaded);
}

Test(config, a_file_that_is_too_large_is_refused)
{
	struct buffer text = BUFFER_INIT(1u * MIB);
	struct config_case loaded;

	while (text.length <= LIMIT_CONFIG) {
		cr_assert(buffer_add_format(&text, "; %0100d\n", 0) == 0);
	}
	loaded = case_load(buffer_text(&text));
	cr_assert(loaded.rc == -E2BIG, "%d", loaded.rc);
	case_finish(&loaded);
	buffer_finish(&text);
}

/* Runs load as an ordinary user when this is root: root can read everything. */
static int load_as_nobody(const char *path)
{
	int status = 0;
	pid_t child = fork();

	cr_assert(child >= 0);
	if (child == 0) {
		struct config *config = NULL;
		struct error err;

		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
			_exit(126);
		}
		_exit(-config_load(path, NULL, &config, &err));
	}
	cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return -WEXITSTATUS(status);
}

Test(config, an_unreadable_file_is_refused)
{
	struct config_case loaded = case_good(LEAST_LINES);

	cr_assert(chmod(loaded.scratch.path, 0755) == 0);
	cr_assert(chmod(loaded.path, 0) == 0);
	cr_assert(load_as_nobody(loaded.path) == -EACCES);
	case_finish(&loaded);
}

Test(config, as_root_a_file_that_others_can_write_is_refused)
{
	struct config_case loaded = case_good(LEAST_LINES);

	if (geteuid() != 0) {
		case_finish(&loaded);
		cr_skip_test("only root needs to trust the file");
	}
	cr_assert(chmod(loaded.path, 0664) == 0);
	expect_unusable(loaded.path, -EPERM, "group-writable (g+w)");
	cr_assert(chmod(loaded.path, 0646) == 0);
	expect_unusable(loaded.path, -EPERM, "world-writable (o+w)");
	cr_assert(chmod(loaded.path, 0644) == 0 && chown(loaded.path, 65534, 65534) == 0);
	expect_unusable(loaded.path, -EPERM, "65534");
	cr_assert(chown(loaded.path, 0, 0) == 0 && chmod(loaded.scratch.path, 0775) == 0);
	cr_assert(load_with_root(&loaded, NULL) == -EPERM);
	cr_assert(strstr(loaded.err.text, "group-writable (g+w)") != NULL, "%s", loaded.err.text);
	case_finish(&loaded);
}

Test(config, a_config_that_was_never_loaded_can_be_freed)
{
	struct config *config = NULL;

	config_free(config);
	config_cleanup(&config);
	cr_assert(config == NULL);
}
