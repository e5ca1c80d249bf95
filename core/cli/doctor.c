/*
 * doctor.c - `banger doctor`: a table of checks, one line each: "ok NAME: text" or "fail NAME:
 * text".
 *
 * The names are a contract: the updater compares them with those from before an update, so that
 * only what is newly broken counts.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "cli/banger.h"
#include "cli/client.h"
#include "daemon/paths.h"
#include "store/schema.h"

#define ANSWER_TIMEOUT_MS 5000

struct patient {
	const struct daemon_release *release;
	const char *socket;
	const char *database;
	uint64_t deadline; /* for the daemon's answers */
};

/* What a check found, for a person; with a failure it is the error's text instead. */
struct answer {
	char text[ERROR_TEXT_MAX];
};

static int check_socket(const struct patient *patient, struct answer *ret, struct error *err)
{
	auto_free char *result = NULL;
	int r = client_ask(patient->socket, "ping", patient->deadline, &result, err);

	if (r < 0) {
		return r;
	}
	if (strcmp(result, "pong") != 0) {
		return error_set(err, -EPROTO, "the daemon's answer to ping is not understood");
	}
	(void)snprintf(ret->text, sizeof(ret->text), "the daemon answers");
	return 0;
}

static int check_version(const struct patient *patient, struct answer *ret, struct error *err)
{
	auto_free char *result = NULL;
	int r = client_ask(patient->socket, "version", patient->deadline, &result, err);

	if (r < 0) {
		return r;
	}
	if (strcmp(result, patient->release->version) != 0) {
		error_set(err, -EPROTO,
			  "the daemon is %s, this program is %s: restart the daemon, or install "
			  "both from one release",
			  result, patient->release->version);
		text_sanitize(err->text);
		return err->code;
	}
	(void)snprintf(ret->text, sizeof(ret->text), "%s, as this program", result);
	return 0;
}

static int judge_schema(const struct schema_state *state, struct answer *ret, struct error *err)
{
	char ids[IDS_TEXT_MAX];

	switch (state->class) {
	case SCHEMA_COMPATIBLE:
		(void)snprintf(ret->text, sizeof(ret->text), "all %zu migrations are applied",
			       state->applied.count);
		return 0;
	case SCHEMA_NEEDED:
		return error_set(err, -EPROTO,
				 "migrations %s are pending: restart the daemon, which applies "
				 "them",
				 ids_text(&state->pending, ids));
	case SCHEMA_INCOMPATIBLE:
		break;
	}
	return error_set(err, -EPROTO,
			 "the database has migrations %s that this program does not know: install "
			 "the release that wrote it",
			 ids_text(&state->unknown, ids));
}

static int check_store(const struct patient *patient, struct answer *ret, struct error *err)
{
	auto_ids struct ids known = {0};
	auto_schema struct schema_state state = {0};

	if (migrations_ids(&patient->release->migrations, &known) < 0) {
		return error_no_memory(err);
	}
	int r = schema_inspect(patient->database, SCHEMA_RECORD, &known, &state, err);

	return r < 0 ? r : judge_schema(&state, ret, err);
}

static const struct {
	const char *name;
	int (*run)(const struct patient *patient, struct answer *ret, struct error *err);
} checks[] = {
	{"socket", check_socket},
	{"version", check_version},
	{"store", check_store},
};

static int examine(const struct patient *patient)
{
	int code = BANGER_DONE;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct answer answer = {0};
		struct error err;
		bool failed = checks[i].run(patient, &answer, &err) < 0;

		(void)printf("%s %s: %s\n", failed ? "fail" : "ok", checks[i].name,
			     failed ? err.text : answer.text);
		if (failed) {
			code = BANGER_UNHEALTHY;
		}
	}
	return fflush(stdout) == 0 ? code : BANGER_ERROR;
}

enum option_code {
	OPTION_SYSTEM = 1,
	OPTION_SOCKET,
	OPTION_DATABASE,
};

static const struct option options[] = {
	{"system", no_argument, NULL, OPTION_SYSTEM},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"database", required_argument, NULL, OPTION_DATABASE},
	{NULL, 0, NULL, 0},
};

/* What the command line says. */
struct places {
	bool system;
	const char *socket; /* NULL: the default */
	const char *database;
};

static int parse(int argc, char **argv, struct places *ret)
{
	int code = 0;

	optind = 0;
	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (code) {
		case OPTION_SYSTEM:
			ret->system = true;
			break;
		case OPTION_SOCKET:
			ret->socket = optarg;
			break;
		case OPTION_DATABASE:
			ret->database = optarg;
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

int banger_doctor(int argc, char **argv, const struct daemon_release *release)
{
	struct places places = {0};
	auto_free char *socket = NULL;
	auto_free char *database = NULL;
	struct error err;

	if (parse(argc, argv, &places) < 0) {
		(void)fputs("Usage: banger doctor [--system] [--socket FILE] [--database FILE]\n",
			    stderr);
		return BANGER_USAGE;
	}
	/* No check of the daemon's health: named as one that fails, it would be no news after an
	 * update, and hide all that is. */
	if (daemon_socket_path(places.system, places.socket, &socket, &err) < 0 ||
	    daemon_database_path(places.system, places.database, &database, &err) < 0) {
		(void)fprintf(stderr, "banger doctor: %s\n", err.text);
		return BANGER_ERROR;
	}
	return examine(&(const struct patient){
		.release = release,
		.socket = socket,
		.database = database,
		.deadline = clock_deadline(ANSWER_TIMEOUT_MS),
	});
}
