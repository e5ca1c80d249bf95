/*
 * course.h - what the journal has of how far a run came, and how far back.
 */
#ifndef UPDATE_COURSE_H
#define UPDATE_COURSE_H

#include <stdbool.h>
#include <stdint.h>

#include "update/phases.h"

struct course {
	const struct phase *reached; /* the last one that changes the host; NULL: none was begun */
	bool unknown; /* a phase of another version of this program, which may change the host */
	const struct phase *last_back; /* of the walk back that was recorded last */
	uint64_t undone;               /* a bit for each row of the table */
};

/* One line of the journal after the other. */
void course_follow(struct course *course, const char *phase, const char *state);

/* All of a run's. -ENOTSUP: there are phases that this version does not know. */
MUST_CHECK int course_read(struct journal *journal, const char *run, struct course *ret,
			   struct error *err);

/*
 * Where the way back begins; something was reached. Once files and databases are back nothing but
 * the services is left: what the old release has written since is not taken away again. Until then
 * all of it is done again, and first of all whoever runs is stopped: while nobody looked after the
 * host, somebody may have started what lay there. While the host boots (boot) nobody runs.
 */
const struct phase *course_first_to_undo(const struct course *course, bool boot);

#endif
