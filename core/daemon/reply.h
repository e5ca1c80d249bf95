/*
 * reply.h - what the daemon answers to one line.
 */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include <stddef.h>

#include "base/buffer.h"
#include "daemon/daemon.h"

/* Appends {"result":…} or {"error":{"code","text"}} and a newline. 0, -E2BIG, -ENOMEM. */
MUST_CHECK int reply_to(const struct daemon_release *release, const char *line, size_t length,
			struct buffer *into);

/* The reply to a line that is longer than LIMIT_REQUEST. */
MUST_CHECK int reply_too_long(struct buffer *into);

#endif
