/*
 * unpack.h - the verified archive's artifacts, written through the unpack helper.
 *
 * The helper gets the archive and one descriptor per artifact, opened by us; a name in the archive
 * only selects a descriptor. It runs in a cage (unpack/confine.h); we hash what arrived.
 */
#ifndef RELEASE_UNPACK_H
#define RELEASE_UNPACK_H

#include "base/error.h"
#include "model/release.h"
#include "release/download.h"

struct unpack_options {
	int helper_fd;            /* libexec unpack, opened at start */
	const char *directory;    /* staging, exists, ours alone */
	const char *const *names; /* exactly these, each once */
	size_t name_count;
	uint64_t maximum; /* bytes of all artifacts together */
	uint64_t timeout_ms;
	int interrupts; /* can be read: nobody waits any longer; 0: none */
};

/*
 * Creates the artifacts in directory (mode 0755), fsyncs each and returns their hashes in the
 * order of names. -EBADMSG with the reason: not an archive, an entry too many, a missing one, a
 * link, a duplicate, trailing bytes; -EFBIG; -ETIMEDOUT; -EINTR; -ENOSPC. On an error nothing is
 * left in directory.
 */
MUST_CHECK int release_unpack(const struct unpack_options *options, const struct verified *verified,
			      struct staged_list *ret, struct error *err);

#endif
