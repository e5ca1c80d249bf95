/*
 * plugin_sections.h - do the [plugin N] sections fit the plugins that are installed?
 *
 * The INI's own reader cannot know: which keys there are is the plugin's to say.
 */
#ifndef UPDATE_PLUGIN_SECTIONS_H
#define UPDATE_PLUGIN_SECTIONS_H

#include <stdio.h>

#include "config/config.h"
#include "preflight/runner.h"

/* What is wrong, from a survey with TRIAL_FIT. */
struct section_faults {
	struct strings lines;   /* "FILE:LINE: " and what to mend there */
	struct strings plugins; /* of those that could not be asked: their name and the reason */
};
#define auto_section_faults __attribute__((cleanup(section_faults_finish)))

void section_faults_finish(struct section_faults *faults);

/* 0 or -ENOMEM. */
MUST_CHECK int section_faults_find(const struct config *config,
				   const struct preflight_report *survey,
				   struct section_faults *ret);

#endif
