/*
 * local.h - a release at hand (--release): a directory, or a tarball with its sums beside it.
 */
#ifndef RELEASE_LOCAL_H
#define RELEASE_LOCAL_H

#include "base/error.h"
#include "model/release.h"
#include "release/discover.h"

/* release_discover() for options->local. */
MUST_CHECK int local_find(const struct discover_options *options, struct release *ret,
			  struct error *err);

#endif
