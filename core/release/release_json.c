/*
 * release_json.c - release_json.h.
 */
#include "release/release_json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "release/document.h"

static const char *const known_fields[] = {"schema_version", "product", "version", "migrations",
					   "critical"};

static bool is_known(const char *field)
{
	for (size_t i = 0; i < sizeof(known_fields) / sizeof(known_fields[0]); i++) {
		if (strcmp(known_fields[i], field) == 0) {
			return true;
		}
	}
	return false;
}

/* The publisher's way to say: who does not know this field must not install this release. */
static int check_critical(const json_t *root, struct error *err)
{
	const json_t *critical = json_object_get(root, "critical");

	if (critical == NULL) {
		return 0;
	}
	if (!json_is_array(critical)) {
		return error_set(err, -EBADMSG, "its critical is not a list of field names");
	}
	for (size_t i = 0; i < json_array_size(critical); i++) {
		const char *field = json_string_value(json_array_get(critical, i));

		if (field == NULL) {
			return error_set(err, -EBADMSG,
					 "its critical is not a list of field names");
		}
		if (!is_known(field)) {
			return error_set(err, -EBADMSG,
					 "it marks '%.64s' as critical and this updater does not "
					 "know that: update banger-update first",
					 field);
		}
	}
	return 0;
}

static int check_identity(const json_t *root, const char *product, const struct version *version,
			  struct error *err)
{
	const char *its_product = document_string(root, "product");
	const char *its_version = document_string(root, "version");
	struct version parsed;

	if (its_product == NULL || strcmp(its_product, product) != 0) {
		return error_set(err, -EBADMSG, "its product is '%.64s', not '%s'",
				 its_product != NULL ? its_product : "", product);
	}
	if (its_version == NULL || version_parse(its_version, &parsed, err) < 0 ||
	    strcmp(parsed.text, version->text) != 0) {
		return error_set(err, -EBADMSG, "its version is '%.64s', not '%s'",
				 its_version != NULL ? its_version : "", version->text);
	}
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

static int read_ids(const char *database, const json_t *list, struct ids *ids, struct error *err)
{
	if (!json_is_array(list)) {
		return error_set(err, -EBADMSG, "its migrations of '%.64s' are not a list",
				 database);
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_int_t id = json_integer_value(json_array_get(list, i));

		if (id <= 0) {
			return error_set(err, -EBADMSG,
					 "migration %zu of '%.64s' in it is not a positive number",
					 i + 1, database);
		}
		if (ids_add(ids, id) < 0) {
			return error_no_memory(err);
		}
	}
	if (ids->count > 1) {
		qsort(ids->items, ids->count, sizeof(*ids->items), compare_ids);
	}
	for (size_t i = 1; i < ids->count; i++) {
		if (ids->items[i] == ids->items[i - 1]) {
			return error_set(err, -EBADMSG, "it lists migration %lld of '%.64s' twice",
					 (long long)ids->items[i], database);
		}
	}
	return 0;
}

/* One database, put behind those already in release (whose list has the room). */
static int add_database(const char *name, const json_t *list, struct release *release,
			struct error *err)
{
	struct release_migrations *entry = &release->migrations[release->migration_count];

	if (name[0] == '\0' || strpbrk(name, "\n\r\t/") != NULL) {
		return error_set(err, -EBADMSG, "it has migrations for a database without a name");
	}
	entry->database = strdup(name);
	if (entry->database == NULL) {
		return error_no_memory(err);
	}
	release->migration_count++;
	return read_ids(name, list, &entry->known, err);
}

static int read_migrations(json_t *migrations, struct release *release, struct error *err)
{
	size_t count = json_object_size(migrations);

	if (migrations == NULL) {
		return 0;
	}
	if (!json_is_object(migrations) || count > LIMIT_DATABASES) {
		return error_set(err, -EBADMSG,
				 "its migrations are not an object of at most %u databases",
				 LIMIT_DATABASES);
	}
	if (count == 0) {
		return 0;
	}
	release->migrations = calloc(count, sizeof(*release->migrations));
	if (release->migrations == NULL) {
		return error_no_memory(err);
	}
	const char *name = NULL;
	json_t *list = NULL;

	json_object_foreach(migrations, name, list)
	{
		int rc = add_database(name, list, release, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int release_json_parse(const char *bytes, size_t length, const char *product,
		       const struct version *version, struct release *ret, struct error *err)
{
	json_auto_t *root = NULL;
	struct release read = {0};
	int rc = document_parse(bytes, length, -EBADMSG, &root, err);

	if (rc == 0) {
		rc = check_critical(root, err);
	}
	if (rc == 0) {
		rc = check_identity(root, product, version, err);
	}
	if (rc == 0) {
		rc = read_migrations(json_object_get(root, "migrations"), &read, err);
	}
	if (rc < 0) {
		release_finish(&read);
		return rc;
	}
	ret->migrations = read.migrations;
	ret->migration_count = read.migration_count;
	return 0;
}
