/*
 * power.h - the power fails in the middle of a try, and the host comes up again.
 */
#ifndef CRASH_POWER_H
#define CRASH_POWER_H

#include "crash/disks.h"

struct power {
	struct ground ground;
	struct disks disks;
};

/* Skips the test where it cannot have such disks. The power is to be zero, so that what failed
 * half-way can be finished, too. */
void power_make(struct power *power, enum story story, const char *type, enum layout layout,
		enum cut cut);
void power_finish(struct power *power);

/* An undisturbed run. */
struct tried power_count(struct power *power, bool without_daemon);

/*
 * Cuts at the call that the try names, or after its end; boots; recovers. How the host ended, and
 * what is wrong with it. The try's act and program are filled in.
 */
struct tried power_try(struct power *power, struct try try, enum end *end,
		       struct buffer *complaints);

#endif
