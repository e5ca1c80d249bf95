/*
 * plugin_sections.c - plugin_sections.h: from a finding back to the line that it is about.
 */
#include "update/plugin_sections.h"

#include <errno.h>
#include <string.h>

#include "base/guard.h"

void section_faults_finish(struct section_faults *faults)
{
	strings_finish(&faults->lines);
	strings_finish(&faults->plugins);
}

/* A key of a plugin's section that is looked for, and where it stands. */
struct place {
	const char *plugin;
	const char *key;
	const char *file; /* NULL: nowhere */
	unsigned line;
};

/* A config_visitor. */
static int look(void *data, const struct config_value *value)
{
	struct place *place = data;

	if (strcmp(value->section, "plugin") == 0 && value->name != NULL &&
	    strcmp(value->name, place->plugin) == 0 && strcmp(value->key, place->key) == 0) {
		place->file = value->file;
		place->line = value->line;
	}
	return 0;
}

/* What would have to change for this finding to go: a key, or else the section. */
static struct place find_place(const struct config *config, const char *plugin,
			       const struct finding *finding)
{
	const struct plugin_config *section = config_plugin(config, plugin);
	bool is_grant = strcmp(finding->code, "plugin.grant") == 0;
	struct place place = {.plugin = plugin, .key = is_grant ? "grant" : finding->code};
	/* Of the host's own findings only these are about what the INI says. */
	bool is_mendable = is_grant || strncmp(finding->code, "plugin.", 7) != 0 ||
			   strcmp(finding->code, "plugin.missing") == 0 ||
			   strcmp(finding->code, "plugin.option") == 0;

	(void)config_visit(config, look, &place);
	if (place.file == NULL && is_mendable && section != NULL) {
		place.file = section->file;
		place.line = section->line;
	}
	return place;
}

static int add(struct section_faults *faults, const struct config *config, const char *plugin,
	       const struct finding *finding)
{
	struct place place = find_place(config, plugin, finding);
	auto_free char *text = NULL;
	int length = place.file != NULL
			     ? asprintf(&text, "%s:%u: %s", place.file, place.line, finding->text)
			     : asprintf(&text, "plugin %s: %s", plugin, finding->text);

	if (length < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return strings_add(place.file != NULL ? &faults->lines : &faults->plugins, text);
}

int section_faults_find(const struct config *config, const struct preflight_report *survey,
			struct section_faults *ret)
{
	int rc = 0;

	for (size_t i = 0; i < survey->count; i++) {
		const struct plugin_report *plugin = &survey->plugins[i];

		for (size_t k = 0; k < plugin->findings.count && rc == 0; k++) {
			if (plugin->findings.items[k].verdict == VERDICT_ERROR) {
				rc = add(ret, config, plugin->name, &plugin->findings.items[k]);
			}
		}
	}
	return rc;
}
