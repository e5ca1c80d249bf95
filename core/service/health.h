/*
 * health.h - the health command: its baseline before, and after the start until it is green.
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>

#include "base/command.h"
#include "base/error.h"
#include "model/health.h"
#include "model/host.h"

/* Asks once, within at most limit_ms; a command that is not set is healthy. Fails only when the
 * command cannot be started, or with -EINTR when interrupts (a descriptor; 0: none) can be read. */
MUST_CHECK int health_ask(const struct health *health, const struct command_values *values,
			  uint64_t limit_ms, int interrupts, struct health_answer *ret,
			  struct error *err);

/* Whether nothing is wrong now that was not wrong in baseline (may be NULL): healthy, or all that
 * fails is named and failed before. Failing without names is never the same failure. */
bool health_is_no_worse(const struct health_answer *now, const struct health_answer *baseline);

/*
 * Asks every interval until the answer is no worse than baseline (may be NULL), or timeout is over:
 * -ETIMEDOUT with the last answer in *err. alive (may be NULL) is called before each ask and ends
 * the wait with its error: a daemon that died need not be waited for. -EINTR as above.
 */
MUST_CHECK int health_wait(const struct health *health, const struct command_values *values,
			   const struct health_answer *baseline, int interrupts,
			   int (*alive)(void *data, struct error *err), void *data,
			   struct error *err);

#endif
