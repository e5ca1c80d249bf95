/*
 * world_parts.h - what the files behind world.h share.
 */
#ifndef FLOW_WORLD_PARTS_H
#define FLOW_WORLD_PARTS_H

#include <criterion/criterion.h>

#include "base/text.h"
#include "flow/world.h"

#define PREFIX BANGER_BUILD_DIR "/prefix"

/* A failure that is the test's own, not that of what it tests. */
#define must(condition)                                                                            \
	cr_assert((condition), "the test's own ground is broken at %s:%d", __FILE__, __LINE__)

struct running begin_words(const struct strings *words); /* world_await() ends it */
struct outcome run_words(const struct strings *words);
struct outcome run_program(const char *const *argv); /* ended by a NULL */
/* The same, where only exit 0 will do. */
void run_or_fail(const char *const *argv);

#endif
