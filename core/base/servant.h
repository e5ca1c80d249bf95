/*
 * servant.h - a forked child that does one thing after the other as it is told, perhaps as another
 * user, every wait for it bounded.
 */
#ifndef BASE_SERVANT_H
#define BASE_SERVANT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/error.h"

struct servant {
	pid_t pid; /* 0: none */
	int line;
};

#define SERVANT_NONE                                                                               \
	{                                                                                          \
		.line = -1                                                                         \
	}
#define SERVANT_OUTPUT_MAX 65536u

/* Runs in the child until servant_next() says that nobody is left to work for. */
typedef void (*servant_serve)(int line, void *data);

enum servant_bond {
	SERVANT_ENDS_WITH_US, /* killed, whatever ends us */
	SERVANT_SEES_US_END, /* servant_next() returns -1: it has something to put in order first */
};

/* user NULL: who we are. The child is ended by servant_end(). */
MUST_CHECK int servant_start(const struct child_user *user, enum servant_bond bond,
			     servant_serve serve, void *data, struct servant *ret,
			     struct error *err);

/* Tells it what to do next. 0 as well when it is gone: why, servant_hear() may still be told. */
MUST_CHECK int servant_tell(const struct servant *servant, char command, struct error *err);

/* Waits at most timeout_ms: has it answered, or is it gone? */
MUST_CHECK bool servant_is_ready(const struct servant *servant, int timeout_ms);

/* Its answer to that: what it returned, with *err; -ETIMEDOUT, -ECHILD. */
MUST_CHECK int servant_hear(const struct servant *servant, uint64_t timeout_ms,
			    struct buffer *output, struct error *err);

/* Closes the line, gives it grace_ms to end by itself, kills and reaps it. Nothing to do for one
 * that is none. */
void servant_end(struct servant *servant, uint64_t grace_ms);

/* In the child: the next command; -1: nobody is there any more. */
MUST_CHECK int servant_next(int line);
/* In the child: rc with *err when it is negative, output else (may be NULL). */
void servant_answer(int line, int rc, const struct buffer *output, const struct error *err);

#endif
