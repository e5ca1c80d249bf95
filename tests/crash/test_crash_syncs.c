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

#define PER_PHASE  1 /* points, in the short form */
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
	bool bites;
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

/* ---- all of a file --------------------------------------------------------------------------- */

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

static void leave_out_files(const struct points *points, unsigned long total)
{
	for (size_t i = 0; i < sync_count; i++) {
		if (!is_first_of_file(i)) {
			continue;
		}
		char *drops = all_of_file(i);

		disks_choose(&power.disks, syncs[i].disk);
		bool bites = bites_between(syncs[i].at + 1, total, points, drops);

		(void)fprintf(stderr, "%s (%s): %s\n", syncs[i].file, drops,
			      bites ? "BITES" : "survives");
		free(drops);
	}
}

static void sweep_files(enum cut cut)
{
	power_make(&power, FIRST_UPDATE, "ext4", THREE_DISKS, cut);
	struct tried counted = power_count(&power, true);
	struct points points = points_choose(&counted, 3);

	find_syncs(&counted);
	leave_out_files(&points, counted.total);
	points_free(&points);
	tried_free(&counted);
}

Test(syncs, of_files_all_lost)
{
	sweep_files(CUT_ALL);
}

Test(syncs, of_files_data_lost)
{
	sweep_files(CUT_DATA);
}
