/*
 * describe.h - what is said of a plugin without asking it.
 */
#ifndef HOST_DESCRIBE_H
#define HOST_DESCRIBE_H

#include "banger/preflight.h"
#include "preflight/host/report.h"
#include "preflight/request.h"

/* TRIAL_DESCRIBE: its descriptor as facts. TRIAL_FIT: whether its section fits it. */
MUST_CHECK int describe_plugin(const struct pf_plugin *plugin, const struct request *request,
			       struct report *report);

/* A program says nothing of itself before it runs. */
MUST_CHECK int describe_program(struct report *report);

/* True when nobody's check() is to be called. */
bool is_described(const struct request *request);

#endif
