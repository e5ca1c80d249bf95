/*
 * bar.h - services that must not start while the host boots, since an update of them was cut off
 * and could not be taken back: old code would meet a new database, or new code an old one.
 *
 * A drop-in below /run for each unit, wherever the unit itself is (a link to /dev/null there would
 * be passed over for units in /etc, which come first: systemd.unit(5)); all of them assert that one
 * file is not there. Removing that file lifts the bar; the next boot begins without any.
 */
#ifndef UPDATE_BAR_H
#define UPDATE_BAR_H

#include "update/update.h"

/* Bars the services of that run, and tells a person and the journal so. Nothing where systemd is
 * not what starts them. why: what could not be taken back. */
void bar_services(struct update *update, const struct journal_entry *entry,
		  const struct error *why);

/* All services of the product may start again. */
void bar_lift(struct update *update, const char *product);

/* Why they may not, in one line that the caller frees; *ret NULL: they may. */
MUST_CHECK int bar_reason(const struct update *update, const char *product, char **ret,
			  struct error *err);

#endif
