/*
 * catalog.h - which plugins there are, and which of them may be started.
 *
 * A plugin that is named or lies there but cannot be run is not left out: it is an entry with the
 * finding that says why. A check that has vanished must not read as a check that passed.
 */
#ifndef PREFLIGHT_CATALOG_H
#define PREFLIGHT_CATALOG_H

#include <stdbool.h>

#include "base/error.h"
#include "model/finding.h"

struct catalog_entry {
	char *name;            /* the file's up to its last dot */
	char *path;            /* NULL: there is no file */
	bool is_program;       /* no shared object, but something to execute */
	struct findings fault; /* not empty: it is not run, and this is its report */
};

struct catalog {
	struct catalog_entry *items; /* sorted by name, each name once */
	size_t count;
};
#define auto_catalog __attribute__((cleanup(catalog_finish)))

void catalog_finish(struct catalog *catalog);

/*
 * Lists directory: NAME.so are shared objects, all other files are programs. No plugins are hidden
 * files, directories, and what editors and package managers leave behind (x~, x.dpkg-old). Not
 * started are what is no regular file, what has no valid name or one that another has, a program
 * that nobody may execute, and, with check_trust, what others could have written or replaced
 * (trust_check_chain()). -ENOENT, -ENOTDIR, -EACCES: the directory; -E2BIG: LIMIT_PLUGINS.
 */
MUST_CHECK int catalog_read(const char *directory, bool check_trust, struct catalog *ret,
			    struct error *err);

/* The same of one file in directory, whatever lies beside it. */
MUST_CHECK int catalog_read_one(const char *directory, const char *file, bool check_trust,
				struct catalog *ret, struct error *err);

/* Borrowed; NULL: not there. */
struct catalog_entry *catalog_find(const struct catalog *catalog, const char *name);

/* An entry for a plugin that a policy names without a file being there. */
MUST_CHECK int catalog_add_missing(struct catalog *catalog, const char *name,
				   const char *directory);

/* Makes entry one that is not run, because its policy says so. */
MUST_CHECK int catalog_switch_off(struct catalog_entry *entry);

#endif
