/*
 * options.c - options.h: walks an array whose stride is the plugin's, not ours.
 */
#include "preflight/host/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/text.h"
#include "preflight/frames.h"

/* The option at index; NULL at the end. */
static const struct pf_option *option_at(const struct pf_plugin *plugin, size_t index)
{
	if (plugin->options == NULL) {
		return NULL;
	}
	const void *base = plugin->options;
	const void *at = (const char *)base + index * plugin->option_size;
	const struct pf_option *option = at;

	return option->key != NULL ? option : NULL;
}

int options_validate(const struct pf_plugin *plugin, struct error *err)
{
	size_t count = 0;

	for (; option_at(plugin, count) != NULL; count++) {
		const struct pf_option *option = option_at(plugin, count);

		if (count == LIMIT_PLUGIN_OPTIONS) {
			return error_set(err, -EINVAL, "it declares more than %u options",
					 LIMIT_PLUGIN_OPTIONS);
		}
		if (!frame_code_is_valid(option->key)) {
			return error_set(err, -EINVAL, "option %zu has no valid key", count + 1);
		}
	}
	return 0;
}

static const struct pf_option *find(const struct pf_plugin *plugin, const char *key)
{
	for (size_t i = 0; option_at(plugin, i) != NULL; i++) {
		if (strcmp(option_at(plugin, i)->key, key) == 0) {
			return option_at(plugin, i);
		}
	}
	return NULL;
}

const char *options_value(const struct pf_plugin *plugin, const struct pairs *given,
			  const char *key)
{
	const struct pf_option *option = find(plugin, key);
	const char *value = option != NULL ? pairs_get(given, key) : NULL;

	if (value != NULL || option == NULL) {
		return value;
	}
	return option->fallback;
}

/* "a, b and c" would need more care than it is worth: "a, b, c". */
static const char *names(const struct pf_plugin *plugin, struct buffer *list)
{
	for (size_t i = 0; option_at(plugin, i) != NULL; i++) {
		const char *separator = i > 0 ? ", " : "";

		if (buffer_add_format(list, "%s%s", separator, option_at(plugin, i)->key) < 0) {
			break;
		}
	}
	return list->length > 0 ? buffer_text(list) : "none";
}

int options_check_key(const struct pf_plugin *plugin, const char *key, struct error *err)
{
	auto_buffer struct buffer list = BUFFER_INIT(ERROR_TEXT_MAX / 2);

	return find(plugin, key) != NULL
		       ? 0
		       : error_set(err, -EINVAL,
				   "section [plugin %s] has the unknown key %s; the plugin knows: "
				   "%s",
				   plugin->name, key, names(plugin, &list));
}

int options_describe(const struct pf_plugin *plugin, struct report *report)
{
	int rc = 0;

	for (size_t i = 0; option_at(plugin, i) != NULL && rc == 0; i++) {
		const struct pf_option *option = option_at(plugin, i);
		char key[LIMIT_FACT_KEY + 1];
		char text[LIMIT_TEXT / 2];
		const struct frame fact = {.type = FRAME_FACT, .code = key, .text = text};

		/* A key that is too long for this is left out. */
		if (snprintf(key, sizeof(key), "option.%s", option->key) >= (int)sizeof(key)) {
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s%.200s%s: %.700s",
			       option->fallback != NULL ? "\"" : "",
			       option->fallback != NULL ? option->fallback : "required",
			       option->fallback != NULL ? "\"" : "",
			       option->help != NULL ? option->help : "");
		text_sanitize(text);
		rc = report_send(report, &fact);
	}
	return rc;
}

const char *options_missing(const struct pf_plugin *plugin, const struct pairs *given)
{
	for (size_t i = 0; option_at(plugin, i) != NULL; i++) {
		const struct pf_option *option = option_at(plugin, i);

		if (option->fallback == NULL && pairs_get(given, option->key) == NULL) {
			return option->key;
		}
	}
	return NULL;
}
