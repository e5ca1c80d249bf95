/*
 * inflight.h - what is in flight, out of what a daemon or a command says, and what it means. Pure.
 */
#ifndef OPERATIONS_INFLIGHT_H
#define OPERATIONS_INFLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "support/judgement.h"

/*
 * The operations that are not done, as "KIND ID", in a daemon's answer to operations.list:
 * {"result": [{"id": …, "kind": "…", "done": false}, …]}, the id being text or a number. An entry
 * without "done" is in flight. -EREMOTEIO: it answered with an error, which is the sentence;
 * -EPROTO: this is no answer; -ENOMEM.
 */
MUST_CHECK int inflight_parse_reply(const char *text, size_t length, struct strings *ret,
				    struct error *err);

/* The lines that are not empty. 0 or -ENOMEM. */
MUST_CHECK int inflight_parse_lines(const char *text, struct strings *ret);

/* waited_ms: how long it was hoped that they end. */
void inflight_judge(const struct strings *operations, uint64_t waited_ms, struct judgement *ret);

#endif
