/*
 * hostile_case.h - what plugins that mean harm are after, and kernels that offer less against them.
 */
#ifndef HOSTILE_CASE_H
#define HOSTILE_CASE_H

#include "support/scratch.h"

/* A file of the release and what else attempts.c is after. */
struct target {
	struct scratch scratch;
	char *victim;
	char *beside;
	char *local;
	char abstract[32];
	int listeners[2];
	char *before;
};
#define auto_target __attribute__((cleanup(target_finish)))

struct target target_make(void);
void target_finish(struct target *target);
void target_assert_unharmed(const struct target *target);

/* Skips the test where there is none: a plugin of our own user can then write to our files. */
void need_landlock(void);

/* From now on, in this process and its children, the kernel's Landlock has this ABI; 0: it is
 * refused, as in containers. */
void pretend_landlock(int abi);

#endif
