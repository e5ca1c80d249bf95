/*
 * guest.c - guest.h: what is put into the machine before it comes up.
 */
#include "system/guest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "flow/world_parts.h"

#define SAMPLE  BANGER_BUILD_DIR "/tests/samples/sample"
#define SITE    "http://127.0.0.1:8080"
#define TARGET  "multi-user.target"
#define RELEASE "srv/releases"

static const char *or_else(const char *text, const char *fallback)
{
	return text != NULL ? text : fallback;
}

/* ---- what is installed ------------------------------------------------------------------------
 */

/* What the machine's paths are called from outside. */
static void name_paths(struct guest *guest)
{
	const struct machine *machine = &guest->machine;
	struct world *world = &guest->world;
	char *place = machine_path(machine, "srv");

	(void)snprintf(world->scratch.path, sizeof(world->scratch.path), "%s", place);
	world->bin = machine_path(machine, "usr/local/bin");
	world->database = machine_path(machine, "var/lib/banger/state.db");
	world->plugins = machine_path(machine, "usr/lib/banger-update/preflight.d");
	world->state = machine_path(machine, "var/lib/banger-update/banger");
	world->releases = machine_path(machine, RELEASE);
	world->ini = machine_path(machine, GUEST_INI);
	free(place);
}

/* As a package would put it into /usr. */
static void install_updater(const struct guest *guest)
{
	static const char *const parts[] = {"bin/banger-update", "libexec/banger-update",
					    "lib/banger-update"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *from = path_join(PREFIX, parts[i]);
		char *to = path_join("usr", parts[i]);

		machine_copy(&guest->machine, from, to);
		free(from);
		free(to);
	}
}

/* Units are where their prefix says; here that is /usr. */
static void install_unit(const struct guest *guest, const char *name)
{
	char *from = path_join(PREFIX "/lib/systemd/system", name);
	char *to = path_join("usr/lib/systemd/system", name);
	char *there = machine_path(&guest->machine, to);

	machine_copy(&guest->machine, from, to);
	if (strstr(name, ".service") != NULL) {
		scratch_replace(there, PREFIX "/", "/usr/");
	}
	free(from);
	free(to);
	free(there);
}

static void enable_unit(const struct guest *guest, const char *name, const char *target)
{
	char *unit = path_join("/usr/lib/systemd/system", name);
	char *directory = NULL;
	char *link = NULL;

	must(asprintf(&directory, "%s/etc/systemd/system/%s.wants", guest->machine.root, target) >
	     0);
	scratch_directory(directory);
	link = path_join(directory, name);
	must(symlink(unit, link) == 0);
	free(unit);
	free(directory);
	free(link);
}

/* As their preset has them. */
static void install_units(const struct guest *guest)
{
	static const char *const units[] = {"banger-update.service", "banger-update-check.service",
					    "banger-update-check.timer",
					    "banger-update-recover.service",
					    "banger-update-recover-verify.service"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		install_unit(guest, units[i]);
	}
	machine_copy(&guest->machine, PREFIX "/lib/systemd/catalog/banger-update.catalog",
		     "usr/lib/systemd/catalog/banger-update.catalog");
	enable_unit(guest, "banger-update-recover.service", "sysinit.target");
	enable_unit(guest, "banger-update-recover-verify.service", TARGET);
}

static void install_sample(const struct guest *guest, const char *name,
			   const struct guest_options *options)
{
	struct label label = {.migrations = 2};
	char *path = path_join(guest->world.bin, name);
	struct error err;

	(void)snprintf(label.version, sizeof(label.version), "%s",
		       or_else(options->version, "0.1.0"));
	(void)snprintf(label.behaviour, sizeof(label.behaviour), "%s",
		       or_else(options->behaviour, "healthy"));
	cr_assert_eq(label_write(SAMPLE, path, &label, &err), 0, "%s", err.text);
	free(path);
}

/* The installed release, and its database with a row of each kind. */
static void install_release(const struct guest *guest, const struct guest_options *options)
{
	const struct world *world = &guest->world;
	char *directory = path_directory(world->database);
	char *bangerd = path_join(world->bin, "bangerd");

	scratch_directory(directory);
	install_sample(guest, "bangerd", options);
	install_sample(guest, "banger", options);
	run_or_fail(
		(const char *const[]){bangerd, "--migrate", "--database", world->database, NULL});
	world_sql(world, "INSERT INTO images (id, name, rootfs_path, kernel_path, created_at, "
			 "updated_at) VALUES ('i1', 'debian', '/r', '/k', 't', 't');"
			 "INSERT INTO vms (id, name, image_id, guest_ip, state, created_at, "
			 "updated_at, last_touched_at, spec_json, runtime_json) VALUES ('v1', "
			 "'web', 'i1', '10.0.0.2', 'running', 't', 't', 't', '{}', '{}')");
	free(directory);
	free(bangerd);
}

/* ---- what is configured -----------------------------------------------------------------------
 */

static void write_web_server(const struct guest *guest)
{
	machine_write(&guest->machine, "etc/web.conf",
		      "pid /run/web.pid;\nerror_log stderr;\nevents { worker_connections 64; }\n"
		      "http {\naccess_log off;\nserver {\nlisten 127.0.0.1:8080;\n"
		      "root /" RELEASE ";\n}\n}\n");
	machine_unit(&guest->machine, "web.service", TARGET,
		     "[Service]\nType=forking\nPIDFile=/run/web.pid\n"
		     "ExecStart=/usr/sbin/nginx -e stderr -c /etc/web.conf\n");
}

static void write_service(const struct guest *guest, const struct guest_options *options)
{
	struct buffer unit = BUFFER_INIT(16u << 10);

	must(buffer_add_format(&unit,
			       "[Unit]\nDescription=banger's daemon\n%s\n[Service]\nType=%s\n"
			       "ExecStart=/usr/local/bin/bangerd --system\n"
			       "RuntimeDirectory=banger\n%s\n",
			       or_else(options->unit_head, ""), or_else(options->type, "notify"),
			       or_else(options->unit_lines, "")) == 0);
	machine_unit(&guest->machine, "bangerd.service", TARGET, buffer_text(&unit));
	buffer_finish(&unit);
}

static void write_ini(const struct guest *guest, const struct guest_options *options)
{
	struct buffer ini = BUFFER_INIT(16u << 10);

	must(buffer_add_format(&ini,
			       "[update]\nproduct = banger\nmanifest = " SITE "/manifest.json\n"
			       "keys = /etc/banger-update/keys.d\n"
			       "installed = /usr/local/bin/banger --version\n"
			       "manager = systemd\nretries = 0\n%s\n"
			       "[artifact bangerd]\ninstall = /usr/local/bin/bangerd\n"
			       "[artifact banger]\ninstall = /usr/local/bin/banger\n",
			       or_else(options->update_keys, "")) == 0);
	must(buffer_add_format(
		     &ini,
		     "[service bangerd.service]\nbinary = bangerd\nstop_timeout = 2s\n%s\n"
		     "[database state]\npath = /var/lib/banger/state.db\n",
		     or_else(options->service_keys, "ready_timeout = 2s")) == 0);
	must(buffer_add_format(&ini,
			       "[health]\ncommand = /usr/local/bin/banger doctor --system\n"
			       "interval = 100ms\ntimeout = 2s\nsettle = 300ms\n"
			       "[preflight]\nplugin_dir = /usr/lib/banger-update/preflight.d\n"
			       "[plugin schema-migration]\n"
			       "command = {stage}/bangerd --check-migrations --system\n%s",
			       or_else(options->sections, "")) == 0);
	machine_write(&guest->machine, GUEST_INI, buffer_text(&ini));
	buffer_finish(&ini);
}

void guest_make(struct guest *guest, const struct guest_options *options)
{
	*guest = (struct guest){0};
	machine_make(&guest->machine, options->disk);
	guest->world.key = signing_key_make();
	name_paths(guest);
	char *keys = machine_path(&guest->machine, "etc/banger-update/keys.d");
	char *key = path_join(keys, "release.pub");

	scratch_directory(keys);
	scratch_directory(guest->world.bin);
	scratch_directory(guest->world.releases);
	signing_key_publish(&guest->world.key, key);
	install_updater(guest);
	install_units(guest);
	install_release(guest, options);
	write_web_server(guest);
	write_service(guest, options);
	write_ini(guest, options);
	free(keys);
	free(key);
}

void guest_boot(struct guest *guest, const struct guest_options *options)
{
	guest_make(guest, options);
	machine_boot(&guest->machine);
}

void guest_finish(struct guest *guest)
{
	struct world *world = &guest->world;

	machine_finish(&guest->machine);
	if (world->bin == NULL) {
		return;
	}
	signing_key_free(&world->key);
	free(world->bin);
	free(world->database);
	free(world->plugins);
	free(world->state);
	free(world->releases);
	free(world->ini);
	*guest = (struct guest){0};
}

void guest_publish_more(struct guest *guest, const struct world_release *release)
{
	struct world *world = &guest->world;
	struct release_built built = world_publish(world, release);
	char *manifest = path_join(world->releases, "manifest.json");
	char *from = NULL;

	/* Named as they are from outside. */
	must(asprintf(&from, "file://%s", world->releases) > 0);
	scratch_replace(manifest, from, SITE);
	machine_sync(&guest->machine);
	release_built_free(&built);
	free(manifest);
	free(from);
}

void guest_publish(struct guest *guest, const char *version, size_t migrations,
		   const char *behaviour)
{
	guest_publish_more(guest, &(struct world_release){.version = version,
							  .migrations = migrations,
							  .behaviour = behaviour});
}
