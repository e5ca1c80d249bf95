/*
 * swap.h - an artifact's file replaced and put back, never a moment without a binary.
 *
 * forward: the staged file goes beside the target (a copy, hashed again, when it lies on another
 * mount), gets the old one's attributes and is synced; NAME is linked to NAME.previous; the new
 * file is renamed over NAME, and the directory is synced. An earlier NAME.previous is kept aside
 * until swap_commit(), so that swap_back() leaves exactly what was there before, inodes included.
 */
#ifndef INSTALL_SWAP_H
#define INSTALL_SWAP_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/digest.h"
#include "base/error.h"
#include "model/host.h"
#include "model/release.h"

/*
 * What is known of a target before it is touched; goes into the journal before the first act.
 * swap_back() and swap_commit() need all of it but the staged file.
 */
struct swap_plan {
	const struct artifact *artifact;
	char *staged; /* the new file, to be moved; NULL: swap_forward() is over, or removes */
	bool removes; /* the other release has no such file */
	struct digest new_digest; /* unless it removes */
	bool existed;
	struct digest old_digest; /* when it existed, as is what follows */
	uint64_t old_inode;
	mode_t old_mode; /* for a person who has to do it by hand; owner and group as well */
	uid_t old_uid;
	gid_t old_gid;
	uint64_t backup_inode; /* of the NAME.previous there was before; 0: there was none */
	char *backup;          /* NAME.previous */
};

#define auto_swap_plan __attribute__((cleanup(swap_plan_finish)))
void swap_plan_finish(struct swap_plan *plan);

/* Looks, changes nothing: the target is absent or a regular file in a directory we can write, the
 * staged file (NULL: the target is to go) is what staged->digest says. A symlink, a directory, a
 * missing parent, a name that leaves no room for our suffixes are errors. */
MUST_CHECK int swap_plan(const struct artifact *artifact, const struct staged *staged,
			 struct swap_plan *ret, struct error *err);

/* plan->backup, for a plan that was read from a journal. */
MUST_CHECK int swap_name_backup(struct swap_plan *plan, struct error *err);

/* Replaces or removes the file. Mode, owner, ACL, security.* and user.* attributes of the old file
 * are kept unless the artifact says otherwise; a new file is 0755 root:root (ours when not root).
 * After an error the caller walks back with swap_back(). */
MUST_CHECK int swap_forward(const struct swap_plan *plan, struct error *err);

/* The first count steps of swap_forward() only: what a process killed there leaves behind. For
 * tests; SWAP_STEPS of them are all. */
#define SWAP_STEPS 5
MUST_CHECK int swap_forward_steps(const struct swap_plan *plan, unsigned count, struct error *err);

/*
 * Puts the old file back (a file that did not exist is removed). By the files' real hashes, so safe
 * to call whatever swap_forward() did, and again; 0 when the old state is there already. A target
 * that is neither old nor new is kept as NAME.unexpected-<time>, named in *ret_aside (set to NULL
 * when there was none; ret_aside itself may be NULL; freed by the caller). -ENOENT, -EBADMSG: the
 * backup that is needed is gone or is not the old file; the target is left as it is.
 */
MUST_CHECK int swap_back(const struct swap_plan *plan, char **ret_aside, struct error *err);

/* After the commit record: forgets the earlier backup. What a kill leaves of it, the next swap of
 * the same artifact removes. */
MUST_CHECK int swap_commit(const struct swap_plan *plan, struct error *err);

#endif
