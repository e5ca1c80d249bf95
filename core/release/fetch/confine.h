/*
 * confine.h - giving up every right that fetching one URL does not need.
 */
#ifndef RELEASE_FETCH_CONFINE_H
#define RELEASE_FETCH_CONFINE_H

#include <stdbool.h>

#include "base/error.h"

struct confinement {
	int first_unused;  /* descriptors from here on are closed */
	bool needs_system; /* the system's certificates are read: no ca_file was given */
};

/*
 * Root becomes the user banger-update, 65534 where there is none, in no other group: for good.
 * Then nothing is dumped or traced, no core is written, no file can grow, memory and descriptors
 * are bounded, and with Landlock nothing can be opened but what resolving a name and TLS read.
 * The process dies with its parent. The environment is empty. What is in force is text
 * ("user 65534, landlock 7"), of which "landlock 0" is the only part that may be missing.
 */
#define CONFINEMENT_TEXT_MAX 64
MUST_CHECK int fetch_confine(const struct confinement *confinement, char text[CONFINEMENT_TEXT_MAX],
			     struct error *err);

#endif
