/*
 * plugin_lint.c - plugin_lint.h: one table of ways to run a plugin.
 */
#include "update/plugin_lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "update/plugin_elf.h"

#define auto_report __attribute__((cleanup(preflight_report_finish)))

struct way {
	const char *name;
	enum trial trial;
	bool with_options;
	bool for_programs;
};

static const struct way ways[] = {
	{"run as it is", TRIAL_NONE, true, true},
	{"cancelled at once", TRIAL_CANCELLED, true, false},
	{"without any time left", TRIAL_NO_TIME, true, false},
	{"without its section", TRIAL_NONE, false, true},
};

static int complain(struct findings *found, const char *code, const char *remedy,
		    const char *format, ...) PRINTF_LIKE(4, 5);

static int complain(struct findings *found, const char *code, const char *remedy,
		    const char *format, ...)
{
	char text[LIMIT_TEXT];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return findings_add(found, VERDICT_INCOMPATIBLE, code, text, remedy);
}

/* The host's own words say that the plugin did not end well. That it gave up is well when it was
 * told to, that it was not configured always, and that it may not do all when it has no section. */
static bool is_harm(const struct finding *finding, const struct way *way)
{
	if (!text_has_prefix(finding->code, "plugin.") ||
	    strcmp(finding->code, "plugin.unconfigured") == 0) {
		return false;
	}
	if (strcmp(finding->code, "plugin.grant") == 0) {
		return way->with_options;
	}
	return strcmp(finding->code, "plugin.failed") != 0 || way->trial == TRIAL_NONE;
}

static int judge_way(const struct plugin_report *run, const struct way *way, struct findings *found)
{
	int rc = 0;

	for (size_t i = 0; i < run->findings.count && rc == 0; i++) {
		const struct finding *finding = &run->findings.items[i];

		if (is_harm(finding, way)) {
			rc = complain(found, finding->code, finding->remedy, "%s: %s", way->name,
				      finding->text);
		}
	}
	return rc;
}

static bool is_same(const struct findings *one, const struct findings *other)
{
	bool same = one->count == other->count;

	for (size_t i = 0; same && i < one->count; i++) {
		same = one->items[i].verdict == other->items[i].verdict &&
		       strcmp(one->items[i].code, other->items[i].code) == 0;
	}
	return same;
}

static int lint_ways(const struct plugin_trial *trial, struct findings *found, struct error *err)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		auto_report struct preflight_report run = {0};

		if (trial->is_program && !ways[i].for_programs) {
			continue;
		}
		int rc = plugin_trial_run(trial, ways[i].trial, ways[i].with_options, &run, err);

		if (rc < 0) {
			return rc;
		}
		if (judge_way(&run.plugins[0], &ways[i], found) < 0) {
			return error_no_memory(err);
		}
	}
	return 0;
}

static int lint_repetition(const struct plugin_trial *trial, struct findings *found,
			   struct error *err)
{
	auto_report struct preflight_report first = {0};
	auto_report struct preflight_report second = {0};
	int rc = plugin_trial_run(trial, TRIAL_NONE, true, &first, err);

	rc = rc < 0 ? rc : plugin_trial_run(trial, TRIAL_NONE, true, &second, err);
	if (rc < 0 || is_same(&first.plugins[0].findings, &second.plugins[0].findings)) {
		return rc;
	}
	return complain(found, "lint.unsteady",
			"let the same host and release give the same findings",
			"run twice, it found different things") < 0
		       ? error_no_memory(err)
		       : 0;
}

/* Its descriptor is in order, and says what each option is for. */
static int lint_descriptor(const struct plugin_trial *trial, struct findings *found,
			   struct error *err)
{
	auto_report struct preflight_report run = {0};
	int rc = plugin_trial_run(trial, TRIAL_DESCRIBE, false, &run, err);

	if (rc < 0) {
		return rc;
	}
	const struct plugin_report *plugin = &run.plugins[0];

	for (size_t i = 0; i < plugin->findings.count && rc == 0; i++) {
		const struct finding *finding = &plugin->findings.items[i];

		if (strcmp(finding->code, "plugin.described") != 0) {
			rc = complain(found, finding->code, finding->remedy, "%s", finding->text);
		}
	}
	for (size_t i = 0; i < plugin->facts.count && rc == 0; i++) {
		const struct pair *fact = &plugin->facts.items[i];

		/* JSON text: the quote ends it. */
		if (text_has_prefix(fact->key, "option.") && text_has_suffix(fact->value, ": \"")) {
			rc = complain(found, "lint.help", "say what it is for, in one line",
				      "option %s has no help", fact->key + strlen("option."));
		}
	}
	return rc < 0 ? error_no_memory(err) : 0;
}

static int lint_file(const struct plugin_trial *trial, struct findings *found, struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_PLUGIN_OBJECT);
	int rc = trial->is_program ? 0 : file_read_path(trial->path, &bytes, err);

	if (rc == 0 && !trial->is_program && plugin_elf_lint(&bytes, found) < 0) {
		rc = error_no_memory(err);
	}
	return rc;
}

int plugin_lint(const struct plugin_trial *trial, struct preflight_report *ret, struct error *err)
{
	ret->plugins = calloc(1, sizeof(*ret->plugins));
	if (ret->plugins == NULL) {
		return error_no_memory(err);
	}
	ret->count = 1;
	struct plugin_report *plugin = &ret->plugins[0];
	int rc = lint_file(trial, &plugin->findings, err);

	plugin->name = strdup(trial->name);
	rc = rc < 0 ? rc : lint_descriptor(trial, &plugin->findings, err);
	/* What cannot be loaded has nothing more to tell. */
	bool is_sound = plugin->findings.count == 0;

	rc = rc < 0 || !is_sound ? rc : lint_ways(trial, &plugin->findings, err);
	rc = rc < 0 || !is_sound ? rc : lint_repetition(trial, &plugin->findings, err);
	plugin->verdict = plugin->findings.count == 0 ? VERDICT_COMPATIBLE : VERDICT_INCOMPATIBLE;
	ret->verdict = plugin->verdict;
	return rc < 0 || plugin->name != NULL ? rc : error_no_memory(err);
}
