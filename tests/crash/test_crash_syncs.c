/*
 * test_crash_syncs.c - does the harness bite? Syncs are left out, and then the power fails at calls
 * that rely on them: somebody must notice.
 *
 * Three disks, of which the one that should have been synced loses what it has not written, while
 * the others have written all: the worst order that is legal. What nobody notices is either a sync
 * that could go, or stands in a table here with its reason.
 */
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "crash/power.h"
#include "crash/sweep.h"
#include "flow/world_parts.h"

#define PER_PHASE  2 /* points, in the short form */
#define COMPLAINTS ((size_t)1 << 20)
#define SYNCS_MAX  256

static struct power power;

static void finish(void)
{
	power_finish(&power);
}

TestSuite(syncs, .fini = finish);

struct sync {
	unsigned long at; /* number of the call */
	size_t disk;
	char file[192]; /* what is synced, without what differs from run to run */
	char phase[32]; /* the one before it that is over */
};

static struct sync syncs[SYNCS_MAX];
static size_t sync_count;

/* ---- what is synced where -------------------------------------------------------------------- */

static size_t disk_of(const char *line)
{
	for (size_t i = 0; i < power.disks.count; i++) {
		if (strstr(line, power.disks.items[i].where) != NULL) {
			return i;
		}
	}
	return DISKS_MAX;
}

/* The last part of the path; a program has one name staged, beside its place and in it. */
static void name_file(const char *path, char *name, size_t size)
{
	const char *last = path_name(path);
	const char *suffix = strstr(last, ".update-new");

	if (fnmatch("[0-9]*T[0-9]*Z-*", last, 0) == 0) {
		last = "RUN";
	}
	(void)snprintf(name, size, "%.*s", suffix != NULL ? (int)(suffix - last) : (int)size, last);
}

static void find_syncs(const struct tried *counted)
{
	char phase[32] = "";
	char *list = strdup(counted->list);

	sync_count = 0;
	for (char *line = strtok(list, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (line[0] == '-' && tried_is_end_of_phase(line + 1)) {
			must(sscanf(line + 1, "%31s", phase) == 1);
		}
		if (line[0] == '-' || strstr(line, "sync") == NULL) {
			continue;
		}
		must(sync_count < SYNCS_MAX);
		struct sync *sync = &syncs[sync_count++];

		*sync = (struct sync){.at = strtoul(line, NULL, 10), .disk = disk_of(line)};
		name_file(line, sync->file, sizeof(sync->file));
		memcpy(sync->phase, phase, sizeof(phase));
	}
	free(list);
}

/* ---- cut ------------------------------------------------------------------------------------- */

static bool bites_at(unsigned long at, const char *drops)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);
	enum end end = END_MIXED;
	struct try try = {.at = at, .drops = drops, .without_daemon = true};
	struct tried tried = power_try(&power, try, &end, &complaints);
	bool bites = complaints.length > 0;

	if (bites) {
		(void)fprintf(stderr, "  cut at %lu (%s):\n%.300s\n", at, tried.at,
			      buffer_text(&complaints));
	}
	buffer_finish(&complaints);
	tried_free(&tried);
	return bites;
}

/* From the last call backwards: the later, the more relies on what was lost. */
static bool bites_between(unsigned long first, unsigned long last, const struct points *points,
			  const char *drops)
{
	bool bites = false;

	for (size_t i = points->count; i-- > 0 && !bites;) {
		unsigned long at = points->items[i].at;

		bites = at >= first && at <= last && bites_at(at, drops);
	}
	return bites;
}

/* ---- all syncs of a file --------------------------------------------------------------------- */

/* Files of which nobody notices that no sync was made, on ext4 and xfs. */
static const struct {
	const char *file;
	const char *why;
} survivors[] = {
	{"state",
	 "the log of both file systems makes a name durable with the next sync of the disk, "
	 "and the journal is synced all the time"},
	{".banger-update", "the same: the snapshot in it is synced later, and before the swap"},
	{"lib", "the same"},
	{"RUN",
	 "the same, or the snapshot still has its unfinished name, and the old release never "
	 "stopped being the one on disk"},
	{"state.aside", "only keeps room for a rollback; without it there is less room"},
	{"state.back", "the same"},
	{"status.json.new", "only tells readers; the next recover writes it again"},
};

static const char *excuse(const char *file)
{
	for (size_t i = 0; i < sizeof(survivors) / sizeof(survivors[0]); i++) {
		if (strcmp(survivors[i].file, file) == 0) {
			return survivors[i].why;
		}
	}
	return NULL;
}

static bool is_first_of_file(size_t index)
{
	size_t i = 0;

	while (strcmp(syncs[i].file, syncs[index].file) != 0) {
		i++;
	}
	return i == index;
}

static char *all_of_file(size_t index)
{
	struct buffer drops = BUFFER_INIT(4096);

	for (size_t i = index; i < sync_count; i++) {
		if (strcmp(syncs[i].file, syncs[index].file) == 0) {
			must(buffer_add_format(&drops, "%s%zu", i > index ? "," : "", i + 1) == 0);
		}
	}
	return buffer_detach(&drops);
}

static void remember(struct strings *bitten, const char *file)
{
	must(strings_add(bitten, file) == 0);
}

static bool is_in(const struct strings *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static void leave_out_file(size_t index, const struct points *points, unsigned long total,
			   struct strings *bitten)
{
	const struct sync *sync = &syncs[index];
	char *drops = all_of_file(index);

	disks_choose(&power.disks, sync->disk);
	bool bites = bites_between(sync->at + 1, total, points, drops);

	(void)fprintf(stderr, "%s, no sync of it (%s): %s\n", sync->file, drops,
		      bites ? "noticed" : "not noticed");
	if (bites) {
		remember(bitten, sync->file);
	}
	free(drops);
}

/* In the short form only what must be noticed, and was not yet. */
static void leave_out_files(const char *type, enum cut cut, struct strings *files,
			    struct strings *bitten)
{
	power_make(&power, FIRST_UPDATE, type, THREE_DISKS, cut);
	struct tried counted = power_count(&power, true);
	struct points points = points_choose(&counted, PER_PHASE);

	find_syncs(&counted);
	for (size_t i = 0; i < sync_count; i++) {
		const char *file = syncs[i].file;

		if (!is_first_of_file(i) || is_in(bitten, file) ||
		    (!sweep_is_long() && excuse(file) != NULL)) {
			continue;
		}
		remember(files, file);
		leave_out_file(i, &points, counted.total, bitten);
	}
	points_free(&points);
	tried_free(&counted);
	power_finish(&power);
}

Test(syncs, a_file_that_is_never_synced_is_noticed)
{
	struct strings files = {0};
	struct strings bitten = {0};

	leave_out_files("ext4", CUT_ALL, &files, &bitten);
	leave_out_files("xfs", CUT_DATA, &files, &bitten);
	cr_assert_gt(bitten.count, 0);
	for (size_t i = 0; i < files.count; i++) {
		const char *why = excuse(files.items[i]);

		cr_expect(is_in(&bitten, files.items[i]) || why != NULL,
			  "nobody notices when %s is not synced", files.items[i]);
	}
	strings_finish(&files);
	strings_finish(&bitten);
}

/* ---- one sync alone -------------------------------------------------------------------------- */

/*
 * Most may be left out alone, since another one of the same file follows before anything relies on
 * it: programs and snapshots are synced when written and again when whole, the directory of the
 * programs after each of them, the journal before and after each phase; a staging directory that
 * comes back is removed by the next command. These may not: the last ones before something
 * elsewhere relies on them.
 */
static const struct {
	const char *phase; /* the one before it that is over */
	const char *file;
	const char *what;
} alone[] = {
	{"verify", "journal.db-wal", "where the staging directory will be"},
	{"complete", "journal.db-wal", "that the swap begins"},
	{"complete", "bin", "the swapped names"},
};

/* The last of its kind in that phase. */
static size_t find_sync(const char *phase, const char *file)
{
	size_t found = sync_count;

	for (size_t i = 0; i < sync_count; i++) {
		if (strcmp(syncs[i].phase, phase) == 0 && strcmp(syncs[i].file, file) == 0) {
			found = i;
		}
	}
	cr_assert_lt(found, sync_count, "after %s there is no sync of %s", phase, file);
	return found;
}

/* Up to here nothing else makes durable what this one should have: the next sync of its disk. */
static unsigned long last_point(size_t index, unsigned long total)
{
	for (size_t i = index + 1; i < sync_count; i++) {
		if (syncs[i].disk == syncs[index].disk) {
			return syncs[i].at;
		}
	}
	return total;
}

static bool bites_alone(size_t index, unsigned long total)
{
	char drops[32];
	unsigned long last = last_point(index, total);
	bool bites = false;

	(void)snprintf(drops, sizeof(drops), "%zu", index + 1);
	disks_choose(&power.disks, syncs[index].disk);
	for (unsigned long at = last; at > syncs[index].at && !bites; at--) {
		bites = bites_at(at, drops);
	}
	(void)fprintf(stderr, "call %lu after %s, %s: %s\n", syncs[index].at, syncs[index].phase,
		      syncs[index].file, bites ? "noticed" : "not noticed");
	return bites;
}

Test(syncs, the_last_sync_before_something_relies_on_it_is_noticed)
{
	power_make(&power, FIRST_UPDATE, "ext4", THREE_DISKS, CUT_ALL);
	struct tried counted = power_count(&power, true);

	find_syncs(&counted);
	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		size_t index = find_sync(alone[i].phase, alone[i].file);

		cr_expect(bites_alone(index, counted.total), "nobody notices when it is lost: %s",
			  alone[i].what);
	}
	for (size_t i = 0; i < sync_count && sweep_is_long(); i++) {
		(void)bites_alone(i, counted.total);
	}
	tried_free(&counted);
}
