/*
 * json.c - json.h with jansson. Keys are stable; readers must ignore ones they do not know.
 */
#include "update/json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/guard.h"
#include "base/text.h"

/* Text from outside need not be UTF-8, which JSON is: it is made fit first. */
json_t *json_text(const char *text)
{
	if (text == NULL) {
		return json_null();
	}
	auto_free char *copy = strdup(text);

	if (copy == NULL) {
		return NULL;
	}
	text_sanitize(copy);
	return json_string(copy);
}

static json_t *phases_value(const struct report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->phase_count; i++) {
		const struct phase_record *phase = &report->phases[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "name", phase->name,
							    "result", phase->result, "ms",
							    (json_int_t)phase->ms));
	}
	return list;
}

static json_t *findings_value(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		(void)json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "verdict",
							    verdict_word(finding->verdict), "code",
							    json_text(finding->code), "text",
							    json_text(finding->text), "remedy",
							    json_text(finding->remedy)));
	}
	return list;
}

/* Facts come as JSON text of one value each. */
static json_t *facts_value(const struct pairs *facts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < facts->count; i++) {
		json_t *value = json_loads(facts->items[i].value, JSON_DECODE_ANY, NULL);

		(void)json_object_set_new(object, facts->items[i].key,
					  value != NULL ? value : json_text(facts->items[i].value));
	}
	return object;
}

static json_t *plugins_value(const struct preflight_report *preflight)
{
	json_t *list = json_array();

	for (size_t i = 0; i < preflight->count; i++) {
		const struct plugin_report *plugin = &preflight->plugins[i];

		(void)json_array_append_new(list,
					    json_pack("{s:o, s:s, s:I, s:o, s:o, s:o}", "name",
						      json_text(plugin->name), "verdict",
						      verdict_word(plugin->verdict), "ms",
						      (json_int_t)plugin->ms, "sandbox",
						      json_text(plugin->sandbox), "findings",
						      findings_value(&plugin->findings), "facts",
						      facts_value(&plugin->facts)));
	}
	return list;
}

static json_t *error_value(const struct error *err, const char *phase)
{
	const char *code = strerrorname_np(-err->code);

	if (err->text[0] == '\0') {
		return json_null();
	}
	return json_pack("{s:s, s:o, s:o}", "code", code != NULL ? code : "UNKNOWN", "phase",
			 json_text(phase), "text", json_text(err->text));
}

static json_t *texts_value(const struct strings *texts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < texts->count; i++) {
		(void)json_array_append_new(list, json_text(texts->items[i]));
	}
	return list;
}

static json_t *mirrors_value(const struct pairs *mirrors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < mirrors->count; i++) {
		(void)json_array_append_new(list,
					    json_pack("{s:o, s:o}", "url",
						      json_text(mirrors->items[i].key), "error",
						      json_text(mirrors->items[i].value)));
	}
	return list;
}

/* How the fetch helper was confined; null when it was not needed. */
static json_t *fetch_value(const struct update *update)
{
	const char *text = update->fetcher != NULL ? fetcher_confinement(update->fetcher) : "";

	return json_text(text[0] != '\0' ? text : NULL);
}

bool json_write(FILE *to, json_t *object)
{
	int rc = object != NULL ? json_dumpf(object, to, JSON_COMPACT) : -1;

	json_decref(object);
	return rc == 0 && fputc('\n', to) != EOF && fflush(to) == 0;
}

static const char *verdict_of(const struct preflight_report *preflight)
{
	return preflight->plugins != NULL || preflight->verdict != 0
		       ? verdict_word(preflight->verdict)
		       : NULL;
}

bool json_print(FILE *to, const struct update *update, int exit_code)
{
	const char *found = update->release.version.text;
	json_t *object = json_pack(
		"{s:i, s:s, s:o, s:o, s:o, s:o, s:s, s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o}",
		"schema", JSON_SCHEMA, "command", update->options->command->name, "product",
		json_text(update->product), "run",
		json_text(update->run[0] != '\0' ? update->run : NULL), "from",
		json_text(update->installed), "to", json_text(found[0] != '\0' ? found : NULL),
		"result", result_word(update->result), "exit", exit_code, "changed",
		update->changed, "phases", phases_value(&update->report), "plugins",
		plugins_value(&update->preflight), "verdict",
		json_text(verdict_of(&update->preflight)), "to_do", texts_value(&update->to_do),
		"recovered", json_text(update->recovered[0] != '\0' ? update->recovered : NULL),
		"set_aside", texts_value(&update->set_aside), "mirrors",
		mirrors_value(&update->bad_mirrors), "fetch", fetch_value(update), "error",
		error_value(&update->failure, update->failed_phase));

	return json_write(to, object);
}

bool json_print_plugins(FILE *to, const struct preflight_report *preflight, int exit_code)
{
	return json_write(to, json_pack("{s:i, s:s, s:i, s:b, s:s, s:o}", "schema", JSON_SCHEMA,
					"command", "plugin", "exit", exit_code, "changed", 0,
					"verdict", verdict_word(preflight->verdict), "plugins",
					plugins_value(preflight)));
}

bool json_print_error(FILE *to, const char *command, enum result result, const struct error *err)
{
	return json_write(to, json_pack("{s:i, s:s, s:s, s:i, s:b, s:o}", "schema", JSON_SCHEMA,
					"command", command, "result", result_word(result), "exit",
					result_exit_code(result), "changed", 0, "error",
					error_value(err, NULL)));
}

bool json_print_usage(FILE *to, const char *command, const struct error *err)
{
	return json_print_error(to, command, RESULT_USAGE, err);
}

static const char *source_word(enum source_state state)
{
	static const char *const words[] = {
		[SOURCE_READ] = "read", [SOURCE_MASK] = "mask", [SOURCE_HIDDEN] = "hidden"};

	return words[state];
}

static json_t *sources_value(const struct sources *sources)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];

		(void)json_array_append_new(list, json_pack("{s:o, s:s, s:b}", "path",
							    json_text(source->path), "state",
							    source_word(source->state), "drop_in",
							    (int)source->is_drop_in));
	}
	return list;
}

/* A config_visitor: 0, or what says that there is no memory. */
static int append_config_value(void *data, const struct config_value *value)
{
	json_t *line = value->file != NULL ? json_integer(value->line) : json_null();

	return json_array_append_new(data,
				     json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "section",
					       value->section, "name", json_text(value->name),
					       "key", value->key, "value", json_text(value->text),
					       "file", json_text(value->file), "line", line));
}

bool json_print_config(FILE *to, const struct config *config)
{
	json_t *values = json_array();

	if (config_visit(config, append_config_value, values) != 0) {
		json_decref(values);
		return false;
	}
	return json_write(to, json_pack("{s:i, s:s, s:o, s:o}", "schema", JSON_SCHEMA, "command",
					"config", "files", sources_value(&config->sources),
					"values", values));
}
