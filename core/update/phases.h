/*
 * phases.h - the way of an update: one const table, walked forwards, and backwards on a failure.
 */
#ifndef UPDATE_PHASES_H
#define UPDATE_PHASES_H

#include <signal.h>

#include "update/update.h"

struct phase {
	const char *name; /* an identifier on disk and in --json */
	int (*run)(struct update *update, struct error *err);
	/* NULL where nothing on the host was touched. Safe to call whatever run() reached. What it
	 * cannot do it leaves to a person, one by one: update_leave_to_person(). */
	int (*undo)(struct update *update, struct error *err);
	bool changes_host;
	bool fetches; /* when it fails, the next mirror may do better, from the first phase on */
};

/* The table, ended by a NULL name. */
extern const struct phase phase_rows[];

/* The signals that end a run between two phases. main() has to block them. */
sigset_t phases_interrupts(void);

/* True when one of them waits to be taken. */
bool phases_are_interrupted(void);

/*
 * Walks the phases up to, and not including, the one named until (NULL: all, then commits). Sets
 * update->result and, on a failure, update->failure; the host is then as it was, or
 * update->to_do says what a person has to do.
 */
void phases_walk(struct update *update, const char *until);

#endif
