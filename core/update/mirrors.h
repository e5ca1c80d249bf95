/*
 * mirrors.h - the addresses of `manifest`, one after the other.
 *
 * What one of them says is never mixed with what another says: the next one is asked for
 * everything again, from the manifest on.
 */
#ifndef UPDATE_MIRRORS_H
#define UPDATE_MIRRORS_H

#include <stdbool.h>

#include "update/update.h"

/* Makes update->fetcher for the current address; with --release there is none. */
MUST_CHECK int mirrors_open(struct update *update, struct error *err);

/*
 * The current address is of no use, and err says why. True: it is remembered in
 * update->bad_mirrors and told, and the next address is the current one. False: there is no other,
 * or another could not mend it; *err is then the reason for the whole run.
 */
bool mirrors_next(struct update *update, struct error *err);

#endif
