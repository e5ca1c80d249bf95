/*
 * child.h - work done in a forked child, perhaps as another user, bounded, answered over a line.
 *
 * For SQLite on the databases of others: what a child opens and closes costs nobody else a lock,
 * and root never opens anything in a directory that belongs to a daemon.
 */
#ifndef INSTALL_CHILD_H
#define INSTALL_CHILD_H

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

/* A child that does several things, one after the other, as it is told. */
struct child {
	pid_t pid; /* 0: none */
	int line;
};

#define CHILD_NONE                                                                                 \
	{                                                                                          \
		.line = -1                                                                         \
	}
#define CHILD_OUTPUT_MAX 65536u

/* Runs in the child until child_next() says that nobody is left to work for. */
typedef void (*child_serve)(int line, void *data);

enum child_bond {
	CHILD_ENDS_WITH_US, /* killed, whatever ends us */
	CHILD_SEES_US_END,  /* child_next() returns -1: it has something to put in order first */
};

/* user NULL: who we are. The child is ended by child_end(). */
MUST_CHECK int child_start(const struct child_user *user, enum child_bond bond, child_serve serve,
			   void *data, struct child *ret, struct error *err);

/* Tells it what to do next. -ECHILD: it is gone. */
MUST_CHECK int child_tell(const struct child *child, char command, struct error *err);

/* Waits at most timeout_ms: has it answered, or is it gone? */
MUST_CHECK bool child_is_ready(const struct child *child, int timeout_ms);

/* Its answer to that: what it returned, with *err; -ETIMEDOUT, -ECHILD. */
MUST_CHECK int child_hear(const struct child *child, uint64_t timeout_ms, struct buffer *output,
			  struct error *err);

/* Closes the line, gives it grace_ms to end by itself, kills and reaps it. Nothing to do for one
 * that is none. */
void child_end(struct child *child, uint64_t grace_ms);

/* In the child: the next command; -1: nobody is there any more. */
MUST_CHECK int child_next(int line);
/* In the child: rc with *err when it is negative, output else (may be NULL). */
void child_answer(int line, int rc, const struct buffer *output, const struct error *err);

#endif
