/*
 * describe.c - describe.h: facts and one finding.
 */
#include "preflight/host/describe.h"

#include <stdio.h>

#include "preflight/host/fit.h"
#include "preflight/host/options.h"

static int say(struct report *report, const char *code, const char *text)
{
	const struct frame finding = {
		.type = FRAME_FINDING, .verdict = PF_SKIP, .code = code, .text = text};

	return report_send(report, &finding);
}

static int describe(const struct pf_plugin *plugin, struct report *report)
{
	char abi[16];
	const struct frame facts[] = {
		{.type = FRAME_FACT, .code = "version", .text = plugin->version},
		{.type = FRAME_FACT, .code = "abi", .text = abi},
		{.type = FRAME_FACT, .code = "needs", .is_number = true, .number = plugin->needs},
	};
	int rc = 0;

	(void)snprintf(abi, sizeof(abi), "%u.%u", plugin->abi_major, plugin->min_minor);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && rc == 0; i++) {
		rc = report_send(report, &facts[i]);
	}
	rc = rc < 0 ? rc : say(report, "plugin.described", plugin->summary);
	return rc < 0 ? rc : options_describe(plugin, report);
}

int describe_plugin(const struct pf_plugin *plugin, const struct request *request,
		    struct report *report)
{
	bool fits = false;

	if (request->trial == TRIAL_DESCRIBE) {
		return describe(plugin, report);
	}
	int rc = fit_tell(plugin, request, report, &fits);

	return rc < 0 || !fits ? rc : say(report, "plugin.described", "its section fits it");
}

int describe_program(struct report *report)
{
	return say(report, "plugin.described", "a program");
}

bool is_described(const struct request *request)
{
	return request->trial == TRIAL_DESCRIBE || request->trial == TRIAL_FIT;
}
