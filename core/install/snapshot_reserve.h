/*
 * snapshot_reserve.h - the space that a snapshot and a later rollback take, made sure of
 * beforehand.
 *
 * Two files of the size that each step of a rollback may need, allocated and never written. The
 * step removes its file first; so no rollback fails because the disk was filled meanwhile.
 */
#ifndef INSTALL_SNAPSHOT_RESERVE_H
#define INSTALL_SNAPSHOT_RESERVE_H

#include <stdint.h>

#include "install/snapshot_place.h"

/* For the copy, for keeping the failed database aside, for putting the copy back, and to spare. */
uint64_t snapshot_reserve_needs(const struct snapshot_place *place);

/* -ENOSPC: with what it takes and what there is; nothing of it is left then. */
MUST_CHECK int snapshot_reserve_make(const struct snapshot_place *place, struct error *err);

#endif
