/*
 * progress.h - how far a download is, how fast it is and how long it will still take.
 *
 * The time comes in as a parameter.
 */
#ifndef UPDATE_PROGRESS_H
#define UPDATE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	uint64_t begun_ms; /* 0: nothing is fetched */
	uint64_t told_ms;
	uint64_t told_done;
	double rate; /* bytes a second, smoothed; 0: not known yet */
};

/* Takes a look. True when it is time to tell it: nothing in the first half second, then five times
 * a second. done smaller than before begins anew. */
bool progress_look(struct progress *progress, uint64_t done, uint64_t now_ms);

/* "12.3 of 22.0 MiB, 5.1 MiB/s, 2 s left", less what is not known; total 0: not known. */
#define PROGRESS_TEXT_MAX 96
const char *progress_text(const struct progress *progress, uint64_t done, uint64_t total,
			  char text[PROGRESS_TEXT_MAX]);

#endif
