/*
 * ground.c - ground.h: prepared, put back, and tried.
 */
#include "crash/ground.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "crash/disks.h"
#include "crash/side.h"
#include "flow/expect.h"
#include "flow/world_parts.h"

#define CRASHPT      BANGER_BUILD_DIR "/tests/crash/crashpt"
#define PATIENCE_MS  10000
#define MEMORY       "/dev/shm"
#define PHASE_FORMAT "  %31s %15s"

const char *const story_names[STORIES] = {
	[FIRST_UPDATE] = "first update",
	[SECOND_UPDATE] = "second update",
	[ROLLBACK] = "rollback",
};

/* In memory nothing waits for a disk; where it may not hold programs, /tmp will do. */
const char *ground_place(void)
{
	struct statvfs fs;
	bool fits = statvfs(MEMORY, &fs) == 0 && (fs.f_flag & ST_NOEXEC) == 0 &&
		    access(MEMORY, W_OK | X_OK) == 0;

	return fits ? MEMORY : "/tmp";
}

/* Orphans become our children, so that the dead can be reaped: thousands die here. */
static void adopt_orphans(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0) {
	}
}

void ground_quiet(const struct ground *ground)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	world_kill(&ground->world);
	reap();
	while (world_processes(&ground->world) > 0) {
		cr_assert_gt(clock_left(deadline), 0, "somebody cannot be killed");
		(void)usleep(1000);
		world_kill(&ground->world);
		reap();
	}
}

/* As a person would, so that nothing of the database is left in its -wal. */
static void stop_daemon(const struct ground *ground)
{
	pid_t pid = world_daemon(&ground->world);
	uint64_t deadline = clock_deadline(PATIENCE_MS);

	must(pid > 0 && kill(pid, SIGTERM) == 0);
	while (world_daemon(&ground->world) > 0) {
		cr_assert_gt(clock_left(deadline), 0, "the daemon does not stop");
		(void)usleep(1000);
		reap();
	}
}

static void copy(const char *from, const char *to)
{
	run_or_fail((const char *const[]){"/bin/cp", "-a", "--", from, to, NULL});
}

/* Whole directories are replaced; whoever mounts something there does it another way. */
static void put_back(const struct ground *ground, const char *saved, const char *name)
{
	char *there = path_join(ground->world.scratch.path, name);
	char *from = path_join(saved, name);
	struct error err;

	must(file_remove_tree(there, &err) == 0);
	copy(from, there);
	free(there);
	free(from);
}

static void remove_status_files(const struct ground *ground)
{
	char *pattern = scratch_path(&ground->world.scratch, "status.json*");
	glob_t found = {0};

	(void)glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		must(unlink(found.gl_pathv[i]) == 0);
	}
	globfree(&found);
	free(pattern);
}

void ground_reset(const struct ground *ground)
{
	ground_quiet(ground);
	remove_status_files(ground);
	if (ground->disks != NULL) {
		disks_reset(ground->disks);
	} else {
		put_back(ground, ground->saved, "host");
		put_back(ground, ground->saved, "state");
	}
	world_start_daemon(&ground->world);
}

static void copy_to(const struct ground *ground, const char *saved)
{
	char *host = scratch_path(&ground->world.scratch, "host");

	scratch_directory(saved);
	scratch_directory(ground->world.state);
	copy(host, saved);
	copy(ground->world.state, saved);
	free(host);
}

struct middle ground_save(const struct ground *ground)
{
	struct middle middle = {.saved = scratch_path(&ground->world.scratch, "middle"),
				.daemon = world_daemon(&ground->world) > 0};
	struct error err;

	must(file_remove_tree(middle.saved, &err) == 0);
	ground_quiet(ground);
	copy_to(ground, middle.saved);
	return middle;
}

void ground_reset_to(const struct ground *ground, const struct middle *middle)
{
	ground_quiet(ground);
	remove_status_files(ground);
	put_back(ground, middle->saved, "host");
	put_back(ground, middle->saved, "state");
	if (middle->daemon) {
		world_start_daemon(&ground->world);
	}
}

void middle_finish(struct middle *middle)
{
	free(middle->saved);
}

static void save(struct ground *ground)
{
	stop_daemon(ground);
	ground_quiet(ground);
	ground->saved = scratch_path(&ground->world.scratch, "saved");
	copy_to(ground, ground->saved);
	world_start_daemon(&ground->world);
}

/* Package managers only read, and take a third of a run's processor time. */
#define WAIVED "--waive packages"

/* What is published and done before the story begins, and what it is. */
static const struct {
	const char *published;
	size_t migrations;
	const char *line;
	bool updated; /* from 0.1.0 to 0.2.0 */
} stories[STORIES] = {
	[FIRST_UPDATE] = {"0.2.0", 3, WAIVED, false},
	[SECOND_UPDATE] = {"0.3.0", 4, WAIVED, true},
	[ROLLBACK] = {"0.2.0", 3, "rollback --yes --with-database " WAIVED, true},
};

static void prepare(struct ground *ground)
{
	ground->line = stories[ground->story].line;
	if (stories[ground->story].updated) {
		publish_release(&ground->world, "0.2.0", 3, NULL);
		expect_exit(&ground->world, WAIVED, 0, NULL);
	}
	publish_release(&ground->world, stories[ground->story].published,
			stories[ground->story].migrations, NULL);
}

void ground_make(struct ground *ground, enum story story, const char *parent)
{
	const struct world_options options = {
		.parent = parent != NULL ? parent : ground_place(),
		.health_keys = "timeout = 2s\nsettle = 10ms",
	};

	adopt_orphans();
	ground->story = story;
	ground->world = world_make(&options);
	world_configure(&ground->world, "[health]", "interval", "10ms");
	ground->bangerd = path_join(ground->world.bin, "bangerd");
	prepare(ground);
	save(ground);
	ground->old = side_take(&ground->world);
	expect_exit(&ground->world, ground->line, 0, NULL);
	ground->new = side_take(&ground->world);
	cr_assert_str_neq(ground->old.programs, ground->new.programs);
	cr_assert_str_neq(ground->old.database, ground->new.database);
}

void ground_finish(struct ground *ground)
{
	if (ground->world.bin == NULL) {
		return; /* never made */
	}
	ground_quiet(ground);
	side_finish(&ground->old);
	side_finish(&ground->new);
	free(ground->saved);
	free(ground->bangerd);
	world_finish(&ground->world);
	*ground = (struct ground){0};
}

/* ---- one try ------------------------------------------------------------------------------- */

static void add(struct strings *words, const char *option, const char *value)
{
	if (value != NULL) {
		must(strings_add(words, option) == 0 && strings_add(words, value) == 0);
	}
}

static void add_flag(struct strings *words, const char *option, bool is_set)
{
	must(!is_set || strings_add(words, option) == 0);
}

static void add_words(struct strings *words, const char *line)
{
	char *text = strdup(line);

	for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
		must(strings_add(words, word) == 0);
	}
	free(text);
}

static void add_crashpt(struct strings *words, const struct ground *ground, const struct try *try,
			const char *report, const char *list)
{
	char at[32];

	(void)snprintf(at, sizeof(at), "%lu", try->at);
	must(strings_add(words, CRASHPT) == 0);
	add(words, "--at", try->at > 0 ? at : NULL);
	add(words, "--act", try->act);
	add(words, "--drop", try->drops);
	add(words, "--error", try->error);
	add(words, "--kinds", try->kinds);
	add(words, "--before", try->before);
	add(words, "--spare", try->spare_daemon || try->without_daemon ? ground->bangerd : NULL);
	add(words, "--below", ground->world.scratch.path);
	add(words, "--report", report);
	add(words, "--list", try->at == 0 ? list : NULL);
	add_flag(words, "--from-on", try->from_on);
	add_flag(words, "--uncounted", try->without_daemon);
	add_flag(words, "--untraced", try->untraced);
	must(strings_add(words, "--") == 0);
}

static void read_report(const char *path, struct tried *tried)
{
	char *text = scratch_read(path);
	int acted = 0;
	const char *at = strstr(text, "\nat ");

	must(sscanf(text, "total %lu acted %d", &tried->total, &acted) == 2 && at != NULL);
	tried->acted = acted != 0;
	tried->at = strdup(at + strlen("\nat "));
	tried->at[strcspn(tried->at, "\n")] = '\0';
	free(text);
}

struct tried ground_try(const struct ground *ground, const struct try *try)
{
	const struct scratch *scratch = &ground->world.scratch;
	char *report = scratch_path(scratch, "report");
	char *list = scratch_path(scratch, "list");
	struct strings words = {0};
	struct tried tried = {0};

	add_crashpt(&words, ground, try, report, list);
	must(strings_add(&words, PREFIX "/bin/banger-update") == 0);
	add(&words, "--config", ground->world.ini);
	add_words(&words, try->line != NULL ? try->line : ground->line);
	tried.outcome = run_words(&words);
	cr_assert_lt(tried.outcome.exit_code, 124, "crashpt: %d: %s", tried.outcome.exit_code,
		     tried.outcome.errors);
	read_report(report, &tried);
	tried.list = try->at == 0 ? scratch_read(list) : NULL;
	strings_finish(&words);
	free(report);
	free(list);
	return tried;
}

void tried_free(struct tried *tried)
{
	outcome_free(&tried->outcome);
	free(tried->at);
	free(tried->list);
}

bool tried_is_end_of_phase(const char *line)
{
	char name[32];
	char word[16];

	return sscanf(line, PHASE_FORMAT, name, word) == 2 && strcmp(word, "ok") == 0;
}

unsigned tried_phases(const struct tried *tried)
{
	unsigned count = 0;

	for (const char *line = tried->outcome.errors; line != NULL; line = strchr(line, '\n')) {
		line += line[0] == '\n';
		count += tried_is_end_of_phase(line);
	}
	return count;
}
