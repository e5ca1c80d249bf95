/*
 * progress.c - progress.h.
 */
#include "update/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"

#define QUIET_MS    500
#define INTERVAL_MS 200
/* How much the last interval counts against all before it. */
#define NEWEST 0.3

static void measure(struct progress *progress, uint64_t done, uint64_t now_ms)
{
	uint64_t ms = now_ms - progress->told_ms;
	double rate = ms > 0 ? (double)(done - progress->told_done) * 1000 / (double)ms : 0;

	progress->rate =
		progress->rate > 0 ? progress->rate + NEWEST * (rate - progress->rate) : rate;
	progress->told_ms = now_ms;
	progress->told_done = done;
}

bool progress_look(struct progress *progress, uint64_t done, uint64_t now_ms)
{
	if (progress->begun_ms == 0 || done < progress->told_done) {
		*progress =
			(struct progress){.begun_ms = now_ms, .told_ms = now_ms, .told_done = done};
		return false;
	}
	if (now_ms - progress->told_ms < INTERVAL_MS) {
		return false;
	}
	measure(progress, done, now_ms);
	return now_ms - progress->begun_ms >= QUIET_MS;
}

static size_t add_left(const struct progress *progress, uint64_t left, char text[PROGRESS_TEXT_MAX],
		       size_t used)
{
	uint64_t seconds = (uint64_t)((double)left / progress->rate) + 1;
	int length = seconds < 120 ? snprintf(text + used, PROGRESS_TEXT_MAX - used,
					      ", %" PRIu64 " s left", seconds)
				   : snprintf(text + used, PROGRESS_TEXT_MAX - used,
					      ", %" PRIu64 " min left", seconds / 60);

	return used + (size_t)length;
}

const char *progress_text(const struct progress *progress, uint64_t done, uint64_t total,
			  char text[PROGRESS_TEXT_MAX])
{
	double mib = (double)done / MIB;
	int length = total > 0 ? snprintf(text, PROGRESS_TEXT_MAX, "%.1f of %.1f MiB", mib,
					  (double)total / MIB)
			       : snprintf(text, PROGRESS_TEXT_MAX, "%.1f MiB", mib);
	size_t used = (size_t)length;

	if (progress->rate >= 1) {
		used += (size_t)snprintf(text + used, PROGRESS_TEXT_MAX - used, ", %.1f MiB/s",
					 progress->rate / MIB);
	}
	if (progress->rate >= 1 && total > done) {
		(void)add_left(progress, total - done, text, used);
	}
	return text;
}
