/*
 * plugin_survey.h - every plugin of a configuration, loaded as a run loads it, and none asked.
 */
#ifndef UPDATE_PLUGIN_SURVEY_H
#define UPDATE_PLUGIN_SURVEY_H

#include "config/config.h"
#include "preflight/runner.h"

/* What the INI says of each plugin, for preflight_options; borrows from config. NULL: no memory. */
struct preflight_policy *plugin_policies(const struct config *config);

/*
 * how: TRIAL_DESCRIBE or TRIAL_FIT. Users, sandbox and grants are those of a run; there is no
 * release, and no directory to write to. Errors: the helpers, the users, the plugin directory.
 */
MUST_CHECK int plugin_survey(const struct config *config, enum trial how,
			     struct preflight_report *ret, struct error *err);

#endif
