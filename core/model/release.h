/*
 * release.h - a release as the rooms exchange it. Plain data; release/ fills it.
 */
#ifndef MODEL_RELEASE_H
#define MODEL_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/text.h"
#include "model/version.h"

/* The migrations that the signed release.json names for one database. */
struct release_migrations {
	char *database;
	struct ids known;
};

struct release {
	struct version version;
	char *tarball;   /* where it is: a path or URL */
	char *sums;      /* SHA256SUMS */
	char *signature; /* SHA256SUMS.sig, whatever format is in it */
	char *details;   /* release.json beside the sums; NULL until the sums name it */

	/* Known once the sums are verified: */
	char *tarball_name;
	struct digest tarball_digest;
	char *key;     /* which key signed: its file's name */
	char *comment; /* what the signer said along with it, fit for a terminal; NULL: nothing */
	struct release_migrations *migrations;
	size_t migration_count;
};

/* An artifact of the release, unpacked, synced and hashed in the staging directory. */
struct staged {
	char *name; /* the artifact's */
	char *path; /* absolute */
	struct digest digest;
	uint64_t size;
};

struct staged_list {
	struct staged *items;
	size_t count;
	char held_by[64]; /* what kept the helper that wrote them from all else, for people */
};

void release_finish(struct release *release);
void staged_list_finish(struct staged_list *list);
const struct staged *staged_find(const struct staged_list *list, const char *name);

#endif
