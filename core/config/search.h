/*
 * search.h - which files a configuration is made of, and in which order they are read.
 *
 * The rules are those of systemd (systemd.unit(5), sysctl.d(5); `systemd-analyze cat-config` shows
 * the same files in the same order). The main file is the first one found. Drop-ins lie in
 * NAME.d beside each place it may be in, end in suffix, and are read in the order of their names,
 * whatever their directory; of two with one name the directory that comes first wins. An empty
 * file, or a link to /dev/null, says nothing but hides what has its name.
 */
#ifndef CONFIG_SEARCH_H
#define CONFIG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

enum source_state {
	SOURCE_READ,
	SOURCE_MASK,   /* empty or a link to /dev/null */
	SOURCE_HIDDEN, /* another directory's file of the same name comes first */
};

struct source {
	char *path;
	enum source_state state;
	bool is_drop_in;
	size_t rank; /* of its directory; 0 wins */
};

struct sources {
	struct source *items; /* main files, then drop-ins as they are read */
	size_t count;
	struct strings directories; /* that were looked into, and whose writers decide all this */
};
#define auto_sources __attribute__((cleanup(sources_finish)))

void sources_finish(struct sources *sources);

struct search {
	const char *const *directories; /* ended by NULL; the first one wins */
	const char *name;               /* of the main file */
	const char *suffix;             /* of drop-ins */
};

/* banger.ini and *.ini, in BANGER_CONFDIR, /run, /usr/local/lib and /usr/lib. */
extern const struct search search_standard;

/*
 * Looks below prefix ("": the host) and opens no file. Nothing found is no error, a directory
 * that cannot be read is one; -E2BIG: more than LIMIT_CONFIG_FILES.
 */
MUST_CHECK int search_run(const struct search *search, const char *prefix, struct sources *ret,
			  struct error *err);

/* The main file is path, there or not, and its only drop-ins are those in PATH.d. */
MUST_CHECK int search_beside(const char *path, const char *suffix, struct sources *ret,
			     struct error *err);

#endif
