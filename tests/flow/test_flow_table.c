/*
 * test_flow_table.c - every phase that something outside can disturb, in each way there is: what
 * the journal has of the run, what it exits with, which release is on the host and runs there, and
 * that the database is the one that belongs to it.
 *
 * One row is a phase and what befalls it; each is walked for a host's first update, for one that
 * follows another, and for a rollback by hand that takes the database with it. After a kill,
 * `recover` has to end on the same host as a failure would.
 *
 * Not here: unpack, bring, snapshot, complete, restore, swap and commit run no command and wait for
 * nobody outside, so that they can only be made to fail; tests/crash kills them at every call, and
 * fails commit. confirm waits for a person at a terminal (test_flow_interrupt.c).
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "crash/ground.h"
#include "flow/disturb.h"
#include "flow/world_parts.h"

#define PATIENCE_MS 20000
#define COMPLAINTS  ((size_t)1 << 20)
#define EVENTS      ((size_t)1 << 16)

static const char *const fault_words[] = {"fails", "hangs", "is killed"};

static struct ground ground;
static struct disturbed host = {.ground = &ground, .server = -1};

static const struct world *world(void)
{
	return &ground.world;
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
	void (*arrange)(struct disturbed *host);
	int exit_code;
} rows[] = {
	{"discover", FAILS, UPDATES, disturb_discover, ERROR},
	{"discover", HANGS, UPDATES, disturb_discover, ERROR},
	{"discover", KILLED, UPDATES, disturb_discover, DEAD},
	{"verify", FAILS, UPDATES, disturb_verify, ERROR},
	{"verify", HANGS, UPDATES, disturb_verify, ERROR},
	{"verify", KILLED, UPDATES, disturb_verify, DEAD},
	{"download", FAILS, UPDATES, disturb_download, ERROR},
	{"download", HANGS, UPDATES, disturb_download, ERROR},
	{"download", KILLED, UPDATES, disturb_download, DEAD},
	{"unpack", FAILS, UPDATES, disturb_unpack, ERROR},
	{"previous", FAILS, BACK, disturb_previous, ERROR},
	{"previous", HANGS, BACK, disturb_previous, ERROR},
	{"bring", FAILS, BACK, disturb_bring, ERROR},
	{"preflight", FAILS, ALL, disturb_preflight, ERROR},
	{"preflight", HANGS, ALL, disturb_preflight, ERROR},
	{"preflight", KILLED, ALL, disturb_preflight, DEAD},
	{"baseline", FAILS, UPDATES, disturb_baseline, BUSY},
	{"baseline", HANGS, UPDATES, disturb_baseline, BUSY},
	/* What is sick may be left. */
	{"baseline", FAILS, BACK, disturb_baseline, DONE},
	{"baseline", HANGS, BACK, disturb_baseline, DONE},
	{"baseline", KILLED, ALL, disturb_baseline, DEAD},
	{"snapshot", FAILS, ALL, disturb_snapshot, ERROR},
	{"stop", FAILS, ALL, disturb_stop, ROLLED_BACK},
	/* Its time is over: the daemon is killed, and the run goes on. */
	{"stop", HANGS, ALL, disturb_stop, DONE},
	{"stop", KILLED, ALL, disturb_stop, DEAD},
	{"complete", FAILS, ALL, disturb_complete, ROLLED_BACK},
	{"restore", FAILS, BACK, disturb_restore, ROLLED_BACK},
	{"swap", FAILS, ALL, disturb_swap, ROLLED_BACK},
	{"start", FAILS, ALL, disturb_start, ROLLED_BACK},
	{"start", HANGS, ALL, disturb_start, ROLLED_BACK},
	{"start", KILLED, ALL, disturb_start, DEAD},
	{"health", FAILS, ALL, disturb_health, ROLLED_BACK},
	{"health", HANGS, ALL, disturb_health, ROLLED_BACK},
	{"health", KILLED, ALL, disturb_health, DEAD},
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

/* Its exit code promises that nothing was changed. */
static bool changes_nothing(const struct row *row)
{
	return row->exit_code == ERROR || row->exit_code == BUSY;
}

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
	char *path = path_join(world()->releases, "manifest.json");

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
	char *path = path_join(world()->releases, "manifest.json");

	scratch_write(world()->ini, ini);
	scratch_write(path, manifest);
	remove_plugin("hang.so");
	remove_plugin("fails.so");
	if (host.server >= 0) {
		(void)close(host.server);
		host.server = -1;
	}
	ground_reset(&ground);
	free(path);
}

/* Where no command kills the updater, we do, once it waits. */
static bool waits(void)
{
	return host.server >= 0 ? disturb_is_asked(&host, PATIENCE_MS)
				: disturb_is_judged(&host, PATIENCE_MS);
}

static bool is_ours_to_kill(const struct row *row)
{
	return row->fault == KILLED && (host.server >= 0 || row->arrange == disturb_preflight);
}

static struct outcome run(const struct row *row)
{
	struct running running = world_begin(world(), ground.line);

	if (is_ours_to_kill(row)) {
		cr_assert(waits(), "%s is not reached", row->phase);
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

	if (host.server >= 0 && !disturb_is_asked(&host, 0)) {
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
	host.fault = row->fault;
	row->arrange(&host);
	char *before = newest_run();
	pid_t daemon = world_daemon(world());
	struct outcome outcome = run(row);

	if (outcome.exit_code != row->exit_code) {
		complain(&complaints, "exits with %d instead of %d: %s%s", outcome.exit_code,
			 row->exit_code, outcome.output, outcome.errors);
	}
	if (changes_nothing(row) && world_daemon(world()) != daemon) {
		complain(&complaints, "the daemon is another process");
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
