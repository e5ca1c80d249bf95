/*
 * history.h - every run the journal has, and why it ended as it did.
 */
#ifndef UPDATE_HISTORY_H
#define UPDATE_HISTORY_H

#include <stdbool.h>
#include <stdio.h>

#include "install/journal.h"

/* The runs, newest first; as text, or as one object of --json. */
MUST_CHECK int history_list(FILE *to, struct journal *journal, bool json, struct error *err);

/* One run: its phases with their times, findings, and its end. -ENOENT: no such run. */
MUST_CHECK int history_run(FILE *to, struct journal *journal, const char *run, bool json,
			   struct error *err);

#endif
