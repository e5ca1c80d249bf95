/*
 * child.h - one thing done in a forked child, perhaps as another user, bounded, its answer told.
 *
 * For SQLite on the databases of others: what a child opens and closes costs nobody else a lock,
 * and root never opens anything in a directory that belongs to a daemon.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* Who the child shall be; change = false: who we are. */
struct child_user {
	bool change;
	uid_t uid;
	gid_t gid;
	char name[64]; /* for its supplementary groups; "": none */
};

/* Runs in the child: 0 with an answer in output, or a negative errno value with *err filled. */
typedef int (*child_work)(void *data, struct buffer *output, struct error *err);

/*
 * Forks, becomes user, works. output takes at most its maximum. What work() returned is returned;
 * -ETIMEDOUT when it took longer than timeout_ms (the child is killed), -ECHILD when it died. The
 * child ends with us, whatever ends us.
 */
MUST_CHECK int child_run(const struct child_user *user, uint64_t timeout_ms, child_work work,
			 void *data, struct buffer *output, struct error *err);

#endif
