/*
 * report.h - what a person sees of a run, and what --json will say of it.
 *
 * The live report goes to stderr: one line a phase, findings with their remedies, wrapped to the
 * terminal. The result goes to stdout. Colours only on a terminal, NO_COLOR kept. Text from
 * outside is made harmless before it is shown.
 */
#ifndef UPDATE_REPORT_H
#define UPDATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/verdict.h"
#include "preflight/runner.h"
#include "update/progress.h"

#define REPORT_PHASES_MAX 64 /* forwards, from each mirror, and backwards */

struct phase_record {
	const char *name;   /* borrowed from the table of phases */
	const char *result; /* "ok", "failed", "undone", "undo-failed" */
	uint64_t ms;
};

struct report {
	FILE *live; /* NULL: quiet, or --json */
	bool is_terminal;
	bool color;
	bool verbose;
	unsigned width;
	const char *phase;           /* that runs; borrowed */
	char detail[ERROR_TEXT_MAX]; /* of it */
	struct progress progress;
	const struct preflight_report *preflight; /* to be shown behind its phase's line */
	struct phase_record phases[REPORT_PHASES_MAX];
	size_t phase_count;
};

struct report_options {
	bool json;
	bool quiet;
	bool verbose;
};

void report_init(struct report *report, const struct report_options *options);

void report_title(struct report *report, const char *product, const char *run);
void report_phase_begin(struct report *report, const char *name);
/* What the running phase has to say for itself; shown with its line. */
void report_detail(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);
void report_phase_end(struct report *report, const char *name, const char *result, uint64_t ms);
/* How far what is fetched now is: told on a terminal only, on the line of the running phase. total
 * 0: not known. */
void report_fetching(struct report *report, uint64_t done, uint64_t total, uint64_t attempt,
		     uint64_t now_ms);
/* The findings, shown when the phase ends; preflight has to live until then. */
void report_preflight(struct report *report, const struct preflight_report *preflight);
/* The same at once, outside of a run. */
void report_plugins(const struct report *report, const struct preflight_report *preflight);
/* What each says of itself, and why one would not run. */
void report_list_plugins(FILE *to, const struct preflight_report *preflight);
void report_rollback(struct report *report, const char *reason);
void report_warning(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);
void report_problem(struct report *report, const char *text);

/* A paragraph with a hanging indent, wrapped to width; exposed for its tests. */
void report_wrap(FILE *to, unsigned width, unsigned indent, const char *text);

#endif
