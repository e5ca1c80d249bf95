/*
 * known.h - who says which migrations the release knows: its signed description, or one of its
 * programs.
 */
#ifndef SCHEMA_KNOWN_H
#define SCHEMA_KNOWN_H

#include <stdbool.h>

#include "base/text.h"

enum known_source {
	KNOWN_BY_NOBODY,
	KNOWN_BY_MANIFEST,
	KNOWN_BY_COMMAND,
};

/* What the option known (auto, manifest or command) chooses among what there is. -EINVAL: it is
 * none of these words. */
MUST_CHECK int known_choose(const char *option, bool manifest_says, bool has_command,
			    enum known_source *ret);

/* The identifiers in a list, one a line. -EINVAL: a line is no number; -ENOMEM. */
MUST_CHECK int known_parse(const char *list, struct ids *ret, struct error *err);

#endif
