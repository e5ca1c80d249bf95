/*
 * document.c - document.h on jansson.
 */
#include "release/document.h"

#include <errno.h>

#include "base/text.h"

static int check_schema(const json_t *root, int code, struct error *err)
{
	const json_t *schema = json_object_get(root, "schema_version");

	if (!json_is_integer(schema) || json_integer_value(schema) < DOCUMENT_SCHEMA_VERSION) {
		return error_set(err, code, "it has no valid schema_version");
	}
	if (json_integer_value(schema) > DOCUMENT_SCHEMA_VERSION) {
		return error_set(err, code,
				 "its schema_version is %lld and this updater reads up to %d: "
				 "update banger-update first",
				 (long long)json_integer_value(schema), DOCUMENT_SCHEMA_VERSION);
	}
	return 0;
}

int document_parse(const char *bytes, size_t length, int code, json_t **ret, struct error *err)
{
	json_error_t where;
	json_auto_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &where);

	if (root == NULL && json_error_code(&where) == json_error_out_of_memory) {
		return error_no_memory(err);
	}
	if (root == NULL) {
		text_sanitize(where.text);
		return error_set(err, code, "line %d, column %d: %s", where.line, where.column,
				 where.text);
	}
	if (!json_is_object(root)) {
		return error_set(err, code, "it is not a JSON object");
	}
	int rc = check_schema(root, code, err);

	if (rc < 0) {
		return rc;
	}
	*ret = json_incref(root);
	return 0;
}

const char *document_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
