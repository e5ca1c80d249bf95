/*
 * reader.h - a tar archive in which exactly the expected files are, each written to a descriptor.
 *
 * A name in the archive selects one of the descriptors or ends everything; no path is ever opened.
 * Modes, owners, times, ACLs and extended attributes are not looked at.
 */
#ifndef RELEASE_UNPACK_READER_H
#define RELEASE_UNPACK_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct reader_job {
	int archive;              /* descriptor, read with pread(2) from offset 0 */
	const char *const *names; /* expected, each once */
	int first_output;         /* descriptor of names[0]; the others follow */
	size_t count;
	uint64_t maximum; /* bytes of all of them together */
};

/* -EBADMSG: not this archive; -EFBIG; -ENOSPC; -ENOMEM; -EIO. */
MUST_CHECK int reader_run(const struct reader_job *job, struct error *err);

#endif
