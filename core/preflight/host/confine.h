/*
 * confine.h - what this process gives up before it lets foreign code in.
 */
#ifndef HOST_CONFINE_H
#define HOST_CONFINE_H

#include <stdint.h>

#include "base/error.h"

/*
 * Limits and gives up rights. Must come after everything that needs them and before dlopen(3), so
 * that a plugin's constructors are already inside. timeout_ms bounds the CPU time.
 */
MUST_CHECK int confine(uint64_t timeout_ms, struct error *err);

#endif
