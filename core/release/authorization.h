/*
 * authorization.h - the one header line that servers may ask for: a secret.
 *
 * It is read into memory that no core file holds, goes from there to the fetch helper alone, and is
 * overwritten at the end. No sentence and no log ever has it.
 */
#ifndef RELEASE_AUTHORIZATION_H
#define RELEASE_AUTHORIZATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct authorization {
	char *page; /* pages of our own; NULL: none */
	size_t size;
	const char *line; /* "Authorization: …" inside page, without a line end */
	size_t length;
};

/*
 * Reads path: one line, "Authorization: VALUE" or only VALUE. Nobody but the file's owner may have
 * any right to it, and with check_trust it must pass trust_check_chain(). -EPERM: others can read
 * it; -EINVAL: not one printable line; errno values of open(2).
 */
MUST_CHECK int authorization_read(const char *path, bool check_trust, struct authorization *ret,
				  struct error *err);
void authorization_finish(struct authorization *authorization);

#endif
