/*
 * test_crash_syncs.c - does the harness bite? Every sync of a run is left out in turn, and then the
 * power fails at the calls that rely on it: somebody must notice.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/power.h"
#include "crash/sweep.h"

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
	char text[256];
	bool bites;
};

static size_t disk_of(const char *line)
{
	for (size_t i = 0; i < power.disks.count; i++) {
		if (strstr(line, power.disks.items[i].where) != NULL) {
			return i;
		}
	}
	return DISKS_MAX;
}

static size_t find_syncs(const struct tried *counted, struct sync *syncs)
{
	size_t count = 0;
	char *list = strdup(counted->list);

	for (char *line = strtok(list, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (line[0] == '-' || strstr(line, "sync") == NULL) {
			continue;
		}
		struct sync *sync = &syncs[count++];

		cr_assert_lt(count, (size_t)SYNCS_MAX);
		*sync = (struct sync){.at = strtoul(line, NULL, 10), .disk = disk_of(line)};
		(void)snprintf(sync->text, sizeof(sync->text), "%s", line);
	}
	free(list);
	return count;
}

/* Up to here nothing else has made durable what the sync should have: the next one of its disk. */
static unsigned long last_point(const struct sync *syncs, size_t count, size_t index,
				unsigned long total)
{
	for (size_t i = index + 1; i < count; i++) {
		if (syncs[i].disk == syncs[index].disk) {
			return syncs[i].at;
		}
	}
	return total;
}

static bool bites_at(unsigned long at, unsigned long drop)
{
	struct buffer complaints = BUFFER_INIT(COMPLAINTS);
	enum end end = END_MIXED;
	struct tried tried =
		power_try(&power, (struct try){.at = at, .drop = drop, .without_daemon = true},
			  &end, &complaints);
	bool bites = complaints.length > 0;

	if (bites) {
		(void)fprintf(stderr, "  cut at %lu (%s):\n%.600s", at, tried.at,
			      buffer_text(&complaints));
	}
	buffer_finish(&complaints);
	tried_free(&tried);
	return bites;
}

static void leave_out(struct sync *syncs, size_t count, size_t index, unsigned long total)
{
	struct sync *sync = &syncs[index];
	unsigned long last = last_point(syncs, count, index, total);

	disks_choose(&power.disks, sync->disk);
	for (unsigned long at = sync->at + 1; at <= last && !sync->bites; at++) {
		sync->bites = bites_at(at, index + 1);
	}
	(void)fprintf(stderr, "%s: %s\n", sync->text, sync->bites ? "BITES" : "survives");
}

static void sweep_syncs(enum story story, const char *type, enum cut cut)
{
	static struct sync syncs[SYNCS_MAX];

	power_make(&power, story, type, THREE_DISKS, cut);
	struct tried counted = power_count(&power, true);
	size_t count = find_syncs(&counted, syncs);

	for (size_t i = 0; i < count; i++) {
		leave_out(syncs, count, i, counted.total);
	}
	tried_free(&counted);
}

Test(syncs, all_lost)
{
	sweep_syncs(FIRST_UPDATE, "ext4", CUT_ALL);
}

Test(syncs, data_lost)
{
	sweep_syncs(FIRST_UPDATE, "ext4", CUT_DATA);
}
