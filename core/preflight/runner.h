/*
 * runner.h - every preflight plugin, each in a process of its own, and what they said.
 */
#ifndef PREFLIGHT_RUNNER_H
#define PREFLIGHT_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "model/finding.h"
#include "model/subject.h"
#include "preflight/request.h"

/* Whom a plugin runs as; not set: as we do, which is all that anybody but root can offer. */
struct preflight_user {
	bool is_set;
	uid_t uid;
	gid_t gid;
};

struct preflight_database {
	const char *name;
	struct preflight_user user;
};

/* What the configuration says of one plugin. Plain data, so that this room needs no INI. */
struct preflight_policy {
	const char *name;
	bool enabled;
	uint64_t timeout_ms; /* 0: the common one */
	bool grant_network;
	bool grant_root;
	bool last;                   /* runs after all others; not at all once one refused */
	const struct pairs *options; /* may be NULL: a section without keys of the plugin's own */
};

struct preflight_options {
	int helper_fd; /* libexec preflight-host, opened at start */
	const char *plugin_dir;
	const char
		*scratch_dir; /* where each gets a directory of its own while it runs; NULL: none */
	bool check_trust;     /* set when running as root */
	bool must_be_confined;      /* a plugin that cannot be wholly confined is an error */
	struct preflight_user user; /* of all plugins but those that */
	const struct preflight_database *databases; /* have to do with databases */
	size_t database_count;
	uint64_t timeout_ms; /* of a plugin without one of its own */
	const struct preflight_policy *policies;
	size_t policy_count;
	const struct pairs *subject;
	const char *only; /* this file of plugin_dir alone; NULL: all */
	enum trial trial; /* for authors of plugins: another start than a plain one */
	int interrupts;   /* can be read: nobody waits any longer (-EINTR); 0: none */
	/* Called in the caller's process when a plugin is done; may be NULL. */
	void (*done)(void *data, const char *plugin, enum verdict verdict);
	void *data;
};

struct plugin_report {
	char *name;
	enum verdict verdict;
	uint64_t ms;
	struct findings findings;
	struct pairs facts; /* key -> JSON value text */
	char *output;       /* what it wrote to stdout and stderr, sanitized; may be NULL */
	char *sandbox;      /* what was in force, and what was not; NULL: it never ran */
	bool is_confined;   /* nothing of it was missing */
};

struct preflight_report {
	enum verdict verdict;          /* the worst of all; VERDICT_SKIP for an empty directory */
	struct plugin_report *plugins; /* sorted by name */
	size_t count;
};

void preflight_report_finish(struct preflight_report *report);

/*
 * Runs every plugin in plugin_dir (catalog.h) that is not switched off, at most 2 x CPUs at once. A
 * plugin that crashed, hung, said nothing, broke the protocol, could not be started or is named by
 * a policy without being there is in the report as VERDICT_ERROR with a finding that says so; never
 * an error of this function. One that is switched off is in it as VERDICT_SKIP. Findings made
 * before a failure stay in the list.
 *
 * Those whose policy says last start when all others have ended, and are skipped (plugin.unasked)
 * when one of these has said incompatible, which nothing can lift.
 *
 * Codes of such findings: plugin.missing, plugin.disabled, plugin.untrusted, plugin.load,
 * plugin.abi, plugin.option, plugin.grant, plugin.sandbox, plugin.protocol,
 * plugin.timeout, plugin.crashed, plugin.silent, plugin.failed, plugin.refused, plugin.answer.
 *
 * A plugin runs as user, with grant_root as we do. One that needs a database (PF_NEED_DATABASE, or
 * an option "database" that names one) runs as that database's user, or as the one that all have;
 * when that is root, without capabilities and without local sockets.
 *
 * Errors here: a missing or unreadable plugin_dir, too many plugins, no memory. While it runs,
 * orphans come to the calling process, and it ends those of them that it has not started.
 */
MUST_CHECK int preflight_run(const struct preflight_options *options, struct preflight_report *ret,
			     struct error *err);

#endif
