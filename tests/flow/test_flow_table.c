/*
 * test_flow_table.c - every phase that something outside can disturb, in each way there is: what
 * the journal has of the run, what it exits with, which release is on the host and runs there, and
 * that the database is the one that belongs to it.
 *
 * One row is a phase and what befalls it; each is walked for a host's first update, for one that
 * follows another, and for a rollback by hand that takes the database with it. After a kill,
 * `recover` has to end on the same host as a failure would.
 *
 * Not here: unpack, complete, restore, swap and commit wait for nobody outside, so that nothing can
 * hang or be killed there by a command; tests/crash kills and fails them at every call. confirm
 * waits for a person at a terminal (test_flow_attack.c).
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "crash/ground.h"
#include "flow/world_parts.h"

#define PATIENCE_MS 20000
#define COMPLAINTS  ((size_t)1 << 20)
#define EVENTS      ((size_t)1 << 16)

enum fault {
	FAILS,
	HANGS,
	KILLED,
};
static const char *const fault_words[] = {"fails", "hangs", "is killed"};

static struct ground ground;
static enum fault fault;
static int server = -1; /* listens and says nothing */

static const struct world *world(void)
{
	return &ground.world;
}

/* ---- what befalls a phase ----------------------------------------------------------------------
 */

static const char *old_version(void)
{
	return ground.story == FIRST_UPDATE ? "0.1.0" : "0.2.0";
}

static const char *new_version(void)
{
	static const char *const versions[] = {
		[FIRST_UPDATE] = "0.2.0", [SECOND_UPDATE] = "0.3.0", [ROLLBACK] = "0.1.0"};

	return versions[ground.story];
}

/* The command does this instead as long as version is installed; it kills only once. */
static void sabotage(const char *section, const char *key, const char *command, const char *version)
{
	static const char *const words[] = {
		[FAILS] = "exit 1",
		[HANGS] = "exec sleep 600",
		[KILLED] = "rm $0.armed; kill -9 $PPID; exit 1",
	};
	char *script = world_script(world(), key,
				    "if [ -e $0.armed ] && %s/bangerd --version | grep -qF %s\n"
				    "then %s\nfi\nexec %s",
				    world()->bin, version, words[fault], command);
	char *armed = scratch_path(&world()->scratch, "%s.armed", key);

	scratch_write(armed, "");
	world_configure(world(), section, key, script);
	free(script);
	free(armed);
}

static char *doctor(void)
{
	char *command = NULL;

	must(asprintf(&command, "%s/banger doctor --socket %s/socket --database %s", world()->bin,
		      world()->scratch.path, world()->database) > 0);
	return command;
}

static char *stopper(void)
{
	char *command = NULL;

	must(asprintf(&command, "/sbin/start-stop-daemon --stop --quiet --pidfile %s",
		      world()->pid_file) > 0);
	return command;
}

static void sabotage_health(const char *version)
{
	char *command = doctor();

	sabotage("[health]", "command", command, version);
	free(command);
}

static void baseline(void)
{
	sabotage_health(old_version());
}

static void health(void)
{
	sabotage_health(new_version());
}

static void start(void)
{
	char *command = world_start_command(world());

	sabotage("[service bangerd]", "start", command, new_version());
	free(command);
}

static void stop(void)
{
	char *command = stopper();

	sabotage("[service bangerd]", "stop", command, old_version());
	free(command);
}

/* The command, which does something else first. Takes command. */
static void precede(const char *section, const char *key, char *command, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void precede(const char *section, const char *key, char *command, const char *format, ...)
{
	char *words = NULL;
	va_list args;

	va_start(args, format);
	must(vasprintf(&words, format, args) > 0);
	va_end(args);
	char *script = world_script(world(), key, "%s\nexec %s", words, command);

	world_configure(world(), section, key, script);
	free(script);
	free(words);
	free(command);
}

/* Where it is to be kept there is no directory. */
static void snapshot(void)
{
	precede("[health]", "command", doctor(),
		"cd %s/host/lib && rm -r -f .banger-update && : >%s", world()->scratch.path,
		".banger-update");
}

/* What was copied while the daemon ran is gone. */
static void complete(void)
{
	precede("[service bangerd]", "stop", stopper(), "rm -r %s/host/lib/.banger-update",
		world()->scratch.path);
}

/* What the update to be taken back has kept is no database. */
static void restore(void)
{
	char *pattern = scratch_path(&world()->scratch, "host/lib/.banger-update/*/state.db");
	glob_t found = {0};

	must(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1);
	precede("[service bangerd]", "stop", stopper(), "echo damaged >%s", found.gl_pathv[0]);
	globfree(&found);
	free(pattern);
}

/* The second of two files is not there any more. */
static void swap(void)
{
	precede("[service bangerd]", "stop", stopper(), "rm %s/.banger-update-banger/*/banger",
		world()->bin);
}

static void preflight(void)
{
	const char *name = fault == FAILS ? "fails" : "hang";
	char section[32];

	(void)snprintf(section, sizeof(section), "[plugin %s]", name);
	world_add_plugin(world(), name);
	world_configure(world(), section, "timeout", fault == HANGS ? "300ms" : "20s");
}

static void bring(void)
{
	world_configure(world(), "[update]", "staging_dir", "/proc");
}

/* Another file, or one that nobody ever writes to. */
static void previous(void)
{
	char *backup = path_join(world()->bin, "bangerd.previous");

	must(unlink(backup) == 0);
	if (fault == HANGS) {
		must(mkfifo(backup, 0755) == 0);
	} else {
		scratch_write_bytes(backup, "#!/bin/sh\n", 10, 0755);
	}
	free(backup);
}

/* An artifact that the release lacks. */
static void unpack(void)
{
	char *more = path_join(world()->bin, "more");

	world_configure(world(), "[artifact more]", "install", more);
	free(more);
}

static unsigned listen_in_silence(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);

	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(server >= 0 && bind(server, (struct sockaddr *)&address, length) == 0 &&
	     listen(server, 8) == 0 &&
	     getsockname(server, (struct sockaddr *)&address, &length) == 0);
	return ntohs(address.sin_port);
}

/* A file with something else in it, or a server that says nothing. The caller frees it. */
static char *wrong_url(const char *name)
{
	char *url = NULL;
	char *file = scratch_path(&world()->scratch, "wrong/%s", name);
	char *directory = path_directory(file);

	scratch_directory(directory);
	scratch_write(file, "no manifest, no sums, and no tarball\n");
	must((fault == FAILS
		      ? asprintf(&url, "file://%s", file)
		      : asprintf(&url, "https://127.0.0.1:%u/%s", listen_in_silence(), name)) > 0);
	free(directory);
	free(file);
	return url;
}

static char *manifest_path(void)
{
	return path_join(world()->releases, "manifest.json");
}

/* The manifest names another place for a file of the same name. */
static void misdirect(const char *member)
{
	char *path = manifest_path();
	json_t *root = json_load_file(path, 0, NULL);
	json_t *release = json_array_get(json_object_get(root, "releases"), 0);
	const char *right = json_string_value(json_object_get(release, member));

	must(right != NULL);
	char *wrong = wrong_url(path_name(right));

	must(json_object_set_new(release, member, json_string(wrong)) == 0 &&
	     json_dump_file(root, path, 0) == 0);
	json_decref(root);
	free(wrong);
	free(path);
}

static void discover(void)
{
	char *url = wrong_url("manifest.json");

	world_configure(world(), "[update]", "manifest", url);
	free(url);
}

static void verify(void)
{
	misdirect("sha256sums_url");
}

static void download(void)
{
	misdirect("tarball_url");
}

/* ---- the table ---------------------------------------------------------------------------------
 */

#define FIRST   (1u << FIRST_UPDATE)
#define SECOND  (1u << SECOND_UPDATE)
#define BACK    (1u << ROLLBACK)
#define UPDATES (FIRST | SECOND)
#define ALL     (UPDATES | BACK)

#define DONE        0
#define ERROR       3
#define ROLLED_BACK 4
#define BUSY        75
#define DEAD        (-1)

static const struct row {
	const char *phase;
	enum fault fault;
	unsigned stories;
	void (*arrange)(void);
	int exit_code;
} rows[] = {
	{"discover", FAILS, UPDATES, discover, ERROR},
	{"discover", HANGS, UPDATES, discover, ERROR},
	{"discover", KILLED, UPDATES, discover, DEAD},
	{"verify", FAILS, UPDATES, verify, ERROR},
	{"verify", HANGS, UPDATES, verify, ERROR},
	{"verify", KILLED, UPDATES, verify, DEAD},
	{"download", FAILS, UPDATES, download, ERROR},
	{"download", HANGS, UPDATES, download, ERROR},
	{"download", KILLED, UPDATES, download, DEAD},
	{"unpack", FAILS, UPDATES, unpack, ERROR},
	{"previous", FAILS, BACK, previous, ERROR},
	{"previous", HANGS, BACK, previous, ERROR},
	{"bring", FAILS, BACK, bring, ERROR},
	{"preflight", FAILS, ALL, preflight, ERROR},
	{"preflight", HANGS, ALL, preflight, ERROR},
	{"baseline", FAILS, UPDATES, baseline, BUSY},
	{"baseline", HANGS, UPDATES, baseline, BUSY},
	/* What is sick may be left. */
	{"baseline", FAILS, BACK, baseline, DONE},
	{"baseline", HANGS, BACK, baseline, DONE},
	{"baseline", KILLED, ALL, baseline, DEAD},
	{"snapshot", FAILS, ALL, snapshot, ERROR},
	{"stop", FAILS, ALL, stop, ROLLED_BACK},
	/* Its time is over: the daemon is killed, and the run goes on. */
	{"stop", HANGS, ALL, stop, DONE},
	{"stop", KILLED, ALL, stop, DEAD},
	{"complete", FAILS, ALL, complete, ROLLED_BACK},
	{"restore", FAILS, BACK, restore, ROLLED_BACK},
	{"swap", FAILS, ALL, swap, ROLLED_BACK},
	{"start", FAILS, ALL, start, ROLLED_BACK},
	{"start", HANGS, ALL, start, ROLLED_BACK},
	{"start", KILLED, ALL, start, DEAD},
	{"health", FAILS, ALL, health, ROLLED_BACK},
	{"health", HANGS, ALL, health, ROLLED_BACK},
	{"health", KILLED, ALL, health, DEAD},
};

/* As they are walked; the first of each begins the run, so that its intent is not recorded. */
static const char *const update_phases[] = {"discover",  "verify",   "download", "unpack",
					    "preflight", "baseline", "snapshot", "stop",
					    "complete",  "swap",     "start",    "health",
					    NULL};
static const char *const rollback_phases[] = {"previous", "bring",    "preflight", "baseline",
					      "confirm",  "snapshot", "stop",      "complete",
					      "restore",  "swap",     "start",     "health",
					      NULL};
/* From here on the host is changed, and these have a way back. */
#define POINT_OF_CHANGE "stop"
static const char *const undone[] = {"start", "swap", "complete", "stop", "snapshot"};

/* ---- what is recorded --------------------------------------------------------------------------
 */

static bool ends_well(const struct row *row)
{
	return row->exit_code == DONE;
}

static void add(struct buffer *text, const char *phase, const char *state)
{
	must(buffer_add_format(text, "%s %s, ", phase, state) == 0);
}

static size_t place_of(const char *const *phases, const char *name)
{
	size_t place = 0;

	while (phases[place] != NULL && strcmp(phases[place], name) != 0) {
		place++;
	}
	return place;
}

static void add_way_back(struct buffer *text, const char *const *phases, size_t failed)
{
	if (failed < place_of(phases, POINT_OF_CHANGE)) {
		return;
	}
	for (size_t i = 0; i < sizeof(undone) / sizeof(undone[0]); i++) {
		if (place_of(phases, undone[i]) <= failed) {
			add(text, undone[i], "undone");
		}
	}
}

/* "verify intent, verify done, …" */
static char *expected_events(const struct row *row)
{
	struct buffer text = BUFFER_INIT(EVENTS);
	const char *const *phases = ground.story == ROLLBACK ? rollback_phases : update_phases;
	size_t last = ends_well(row) ? place_of(phases, "") : place_of(phases, row->phase);

	for (size_t i = 0; i <= last && last > 0; i++) {
		const char *phase = phases[i] != NULL ? phases[i] : "commit";

		if (i > 0) {
			add(&text, phase, "intent");
		}
		if (i < last) {
			add(&text, phase, "done");
		} else if (!ends_well(row) && row->exit_code != DEAD) {
			add(&text, phase, "failed");
		}
	}
	if (!ends_well(row)) {
		add_way_back(&text, phases, last);
	}
	must(buffer_add(&text, "", 0) == 0);
	return buffer_detach(&text);
}

static json_t *history(const char *line)
{
	struct outcome outcome = world_update(world(), line);
	json_t *root = json_loads(outcome.output, 0, NULL);

	cr_assert_not_null(root, "%s: %s%s", line, outcome.output, outcome.errors);
	outcome_free(&outcome);
	return root;
}

/* "" when there was none yet. */
static char *newest_run(void)
{
	json_t *root = history("history --json");
	const json_t *newest = json_array_get(json_object_get(root, "runs"), 0);
	char *run = newest != NULL ? strdup(json_string_value(json_object_get(newest, "run")))
				   : strdup("");

	json_decref(root);
	return run;
}

/* Of the newest run, unless that is the one that was there before. */
static char *recorded_events(const char *before)
{
	struct buffer text = BUFFER_INIT(EVENTS);
	char *run = newest_run();
	size_t index = 0;
	const json_t *event = NULL;

	must(buffer_add(&text, "", 0) == 0);
	if (strcmp(run, before) != 0) {
		char line[64];

		(void)snprintf(line, sizeof(line), "history %s --json", run);
		json_t *root = history(line);

		json_array_foreach(json_object_get(json_object_get(root, "run"), "events"), index,
				   event)
		{
			add(&text, json_string_value(json_object_get(event, "phase")),
			    json_string_value(json_object_get(event, "state")));
		}
		json_decref(root);
	}
	free(run);
	return buffer_detach(&text);
}

/* ---- one row -----------------------------------------------------------------------------------
 */

static char *ini;
static char *manifest;

static void prepare(enum story story)
{
	ground_make(&ground, story, NULL);
	world_configure(world(), "[health]", "timeout", "1s");
	world_configure(world(), "[service bangerd]", "ready_timeout", "2s");
	world_configure(world(), "[service bangerd]", "stop_timeout", "1s");
	world_configure(world(), "[update]", "download_timeout", "1s");
	world_configure(world(), "[update]", "retries", "0");
	char *path = manifest_path();

	ini = scratch_read(world()->ini);
	manifest = scratch_read(path);
	free(path);
}

static void remove_plugin(const char *name)
{
	char *path = path_join(world()->plugins, name);

	(void)unlink(path);
	free(path);
}

static void reset(void)
{
	char *path = manifest_path();

	scratch_write(world()->ini, ini);
	scratch_write(path, manifest);
	remove_plugin("hang.so");
	remove_plugin("fails.so");
	if (server >= 0) {
		(void)close(server);
		server = -1;
	}
	ground_reset(&ground);
	free(path);
}

static bool is_asked(int patience_ms)
{
	struct pollfd asked = {.fd = server, .events = POLLIN};

	return poll(&asked, 1, patience_ms) == 1;
}

/* The phase waits: for the server, or for a plugin. */
static void await_phase(const struct row *row, const char *before)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	if (server >= 0) {
		cr_assert(is_asked(PATIENCE_MS), "%s: nobody asks the server", row->phase);
		return;
	}
	for (bool reached = false; !reached;) {
		char *events = recorded_events(before);
		char wanted[64];

		(void)snprintf(wanted, sizeof(wanted), "%s intent, ", row->phase);
		cr_assert_gt(clock_left(deadline), 0, "%s is not reached: %s", row->phase, events);
		reached = text_has_suffix(events, wanted);
		free(events);
	}
}

static struct outcome run(const struct row *row, const char *before)
{
	struct running running = world_begin(world(), ground.line);

	/* Where no command kills it, we do. */
	if (row->fault == KILLED && (server >= 0 || row->arrange == preflight)) {
		await_phase(row, before);
		must(kill(running.process.pid, SIGKILL) == 0);
	}
	return world_await(&running);
}

static void complain(struct buffer *complaints, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct buffer *complaints, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	must(vasprintf(&text, format, args) >= 0);
	va_end(args);
	must(buffer_add_format(complaints, "    %s\n", text) == 0);
	free(text);
}

static void look(const struct row *row, const char *before, struct buffer *complaints)
{
	char *expected = expected_events(row);
	char *recorded = recorded_events(before);
	enum end end = ground_look(&ground, complaints);

	if (server >= 0 && !is_asked(0)) {
		complain(complaints, "nobody asked the server");
	}
	if (end != (ends_well(row) ? END_NEW : END_OLD)) {
		complain(complaints, "the host is on the wrong release");
	}
	ground_look_for_leftovers(&ground, complaints);
	if (strcmp(expected, recorded) != 0) {
		complain(complaints, "recorded %s\n    instead of %s", recorded, expected);
	}
	free(expected);
	free(recorded);
}

static void try_row(const struct row *row)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);

	reset();
	fault = row->fault;
	row->arrange();
	char *before = newest_run();
	struct outcome outcome = run(row, before);

	if (outcome.exit_code != row->exit_code) {
		complain(&complaints, "exits with %d instead of %d: %s%s", outcome.exit_code,
			 row->exit_code, outcome.output, outcome.errors);
	}
	if (row->fault == KILLED) {
		ground_recover(&ground, &complaints);
	}
	look(row, before, &complaints);
	cr_expect(complaints.length == 0, "%s: %s %s:\n%s", story_names[ground.story], row->phase,
		  fault_words[row->fault], buffer_text(&complaints));
	outcome_free(&outcome);
	buffer_finish(&complaints);
	free(before);
}

static void walk(enum story story)
{
	prepare(story);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((rows[i].stories & 1u << story) != 0) {
			try_row(&rows[i]);
		}
	}
}

static void finish(void)
{
	free(ini);
	free(manifest);
	ground_finish(&ground);
}

TestSuite(table, .fini = finish, .timeout = 300);

Test(table, of_a_first_update)
{
	walk(FIRST_UPDATE);
}

Test(table, of_a_second_update)
{
	walk(SECOND_UPDATE);
}

Test(table, of_a_rollback_by_hand)
{
	walk(ROLLBACK);
}
