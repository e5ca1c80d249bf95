/*
 * fit.c - fit.h: keys, then rights.
 */
#include "preflight/host/fit.h"

#include <stdio.h>

#include "base/limits.h"
#include "preflight/host/options.h"

struct fit {
	const struct pf_plugin *plugin;
	const struct request *request;
	struct report *report;
	bool fits;
};

/* key: what it is about. */
static int tell_key(struct fit *fit, const char *key, const char *text, const char *remedy)
{
	bool is_trial = fit->request->trial == TRIAL_FIT && frame_code_is_valid(key);
	const struct frame finding = {
		.type = FRAME_FINDING,
		.verdict = PF_ERROR,
		.code = is_trial ? key : "plugin.option",
		.text = text,
		.remedy = remedy,
	};

	fit->fits = false;
	return report_send(fit->report, &finding);
}

static int tell_unknown(struct fit *fit)
{
	const struct pairs *given = fit->request->options;
	int rc = 0;

	for (size_t i = 0; i < given->count && rc == 0; i++) {
		struct error err;

		if (options_check_key(fit->plugin, given->items[i].key, &err) < 0) {
			rc = tell_key(fit, given->items[i].key, err.text,
				      "correct the key in the section");
		}
	}
	return rc;
}

/* Without a section nobody has asked for it. */
static int tell_unconfigured(struct fit *fit, const char *key)
{
	char text[256];
	const struct frame finding = {
		.type = FRAME_FINDING,
		.verdict = PF_SKIP,
		.code = "plugin.unconfigured",
		.text = text,
		.remedy = "write a section for it to switch it on",
	};

	(void)snprintf(text, sizeof(text),
		       "not configured: there is no section [plugin %s] with %s",
		       fit->request->name, key);
	fit->fits = false;
	return report_send(fit->report, &finding);
}

static int tell_missing(struct fit *fit)
{
	const char *missing = options_missing(fit->plugin, fit->request->options);
	char text[256];

	if (missing == NULL) {
		return 0;
	}
	if (!fit->request->has_section) {
		return tell_unconfigured(fit, missing);
	}
	(void)snprintf(text, sizeof(text), "section [plugin %s] does not set %s, which it needs",
		       fit->request->name, missing);
	return tell_key(fit, missing, text, "set the key, or remove the section");
}

static const char *missing_grant(const struct fit *fit)
{
	uint64_t missing = fit->plugin->needs & ~fit->request->grants;

	if ((missing & PF_NEED_NETWORK) != 0) {
		return "network";
	}
	return (missing & PF_NEED_ROOT) != 0 ? "root" : NULL;
}

static int tell_grant(struct fit *fit)
{
	const char *grant = missing_grant(fit);
	char text[256];

	if (grant == NULL) {
		return 0;
	}
	(void)snprintf(text, sizeof(text), "asks for %s, which section [plugin %s] does not grant",
		       grant, fit->request->name);
	report_error(fit->report, "plugin.grant", text,
		     "if it may have that, write grant = into its section");
	fit->fits = false;
	return 0;
}

int fit_tell(const struct pf_plugin *plugin, const struct request *request, struct report *report,
	     bool *ret_fits)
{
	struct fit fit = {plugin, request, report, true};
	int rc = tell_unknown(&fit);

	rc = rc < 0 ? rc : tell_missing(&fit);
	/* Whom nobody configured needs no rights either. */
	bool is_wanted = options_missing(plugin, request->options) == NULL || request->has_section;

	rc = rc < 0 || !is_wanted ? rc : tell_grant(&fit);
	*ret_fits = fit.fits;
	return rc;
}
