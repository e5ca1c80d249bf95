/*
 * phases.h - the way of an update: one const table, walked forwards, and backwards on a failure, by
 * `rollback` and by recovery.
 */
#ifndef UPDATE_PHASES_H
#define UPDATE_PHASES_H

#include <signal.h>

#include "update/update.h"

/* Which walks a row belongs to: the way to a new release and the way back to the previous one
 * differ only in where the files come from. */
enum way {
	WAY_UPDATE = 1 << 0,
	WAY_ROLLBACK = 1 << 1,
	WAY_BOTH = WAY_UPDATE | WAY_ROLLBACK,
};

struct phase {
	const char *name; /* an identifier on disk and in --json */
	enum way way;
	int (*run)(struct update *update, struct error *err);
	/* NULL where nothing on the host was touched. Safe to call whatever run() reached. What it
	 * cannot do it leaves to a person, one by one: update_leave_to_person(). */
	int (*undo)(struct update *update, struct error *err);
	bool changes_host;
	bool fetches; /* when it fails, the next mirror may do better, from the first phase on */
};

/* The table, ended by a NULL name. */
extern const struct phase phase_rows[];

/* The row of that name; NULL: none, of another version of this program perhaps. */
const struct phase *phase_find(const char *name);

/* The signals that end a run between two phases. main() has to block them. */
sigset_t phases_interrupts(void);

/* True when one of them waits to be taken. */
bool phases_are_interrupted(void);

/*
 * Walks the phases of a way up to, and not including, the one named until (NULL: all, then
 * commits). Sets update->result and, on a failure, update->failure; the host is then as it was, or
 * update->to_do says what a person has to do.
 */
void phases_walk(struct update *update, enum way way, const char *until);

/*
 * The one way back, from the phase that was reached: what each row changed is undone, the last one
 * first, whatever way it was walked. Sets update->result.
 */
void phases_walk_back(struct update *update, const struct phase *reached);

/* What only a run that was not committed yet needs; failing to remove it is told, nothing more. */
void phases_clean_up(struct update *update);

#endif
