/*
 * side.h - one of the two releases a host may be on, as it can be compared.
 */
#ifndef CRASH_SIDE_H
#define CRASH_SIDE_H

#include "crash/ground.h"

/* What is on the host now. */
struct side side_take(const struct world *world);
void side_finish(struct side *side);

#endif
