/*
 * snapshot_reserve.h - the space that a snapshot and a later rollback take, made sure of
 * beforehand.
 *
 * Two files of the size that each step of a rollback may need, allocated and never written. The
 * step removes its file first; so no rollback fails because the disk was filled meanwhile. How much
 * that is, model/room.h says to the plugin disk-space as well.
 */
#ifndef INSTALL_SNAPSHOT_RESERVE_H
#define INSTALL_SNAPSHOT_RESERVE_H

#include "install/snapshot_place.h"

/* -ENOSPC: with what it takes and what there is; nothing of it is left then. A database that is
 * never put back takes nothing but its copy. */
MUST_CHECK int snapshot_reserve_make(const struct snapshot_place *place,
				     enum rollback_policy on_rollback, struct error *err);

#endif
