/*
 * options.h - a plugin's declared options against its section of the INI file.
 */
#ifndef HOST_OPTIONS_H
#define HOST_OPTIONS_H

#include "banger/preflight.h"
#include "base/error.h"
#include "model/subject.h"
#include "preflight/host/report.h"

/* The options are well-formed and at most LIMIT_PLUGIN_OPTIONS. 0 or -EINVAL. */
MUST_CHECK int options_validate(const struct pf_plugin *plugin, struct error *err);

/* The given value, else the declared fallback; NULL: not declared, or required and unset. */
const char *options_value(const struct pf_plugin *plugin, const struct pairs *given,
			  const char *key);

/* -EINVAL: the key is not declared; the sentence names those that are. */
MUST_CHECK int options_check_key(const struct pf_plugin *plugin, const char *key,
				 struct error *err);

/* A fact "option.KEY" for each: its fallback, or "required", and its help. 0 or an errno value. */
MUST_CHECK int options_describe(const struct pf_plugin *plugin, struct report *report);

/* The first required option that is not given; NULL: none. */
const char *options_missing(const struct pf_plugin *plugin, const struct pairs *given);

#endif
