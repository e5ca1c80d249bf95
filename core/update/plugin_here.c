/*
 * plugin_here.c - plugin_trial.h: the plugin in our own process, on the author's explicit wish. No
 * sandbox, no timeout; whatever it does, it does to this process.
 */
#include <banger/preflight-test.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "update/plugin_trial.h"

static int load(const struct plugin_trial *trial, const struct pf_plugin **ret, struct error *err)
{
	void *handle = dlopen(trial->path, RTLD_NOW | RTLD_LOCAL);
	const char *reason = handle == NULL ? dlerror() : NULL;

	if (handle == NULL) {
		return error_set(err, -ELIBBAD, "cannot be loaded: %s",
				 reason != NULL ? reason : "no reason given");
	}
	const struct pf_plugin *plugin = dlsym(handle, "pf_plugin_v1");

	if (plugin == NULL || plugin->size < sizeof(*plugin) || plugin->check == NULL) {
		return error_set(err, -ELIBBAD,
				 "%s exports no pf_plugin_v1 that this updater knows", trial->path);
	}
	*ret = plugin;
	return 0;
}

static int take_findings(const struct pf_test *t, struct plugin_report *report)
{
	int rc = 0;

	for (unsigned i = 0; i < t->finding_count && rc == 0; i++) {
		const struct pf_test_finding *finding = &t->findings[i];

		rc = findings_add(&report->findings, (enum verdict)finding->verdict, finding->code,
				  finding->text, finding->has_remedy ? finding->remedy : NULL);
	}
	for (unsigned i = 0; i < t->fact_count && rc == 0; i++) {
		rc = pairs_set(&report->facts, t->facts[i].key, t->facts[i].value);
	}
	if (rc == 0 && (t->result != 0 || t->finding_count == 0)) {
		rc = findings_add(&report->findings, VERDICT_ERROR, "plugin.failed",
				  "check() did not return 0 with a finding", NULL);
	}
	return rc;
}

int plugin_trial_run_here(const struct plugin_trial *trial, struct preflight_report *ret,
			  struct error *err)
{
	static struct pf_test t;
	const struct pf_plugin *plugin = NULL;
	int rc = load(trial, &plugin, err);

	if (rc < 0) {
		return rc;
	}
	pf_test_init(&t, plugin);
	for (size_t i = 0; i < trial->given.count; i++) {
		pf_test_set(&t, trial->given.items[i].key, trial->given.items[i].value);
	}
	for (size_t i = 0; i < trial->subject.count; i++) {
		pf_test_subject(&t, trial->subject.items[i].key, trial->subject.items[i].value);
	}
	ret->plugins = calloc(1, sizeof(*ret->plugins));
	if (ret->plugins == NULL) {
		return error_no_memory(err);
	}
	ret->count = 1;
	ret->plugins[0].name = strdup(trial->name);
	ret->plugins[0].verdict = (enum verdict)pf_test_run(&t);
	ret->verdict = ret->plugins[0].verdict;
	return take_findings(&t, &ret->plugins[0]) < 0 ? error_no_memory(err) : 0;
}
