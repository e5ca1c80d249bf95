/*
 * plugin_trial.h - one plugin, run for its author: the real helper and sandbox, no INI file.
 */
#ifndef UPDATE_PLUGIN_TRIAL_H
#define UPDATE_PLUGIN_TRIAL_H

#include <signal.h>

#include "preflight/runner.h"
#include "update/helpers.h"
#include "update/options.h"

struct plugin_trial {
	char *path;      /* of the plugin, absolute */
	char *directory; /* it lies in */
	char *name;      /* its file's, up to the last dot */
	bool is_program;
	struct helpers helpers;
	char *places; /* where plugins may write; removed at the end */
	struct pairs given;
	struct pairs subject;
	struct preflight_policy policy; /* what its section would say */
	struct preflight_user user;
	struct strings names;                 /* of the subject's databases, each of which */
	struct preflight_database *databases; /* has a user, when we are root */
	size_t database_count;
	int interrupts;   /* readable once somebody wants it to end; -1: they end us as always */
	sigset_t signals; /* that were blocked before */
};
#define auto_plugin_trial __attribute__((cleanup(plugin_trial_finish)))

void plugin_trial_finish(struct plugin_trial *trial);

/* Takes FILE, --set, --subject, --grant and --timeout from the command line; -EINVAL: one of them
 * is wrong. */
MUST_CHECK int plugin_trial_init(struct plugin_trial *trial, const struct options *options,
				 struct error *err);

/* Runs it: with_options false leaves its section away. *ret has one plugin then. */
MUST_CHECK int plugin_trial_run(const struct plugin_trial *trial, enum trial how, bool with_options,
				struct preflight_report *ret, struct error *err);

/* The same in this process, with the host of <banger/preflight-test.h>: for debuggers. */
MUST_CHECK int plugin_trial_run_here(const struct plugin_trial *trial, struct preflight_report *ret,
				     struct error *err);

#endif
