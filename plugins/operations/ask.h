/*
 * ask.h - one line to a Unix socket, one line back.
 */
#ifndef OPERATIONS_ASK_H
#define OPERATIONS_ASK_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Sends {"method":"operations.list"} and appends the answer, without its line end, to reply; all
 * before deadline (clock_deadline()). -ENOENT, -ECONNREFUSED: nobody listens there; -ETIMEDOUT;
 * -EPROTO: hung up without an answer; -E2BIG; -EINTR: a signal came, or whatever connect(2) and
 * recv(2) give.
 */
MUST_CHECK int ask_socket(const char *path, uint64_t deadline, struct buffer *reply,
			  struct error *err);

#endif
