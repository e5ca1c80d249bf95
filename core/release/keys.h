/*
 * keys.h - the keys this host trusts: a directory of *.pub files, or one file.
 *
 * A key that is there but does not count would be a surprise, so a *.pub file that cannot be used
 * is an error with its name in it, also beside good ones.
 */
#ifndef RELEASE_KEYS_H
#define RELEASE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "release/signature.h"

struct key {
	char *name; /* its file's, without the directory */
	struct public_key public;
};

struct key_list {
	struct key *items; /* by name */
	size_t count;
};
#define auto_key_list __attribute__((cleanup(key_list_finish)))

void key_list_finish(struct key_list *list);

/*
 * Loads path. check_trust: every file must pass trust_check_chain(). -ENOKEY: not one usable key;
 * -EINVAL: one of several files is not a key; -EPERM: not trusted; -E2BIG: over LIMIT_KEYS.
 */
MUST_CHECK int key_list_load(const char *path, bool check_trust, struct key_list *ret,
			     struct error *err);

/* The first key that made signature over these bytes; -EKEYREJECTED: none did. */
MUST_CHECK int key_list_check(const struct key_list *list, const struct signature *signature,
			      const void *bytes, size_t length, const struct key **ret,
			      struct error *err);

#endif
