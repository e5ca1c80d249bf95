/*
 * sums.h - SHA256SUMS: which file names go with which hashes.
 *
 * The grammar is strict, since a line that two readers understand differently is a way past the
 * signature: every line is known or the whole document is refused.
 */
#ifndef RELEASE_SUMS_H
#define RELEASE_SUMS_H

#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"

struct sum {
	char *name; /* a bare file name */
	struct digest digest;
};

struct sums {
	struct sum *items;
	size_t count;
};
#define auto_sums __attribute__((cleanup(sums_finish)))

void sums_finish(struct sums *sums);

/*
 * Lines end with LF, the last one may lack it: "HEX  NAME", "HEX *NAME" (GNU coreutils),
 * "SHA256 (NAME) = HEX" (BSD), comments from '#' on, or nothing. A name holds no '/', no control
 * character, begins with no '.' and appears once. -EBADMSG names the line.
 */
MUST_CHECK int sums_parse(const char *bytes, size_t length, struct sums *ret, struct error *err);

/* The hash of name, NULL when it is not in there. */
const struct digest *sums_find(const struct sums *sums, const char *name);

#endif
