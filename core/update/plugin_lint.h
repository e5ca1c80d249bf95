/*
 * plugin_lint.h - what would hurt later, found while the plugin is still its author's.
 */
#ifndef UPDATE_PLUGIN_LINT_H
#define UPDATE_PLUGIN_LINT_H

#include "update/plugin_trial.h"

/* Looks at the file, then runs it in every way it may be run. *ret has one plugin, whose findings
 * are complaints; without any it is compatible. */
MUST_CHECK int plugin_lint(const struct plugin_trial *trial, struct preflight_report *ret,
			   struct error *err);

#endif
