/*
 * look.c - ground.h's judgement of a host, and side.h.
 */
#include <criterion/criterion.h>
#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "crash/ground.h"
#include "crash/side.h"
#include "flow/world_parts.h"

#define PATIENCE_MS 5000
#define BUSY        75 /* exit code */

static void complain(struct buffer *complaints, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void complain(struct buffer *complaints, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	must(buffer_add_format(complaints, "    %s\n", text) == 0);
}

static char *hash_of(const struct world *world, const char *name)
{
	char *path = path_join(world->bin, name);
	char text[DIGEST_HEX_SIZE] = "missing";
	struct digest digest;
	struct error err;

	if (digest_path(path, &digest, &err) == 0) {
		(void)digest_text(&digest, text);
	}
	free(path);
	return strdup(text);
}

/* When a migration was applied differs from run to run. */
static void leave_out_times(char *text)
{
	for (char *at = text; *at != '\0'; at++) {
		if (isdigit(at[0]) && strlen(at) > 19 && at[4] == '-' && at[7] == '-' &&
		    at[10] == 'T' && at[13] == ':' && at[16] == ':') {
			for (char *end = at; *end != '\0' && *end != '\''; end++) {
				*end = '.';
			}
		}
	}
}

struct side side_take(const struct world *world)
{
	char *bangerd = hash_of(world, "bangerd");
	char *banger = hash_of(world, "banger");
	struct side side = {.database = world_dump_any(world)};

	must(asprintf(&side.programs, "%s %s", bangerd, banger) > 0);
	leave_out_times(side.database);
	free(bangerd);
	free(banger);
	return side;
}

void side_finish(struct side *side)
{
	free(side->programs);
	free(side->database);
}

/* What may lie on a host on which nothing is going on. */
static const char *const expected_names[] = {
	"*/lost+found", /* of a file system's own */
	"./host",
	"./host/bin",
	"./host/bin/banger",
	"./host/bin/bangerd",
	"./host/bin/banger.previous",
	"./host/bin/bangerd.previous",
	"./host/lib",
	"./host/lib/state.db",
	"./host/lib/state.db-wal",
	"./host/lib/state.db-shm",
	"./host/lib/state.db.failed-*T*Z-*",
	"./host/lib/.banger-update",
	"./host/lib/.banger-update/*T*Z-*",
	"./host/lib/.banger-update/*T*Z-*/state.db",
	"./host/run",
	"./host/run/bangerd.pid",
	"./state",
	"./state/journal.db",
	"./state/journal.db-wal",
	"./state/journal.db-shm",
	"./state/lock",
	"./state/status.json",
	"./status.json",
};

static bool is_expected(const char *name)
{
	for (size_t i = 0; i < sizeof(expected_names) / sizeof(expected_names[0]); i++) {
		if (fnmatch(expected_names[i], name, 0) == 0) {
			return true;
		}
	}
	return false;
}

/* What `status` tells everybody lies beside the directories, and so does what it is made from. */
static void list_status_files(const struct world *world, struct buffer *text)
{
	char *pattern = scratch_path(&world->scratch, "status.json*");
	glob_t found = {0};

	(void)glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		must(buffer_add_format(text, "./%s\n", path_name(found.gl_pathv[i])) == 0);
	}
	globfree(&found);
	free(pattern);
}

/* Both directories that a try may change, as scratch_listing() has them. */
static char *list(const struct world *world)
{
	char *host = scratch_path(&world->scratch, "host");
	char *first = scratch_listing(host, NULL);
	char *second = scratch_listing(world->state, NULL);
	struct buffer text = BUFFER_INIT(1u << 20);
	const char *const roots[] = {"host", "state"};
	char *const lists[] = {first, second};

	for (size_t i = 0; i < 2; i++) {
		for (char *line = strtok(lists[i], "\n"); line != NULL; line = strtok(NULL, "\n")) {
			must(buffer_add_format(&text, "./%s/%s\n", roots[i], line + 2) == 0);
		}
	}
	list_status_files(world, &text);
	free(first);
	free(second);
	free(host);
	return buffer_detach(&text);
}

void ground_look_for_leftovers(const struct ground *ground, struct buffer *complaints)
{
	const struct world *world = &ground->world;
	char *listing = list(world);
	char *lock = path_join(world->state, "lock");
	char *journal = path_join(world->state, "journal.db");

	for (char *line = strtok(listing, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		line[strcspn(line, " ")] = '\0';
		if (!is_expected(line)) {
			complain(complaints, "left behind: %s", line);
		}
	}
	/* Without a journal there is nothing to recover, and recover takes no lock. */
	if (scratch_exists(lock) && scratch_exists(journal)) {
		char *text = scratch_read(lock);

		if (text[0] != '\0') {
			complain(complaints, "the lock still says: %s", text);
		}
		free(text);
	}
	free(listing);
	free(lock);
	free(journal);
}

static void look_at_daemon(const struct world *world, struct buffer *complaints)
{
	size_t processes = world_processes(world);

	if (world_daemon(world) == 0) {
		complain(complaints, "the daemon does not run");
		return;
	}
	if (!world_daemon_is_installed(world)) {
		complain(complaints, "what runs is not what is installed");
	}
	if (!world_is_healthy(world)) {
		complain(complaints, "the daemon is not well");
	}
	if (processes != 1) {
		complain(complaints, "%zu processes instead of the daemon alone", processes);
	}
}

enum end ground_look(const struct ground *ground, struct buffer *complaints)
{
	struct side now = side_take(&ground->world);
	enum end end = END_MIXED;

	if (strcmp(now.programs, ground->old.programs) == 0) {
		end = END_OLD;
	} else if (strcmp(now.programs, ground->new.programs) == 0) {
		end = END_NEW;
	} else {
		complain(complaints, "programs of neither release: %s", now.programs);
	}
	const struct side *side = end == END_NEW ? &ground->new : &ground->old;

	if (end != END_MIXED && strcmp(now.database, side->database) != 0) {
		const struct side *other = end == END_NEW ? &ground->old : &ground->new;

		complain(complaints, "%s programs, and a database %s",
			 end == END_NEW ? "new" : "old",
			 strcmp(now.database, other->database) == 0 ? "of the other release"
								    : now.database);
		end = END_MIXED;
	}
	if (strcmp(now.programs, side->programs) == 0) {
		look_at_daemon(&ground->world, complaints);
	}
	side_finish(&now);
	return end;
}

bool ground_is_broken(const struct ground *ground)
{
	struct side now = side_take(&ground->world);
	bool is_old = strcmp(now.programs, ground->old.programs) == 0 &&
		      strcmp(now.database, ground->old.database) == 0;
	bool is_new = strcmp(now.programs, ground->new.programs) == 0 &&
		      strcmp(now.database, ground->new.database) == 0;

	side_finish(&now);
	return (!is_old && !is_new) || world_daemon(&ground->world) == 0 ||
	       !world_daemon_is_installed(&ground->world);
}

/* Readers map the journal's -shm and set the times of it and of the lock. */
static void leave_out_touched(char *listing)
{
	static const char *const names[] = {"./state/journal.db-shm", "./state/lock"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *line = strstr(listing, names[i]);

		if (line != NULL) {
			memset(line, '.', strcspn(line, "\n"));
		}
	}
}

static struct outcome recover_patiently(const struct ground *ground)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);
	struct outcome outcome = world_update(&ground->world, "recover");

	while (outcome.exit_code == BUSY && clock_left(deadline) > 0) {
		outcome_free(&outcome);
		(void)poll(NULL, 0, 20);
		outcome = world_update(&ground->world, "recover");
	}
	return outcome;
}

static void recover_once(const struct ground *ground, const char *which, struct buffer *complaints)
{
	struct outcome outcome = recover_patiently(ground);

	if (outcome.exit_code != 0) {
		complain(complaints, "%s recover exits with %d: %s%s", which, outcome.exit_code,
			 outcome.output, outcome.errors);
	}
	outcome_free(&outcome);
}

void ground_recover(const struct ground *ground, struct buffer *complaints)
{
	recover_once(ground, "the first", complaints);
	char *before = list(&ground->world);

	recover_once(ground, "the second", complaints);
	char *after = list(&ground->world);

	leave_out_touched(before);
	leave_out_touched(after);
	if (strcmp(before, after) != 0) {
		complain(complaints, "the second recover changed something:\n%s\n%s", before,
			 after);
	}
	free(before);
	free(after);
}

void ground_boot(const struct ground *ground, struct buffer *complaints)
{
	struct outcome outcome = world_update(&ground->world, "recover --boot");

	if (outcome.exit_code != 0) {
		complain(complaints, "recover --boot exits with %d: %s%s", outcome.exit_code,
			 outcome.output, outcome.errors);
	}
	if (world_processes(&ground->world) > 0) {
		complain(complaints, "recover --boot started something");
	}
	outcome_free(&outcome);
	outcome = world_try_daemon(&ground->world);
	if (outcome.exit_code != 0) {
		complain(complaints, "the daemon does not come up: %s", outcome.errors);
	}
	outcome_free(&outcome);
}
