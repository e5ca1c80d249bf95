/*
 * swap.h - an artifact's file replaced and put back, never a moment without a binary.
 *
 * forward: link(NAME, NAME.previous.new), rename over NAME.previous; prepare the new file beside the target with
 * the old one's attributes, fsync, rename over NAME, fsync the directory. A staged file on another
 * mount (EXDEV) is copied beside the target first.
 */
#ifndef INSTALL_SWAP_H
#define INSTALL_SWAP_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/error.h"
#include "model/host.h"
#include "model/release.h"

/* What is known of a target before it is touched; goes into the journal before the first act. */
struct swap_plan {
	const struct artifact *artifact;
	const struct staged *staged;
	bool existed;
	struct digest old_digest; /* when it existed */
	char *backup;             /* NAME.previous */
};

void swap_plan_finish(struct swap_plan *plan);

/* Looks, changes nothing: the target is absent or a regular file with a directory we can write.
 * A symlink, a directory, a missing parent are errors. */
MUST_CHECK int swap_plan(const struct artifact *artifact, const struct staged *staged,
			 struct swap_plan *ret, struct error *err);

/* Replaces the file. Mode, owner, ACL, security.* and user.* attributes of the old file are kept
 * unless the artifact says otherwise; a new file is 0755 root:root (ours when not root). */
MUST_CHECK int swap_forward(const struct swap_plan *plan, struct error *err);

/* Puts the old file back (a file that did not exist is removed). By the files' real hashes, so
 * safe to call whatever swap_forward() did; 0 when the old state is there already. A target that is neither
 * old nor new is moved to NAME.unexpected-<time> first and told in *ret_aside (may be NULL; freed by the caller). */
MUST_CHECK int swap_back(const struct swap_plan *plan, char **ret_aside, struct error *err);

#endif
