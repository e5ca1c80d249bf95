/*
 * unit.c - unit.h: LoadUnit, then all properties at once, of which a table says what is kept.
 */
#include "service/unit.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"

/* More dependents than anybody has. */
#define NAMES_MAX 1024

enum kind {
	KIND_WORD,  /* s, into UNIT_WORD_MAX bytes */
	KIND_NAMES, /* as, added to */
	KIND_BOOL,  /* b */
	KIND_U32,   /* u */
	KIND_I32,   /* i */
	KIND_ID,    /* ay, 16 bytes */
	KIND_JOB,   /* (uo), a bool: its number is not 0 */
};

static const char *const signatures[] = {
	[KIND_WORD] = "s", [KIND_NAMES] = "as", [KIND_BOOL] = "b",   [KIND_U32] = "u",
	[KIND_I32] = "i",  [KIND_ID] = "ay",    [KIND_JOB] = "(uo)",
};

static const struct property {
	const char *name;
	enum kind kind;
	size_t offset;
} properties[] = {
	{"LoadState", KIND_WORD, offsetof(struct unit, load_state)},
	{"ActiveState", KIND_WORD, offsetof(struct unit, active_state)},
	{"SubState", KIND_WORD, offsetof(struct unit, sub_state)},
	{"InvocationID", KIND_ID, offsetof(struct unit, invocation)},
	{"RequiredBy", KIND_NAMES, offsetof(struct unit, dependents)},
	{"RequisiteOf", KIND_NAMES, offsetof(struct unit, dependents)},
	{"BoundBy", KIND_NAMES, offsetof(struct unit, dependents)},
	{"ConsistsOf", KIND_NAMES, offsetof(struct unit, dependents)},
	{"PropagatesStopTo", KIND_NAMES, offsetof(struct unit, dependents)},
	{"Job", KIND_JOB, offsetof(struct unit, has_job)},
	{"CanStart", KIND_BOOL, offsetof(struct unit, can_start)},
	{"Type", KIND_WORD, offsetof(struct unit, type)},
	{"Result", KIND_WORD, offsetof(struct unit, result)},
	{"KillMode", KIND_WORD, offsetof(struct unit, kill_mode)},
	{"RuntimeDirectoryPreserve", KIND_WORD, offsetof(struct unit, preserve)},
	{"RuntimeDirectory", KIND_NAMES, offsetof(struct unit, runtime_directories)},
	{"SendSIGKILL", KIND_BOOL, offsetof(struct unit, sends_sigkill)},
	{"MainPID", KIND_U32, offsetof(struct unit, main_pid)},
	{"ExecMainStatus", KIND_I32, offsetof(struct unit, exit_status)},
};

void unit_finish(struct unit *unit)
{
	strings_finish(&unit->dependents);
	strings_finish(&unit->runtime_directories);
	*unit = (struct unit){0};
}

bool unit_is(const char *word, const char *expected)
{
	return strcmp(word, expected) == 0;
}

bool unit_runs(const struct unit *unit)
{
	return !unit_is(unit->active_state, "inactive") && !unit_is(unit->active_state, "failed");
}

int unit_check_startable(const struct unit *unit, struct error *err)
{
	if (!unit_is(unit->load_state, "loaded")) {
		return error_set(err, -EPERM,
				 "it runs, but could not be started again: its unit is %s; mend "
				 "that first",
				 unit->load_state);
	}
	return unit->can_start
		       ? 0
		       : error_set(err, -EPERM,
				   "it runs, but could not be started again: its unit does not "
				   "allow it (RefuseManualStart=, or it is of a kind that nobody "
				   "starts); stop it first");
}

static const struct property *find_property(const char *name)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if (strcmp(properties[i].name, name) == 0) {
			return &properties[i];
		}
	}
	return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int read_names(const struct sdlib *lib, sd_bus_message *message, struct strings *target)
{
	int rc = lib->sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s");
	const char *name = NULL;

	while (rc >= 0 && (rc = lib->sd_bus_message_read(message, "s", &name)) > 0) {
		if (target->count == NAMES_MAX) {
			return -E2BIG;
		}
		if (!strings_contain(target, name)) {
			rc = strings_add(target, name);
		}
	}
	return rc < 0 ? rc : lib->sd_bus_message_exit_container(message);
}

static int read_id(const struct sdlib *lib, sd_bus_message *message,
		   char target[static UNIT_INVOCATION_MAX])
{
	const void *bytes = NULL;
	size_t size = 0;
	int rc = lib->sd_bus_message_read_array(message, 'y', &bytes, &size);

	for (size_t i = 0; rc >= 0 && i < size && 2 * i + 2 < UNIT_INVOCATION_MAX; i++) {
		(void)snprintf(target + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
	}
	return rc;
}

static int read_word(const struct sdlib *lib, sd_bus_message *message,
		     char target[static UNIT_WORD_MAX])
{
	const char *text = NULL;
	int rc = lib->sd_bus_message_read(message, "s", &text);

	if (rc >= 0) {
		(void)snprintf(target, UNIT_WORD_MAX, "%s", text);
	}
	return rc;
}

static int read_flag(const struct sdlib *lib, sd_bus_message *message, bool *target)
{
	int flag = 0;
	int rc = lib->sd_bus_message_read(message, "b", &flag);

	*target = flag != 0;
	return rc;
}

static int read_job(const struct sdlib *lib, sd_bus_message *message, bool *target)
{
	uint32_t number = 0;
	const char *path = NULL;
	int rc = lib->sd_bus_message_read(message, "(uo)", &number, &path);

	*target = number != 0;
	return rc;
}

static int read_value(const struct sdlib *lib, sd_bus_message *message,
		      const struct property *property, struct unit *unit)
{
	void *target = (char *)unit + property->offset;

	switch (property->kind) {
	case KIND_WORD:
		return read_word(lib, message, target);
	case KIND_NAMES:
		return read_names(lib, message, target);
	case KIND_BOOL:
		return read_flag(lib, message, target);
	case KIND_U32:
	case KIND_I32:
		return lib->sd_bus_message_read(message, signatures[property->kind], target);
	case KIND_ID:
		return read_id(lib, message, target);
	case KIND_JOB:
		return read_job(lib, message, target);
	}
	return -EINVAL;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The variant behind a name. What has another type than it should is as if it were not there. */
static int read_variant(const struct sdlib *lib, sd_bus_message *message, const char *name,
			struct unit *unit)
{
	const struct property *property = find_property(name);
	const char *contents = NULL;
	char type = 0;
	int rc = lib->sd_bus_message_peek_type(message, &type, &contents);

	if (rc < 0) {
		return rc;
	}
	const char *wanted = property != NULL ? signatures[property->kind] : "";

	if (property == NULL || contents == NULL || strcmp(contents, wanted) != 0) {
		return lib->sd_bus_message_skip(message, "v");
	}
	rc = lib->sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
	rc = rc < 0 ? rc : read_value(lib, message, property, unit);
	return rc < 0 ? rc : lib->sd_bus_message_exit_container(message);
}

static int read_properties(const struct sdlib *lib, sd_bus_message *message, struct unit *unit)
{
	int rc = lib->sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");

	while (rc >= 0 && (rc = lib->sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY,
								    "sv")) > 0) {
		const char *name = NULL;

		rc = lib->sd_bus_message_read(message, "s", &name);
		rc = rc < 0 ? rc : read_variant(lib, message, name, unit);
		rc = rc < 0 ? rc : lib->sd_bus_message_exit_container(message);
	}
	return rc < 0 ? rc : lib->sd_bus_message_exit_container(message);
}

static int read_interface(struct bus *bus, const char *path, const char *interface,
			  struct unit *unit, struct error *err)
{
	const struct bus_call call = {
		.path = path,
		.interface = BUS_PROPERTIES,
		.member = "GetAll",
	};
	sd_bus_message *reply = NULL;
	int rc = bus_call(bus, &call, &reply, err, "s", interface);

	if (rc < 0) {
		return rc;
	}
	rc = read_properties(bus->lib, reply, unit);
	bus_message_free(bus, &reply);
	return rc < 0 ? bus_error(err, rc, "reading what systemd says of a unit") : 0;
}

static int find_path(struct bus *bus, const char *name, char **ret, struct error *err)
{
	static const struct bus_call call = {.interface = BUS_MANAGER, .member = "LoadUnit"};
	sd_bus_message *reply = NULL;
	const char *path = NULL;
	int rc = bus_call(bus, &call, &reply, err, "s", name);

	if (rc < 0) {
		return rc;
	}
	rc = bus->lib->sd_bus_message_read(reply, "o", &path);
	*ret = rc < 0 ? NULL : strdup(path);
	bus_message_free(bus, &reply);
	if (rc < 0) {
		return bus_error(err, rc, "reading a unit's path");
	}
	return *ret == NULL ? error_no_memory(err) : 0;
}

int unit_read(struct bus *bus, const char *name, struct unit *ret, struct error *err)
{
	auto_unit struct unit unit = {0};
	auto_free char *path = NULL;
	int rc = find_path(bus, name, &path, err);

	rc = rc < 0 ? rc : read_interface(bus, path, BUS_UNIT, &unit, err);
	if (rc == 0 && text_has_suffix(name, ".service")) {
		rc = read_interface(bus, path, BUS_SERVICE, &unit, err);
	}
	if (rc < 0) {
		return error_prefix(err, "unit %s", name);
	}
	*ret = unit;
	unit = (struct unit){0};
	return 0;
}
