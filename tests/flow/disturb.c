/*
 * disturb.c - disturb.h: what an INI file, a release, a plugin or a command can do.
 */
#include "flow/disturb.h"

#include <glob.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/world_parts.h"

static const struct world *world_of(const struct disturbed *host)
{
	return &host->ground->world;
}

static const char *old_version(const struct disturbed *host)
{
	return host->ground->story == FIRST_UPDATE ? "0.1.0" : "0.2.0";
}

static const char *new_version(const struct disturbed *host)
{
	static const char *const versions[] = {
		[FIRST_UPDATE] = "0.2.0", [SECOND_UPDATE] = "0.3.0", [ROLLBACK] = "0.1.0"};

	return versions[host->ground->story];
}

/* The command does this instead as long as version is installed; it kills only once. */
static void sabotage(const struct disturbed *host, const char *section, const char *key,
		     const char *command, const char *version)
{
	static const char *const words[] = {
		[FAILS] = "exit 1",
		[HANGS] = "exec sleep 600",
		[KILLED] = "rm $0.armed; kill -9 $updater; exit 1",
	};
	char *script = world_script(world_of(host), key,
				    "if [ -e $0.armed ] && %s/bangerd --version | grep -qF %s\n"
				    "then %s\nfi\nexec %s",
				    world_of(host)->bin, version, words[host->fault], command);
	char *armed = scratch_path(&world_of(host)->scratch, "%s.armed", key);

	scratch_write(armed, "");
	world_configure(world_of(host), section, key, script);
	free(script);
	free(armed);
}

static char *doctor(const struct disturbed *host)
{
	char *command = NULL;

	must(asprintf(&command, "%s/banger doctor --socket %s/socket --database %s",
		      world_of(host)->bin, world_of(host)->scratch.path,
		      world_of(host)->database) > 0);
	return command;
}

static char *stopper(const struct disturbed *host)
{
	char *command = NULL;

	must(asprintf(&command, "/sbin/start-stop-daemon --stop --quiet --pidfile %s",
		      world_of(host)->pid_file) > 0);
	return command;
}

static void sabotage_health(const struct disturbed *host, const char *version)
{
	char *command = doctor(host);

	sabotage(host, "[health]", "command", command, version);
	free(command);
}

void disturb_baseline(struct disturbed *host)
{
	sabotage_health(host, old_version(host));
}

void disturb_health(struct disturbed *host)
{
	sabotage_health(host, new_version(host));
}

void disturb_start(struct disturbed *host)
{
	char *command = world_start_command(world_of(host));

	sabotage(host, "[service bangerd]", "start", command, new_version(host));
	free(command);
}

void disturb_stop(struct disturbed *host)
{
	char *command = stopper(host);

	sabotage(host, "[service bangerd]", "stop", command, old_version(host));
	free(command);
}

/* The command, which does something else first. Takes command. */
static void precede(const struct disturbed *host, const char *section, const char *key,
		    char *command, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void precede(const struct disturbed *host, const char *section, const char *key,
		    char *command, const char *format, ...)
{
	char *words = NULL;
	va_list args;

	va_start(args, format);
	must(vasprintf(&words, format, args) > 0);
	va_end(args);
	char *script = world_script(world_of(host), key, "%s\nexec %s", words, command);

	world_configure(world_of(host), section, key, script);
	free(script);
	free(words);
	free(command);
}

/* Where it is to be kept there is no directory. */
void disturb_snapshot(struct disturbed *host)
{
	precede(host, "[health]", "command", doctor(host),
		"cd %s/host/lib && rm -r -f .banger-update && : >%s", world_of(host)->scratch.path,
		".banger-update");
}

/* What was copied while the daemon ran is gone. */
void disturb_complete(struct disturbed *host)
{
	precede(host, "[service bangerd]", "stop", stopper(host),
		"rm -r %s/host/lib/.banger-update", world_of(host)->scratch.path);
}

/* What the update to be taken back has kept is no database. */
void disturb_restore(struct disturbed *host)
{
	char *pattern =
		scratch_path(&world_of(host)->scratch, "host/lib/.banger-update/*/state.db");
	glob_t found = {0};

	must(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1);
	precede(host, "[service bangerd]", "stop", stopper(host), "echo damaged >%s",
		found.gl_pathv[0]);
	globfree(&found);
	free(pattern);
}

/* The second of two files is not there any more. */
void disturb_swap(struct disturbed *host)
{
	precede(host, "[service bangerd]", "stop", stopper(host),
		"rm %s/.banger-update-banger/*/banger", world_of(host)->bin);
}

void disturb_preflight(struct disturbed *host)
{
	const char *name = host->fault == FAILS ? "fails" : "hang";
	char section[32];

	(void)snprintf(section, sizeof(section), "[plugin %s]", name);
	world_add_plugin(world_of(host), name);
	world_configure(world_of(host), section, "timeout", host->fault == HANGS ? "300ms" : "20s");
}

void disturb_bring(struct disturbed *host)
{
	world_configure(world_of(host), "[update]", "staging_dir", "/proc");
}

/* Another file, or one that nobody ever writes to. */
void disturb_previous(struct disturbed *host)
{
	char *backup = path_join(world_of(host)->bin, "bangerd.previous");

	must(unlink(backup) == 0);
	if (host->fault == HANGS) {
		must(mkfifo(backup, 0755) == 0);
	} else {
		scratch_write_bytes(backup, "#!/bin/sh\n", 10, 0755);
	}
	free(backup);
}

/* An artifact that the release lacks. */
void disturb_unpack(struct disturbed *host)
{
	char *more = path_join(world_of(host)->bin, "more");

	world_configure(world_of(host), "[artifact more]", "install", more);
	free(more);
}

static unsigned listen_in_silence(struct disturbed *host)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);

	host->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(host->server >= 0 && bind(host->server, (struct sockaddr *)&address, length) == 0 &&
	     listen(host->server, 8) == 0 &&
	     getsockname(host->server, (struct sockaddr *)&address, &length) == 0);
	return ntohs(address.sin_port);
}

/* A file with something else in it, or a server that says nothing. The caller frees it. */
static char *wrong_url(struct disturbed *host, const char *name)
{
	char *url = NULL;
	char *file = scratch_path(&world_of(host)->scratch, "wrong/%s", name);
	char *directory = path_directory(file);

	scratch_directory(directory);
	scratch_write(file, "no manifest, no sums, and no tarball\n");
	must((host->fault == FAILS ? asprintf(&url, "file://%s", file)
				   : asprintf(&url, "https://127.0.0.1:%u/%s",
					      listen_in_silence(host), name)) > 0);
	free(directory);
	free(file);
	return url;
}

/* The manifest names another place for a file of the same name. */
static void misdirect(struct disturbed *host, const char *member)
{
	char *path = path_join(world_of(host)->releases, "manifest.json");
	json_t *root = json_load_file(path, 0, NULL);
	json_t *release = json_array_get(json_object_get(root, "releases"), 0);
	const char *right = json_string_value(json_object_get(release, member));

	must(right != NULL);
	char *wrong = wrong_url(host, path_name(right));

	must(json_object_set_new(release, member, json_string(wrong)) == 0 &&
	     json_dump_file(root, path, 0) == 0);
	json_decref(root);
	free(wrong);
	free(path);
}

void disturb_discover(struct disturbed *host)
{
	char *url = wrong_url(host, "manifest.json");

	world_configure(world_of(host), "[update]", "manifest", url);
	free(url);
}

void disturb_verify(struct disturbed *host)
{
	misdirect(host, "sha256sums_url");
}

void disturb_download(struct disturbed *host)
{
	misdirect(host, "tarball_url");
}

bool disturb_is_asked(const struct disturbed *host, int patience_ms)
{
	struct pollfd asked = {.fd = host->server, .events = POLLIN};

	return poll(&asked, 1, patience_ms) == 1;
}

bool disturb_is_judged(const struct disturbed *host, int patience_ms)
{
	char *pattern = path_join(world_of(host)->bin, ".banger-update-banger/*.scratch/hang");
	uint64_t deadline = clock_deadline((uint64_t)patience_ms);
	glob_t found = {0};
	bool is_there = false;

	while (!is_there && clock_left(deadline) > 0) {
		is_there = glob(pattern, 0, NULL, &found) == 0;
		globfree(&found);
		(void)poll(NULL, 0, 1);
	}
	free(pattern);
	return is_there;
}
