/*
 * fit.h - between a loaded plugin and its check: does its section of the INI file fit it?
 */
#ifndef HOST_FIT_H
#define HOST_FIT_H

#include <stdbool.h>

#include "banger/preflight.h"
#include "preflight/host/report.h"
#include "preflight/request.h"

/*
 * Reports what keeps check() from being called: an error for each key that is not declared, for a
 * required one that is not set and for a right that is not granted; a skip when nobody configured
 * it. *ret_fits is true when there is nothing. 0 or a negative errno value of report_send().
 *
 * With TRIAL_FIT the finding about a key has the key itself as its code, for who knows the line.
 */
MUST_CHECK int fit_tell(const struct pf_plugin *plugin, const struct request *request,
			struct report *report, bool *ret_fits);

#endif
