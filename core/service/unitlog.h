/*
 * unitlog.h - what one invocation of a unit logged, behind the sentence that tells of its failure.
 */
#ifndef SERVICE_UNITLOG_H
#define SERVICE_UNITLOG_H

#include "base/error.h"
#include "service/sdlib.h"

/* Appends the last lines that the journal has of this invocation (32 hexadecimal digits): the
 * processes' own, and systemd's about them. Nothing where there is no journal, or we may not read
 * it. Returns err->code. */
int unitlog_append(const struct sdlib *lib, const char *invocation, struct error *err);

#endif
