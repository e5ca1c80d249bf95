/*
 * unit.h - a unit of systemd as it is now, read over the bus (org.freedesktop.systemd1(5)).
 */
#ifndef SERVICE_UNIT_H
#define SERVICE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "service/bus.h"

#define UNIT_WORD_MAX       64
#define UNIT_INVOCATION_MAX 33 /* 32 hexadecimal digits; "" while it never ran */

struct unit {
	char load_state[UNIT_WORD_MAX];   /* loaded, masked, not-found, bad-setting, error */
	char active_state[UNIT_WORD_MAX]; /* active, activating, inactive, failed, … */
	char sub_state[UNIT_WORD_MAX];    /* running, auto-restart, … */
	char invocation[UNIT_INVOCATION_MAX];
	bool has_job;   /* systemd is about to start or stop it */
	bool can_start; /* a person may start it (not RefuseManualStart=yes) */
	/* Units that are stopped with it: they require it, are bound to it, part of it, or it says
	 * so. */
	struct strings dependents;
	/* Of services: */
	char type[UNIT_WORD_MAX]; /* notify, simple, oneshot, …; "": no service */
	char result[UNIT_WORD_MAX];
	char kill_mode[UNIT_WORD_MAX];
	char preserve[UNIT_WORD_MAX]; /* RuntimeDirectoryPreserve= */
	struct strings runtime_directories;
	bool sends_sigkill;
	uint32_t main_pid; /* 0: none now */
	int32_t exit_status;
};
#define auto_unit __attribute__((cleanup(unit_finish)))
void unit_finish(struct unit *unit);

/* -EINVAL: that is no unit's name. A unit that does not exist is no error: load_state says so. */
MUST_CHECK int unit_read(struct bus *bus, const char *name, struct unit *ret, struct error *err);

/* -EPERM: it is masked, gone, broken, or nobody may start it: once stopped it would stay down. */
MUST_CHECK int unit_check_startable(const struct unit *unit, struct error *err);

bool unit_is(const char *word, const char *expected);
/* Active, or on its way to or from there. */
bool unit_runs(const struct unit *unit);

#endif
