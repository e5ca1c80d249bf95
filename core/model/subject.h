/*
 * subject.h - what is being updated, as key and value pairs for preflight plugins. The keys are
 * part of the plugin ABI; banger/preflight.h lists them.
 */
#ifndef MODEL_SUBJECT_H
#define MODEL_SUBJECT_H

#include <stddef.h>

#include "base/error.h"

struct pair {
	char *key;
	char *value;
};

struct pairs {
	struct pair *items;
	size_t count;
};
#define auto_pairs __attribute__((cleanup(pairs_finish)))

void pairs_finish(struct pairs *pairs);
/* Copies both; a key that is there already gets the new value. 0 or -ENOMEM. */
MUST_CHECK int pairs_set(struct pairs *pairs, const char *key, const char *value);
/* NULL: not there. Borrowed. */
const char *pairs_get(const struct pairs *pairs, const char *key);

#endif
