/*
 * config_case.h - a configuration file with a given text, loaded: one call, one result to look at.
 */
#ifndef UNIT_CONFIG_CASE_H
#define UNIT_CONFIG_CASE_H

#include <stddef.h>

#include "base/error.h"
#include "config/config.h"
#include "support/scratch.h"

/* The least that can be loaded (six lines), for a test to add to. */
#define UPDATE_LINES                                                                               \
	"[update]\nproduct = notesd\nmanifest = https://example.org/m.json\nkeys = /etc/keys\n"
#define ARTIFACT_LINES "[artifact notesd]\ninstall = /usr/bin/notesd\n"
#define LEAST_LINES    UPDATE_LINES ARTIFACT_LINES

struct config_case {
	struct scratch scratch;
	char *path; /* the file, in scratch */
	int rc;     /* of config_load() */
	struct config *config;
	struct error err;
};

/* Loads text with the scratch directory as root: nothing of this machine plays a part. */
struct config_case case_load(const char *text);
/* The same without a root. */
struct config_case case_load_rootless(const char *text);
void case_finish(struct config_case *config);

/* That text loads; the caller finishes it. */
struct config_case case_good(const char *text);

/* That text is refused with "FILE:line: " in front of a sentence that has part in it. */
void case_refused(const char *text, unsigned line, const char *part);

#endif
