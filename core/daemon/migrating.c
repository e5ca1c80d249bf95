/*
 * migrating.c - migrating.h: --check-migrations and --migrate.
 *
 * The words in front of the colon are a contract: whoever asks a program it does not trust yet
 * compares them with the exit code.
 */
#include "daemon/migrating.h"

#include <errno.h>
#include <inttypes.h>

#include "store/schema.h"

static int inspect(const struct daemon_release *release, const char *database,
		   struct schema_state *ret, struct error *err)
{
	auto_ids struct ids known = {0};

	if (migrations_ids(&release->migrations, &known) < 0) {
		return error_no_memory(err);
	}
	return schema_inspect(database, SCHEMA_RECORD, &known, ret, err);
}

static int print_state(const struct schema_state *state, FILE *output)
{
	char ids[IDS_TEXT_MAX];

	switch (state->class) {
	case SCHEMA_COMPATIBLE:
		(void)fprintf(output, "compatible: all %zu known migrations are applied\n",
			      state->applied.count);
		return DAEMON_DONE;
	case SCHEMA_NEEDED:
		(void)fprintf(output,
			      "migrations needed: pending %s (binary will apply on first Open)\n",
			      ids_text(&state->pending, ids));
		return DAEMON_NEEDED;
	case SCHEMA_INCOMPATIBLE:
		break;
	}
	(void)fprintf(output,
		      "incompatible: the database has unknown %s (binary knows up to %" PRId64
		      ", it is older than the database)\n",
		      ids_text(&state->unknown, ids), state->known_max);
	return DAEMON_INCOMPATIBLE;
}

int daemon_check_migrations(const struct daemon_release *release, const char *database,
			    FILE *output, int *ret_exit, struct error *err)
{
	auto_schema struct schema_state state = {0};
	int r = inspect(release, database, &state, err);

	if (r < 0) {
		return r;
	}
	int code = print_state(&state, output);

	/* An answer that nobody could read is none. */
	if (fflush(output) != 0) {
		return error_set(err, -EIO, "cannot write the answer");
	}
	*ret_exit = code;
	return 0;
}

int daemon_migrate(const struct daemon_release *release, const char *database, struct error *err)
{
	const struct store_options options = {.path = database, .migrations = release->migrations};
	auto_store sqlite3 *db = NULL;

	return store_open(&options, &db, err);
}
