/*
 * main.c - a sample release: bangerd, or banger when it is called so, of the version and manner
 * that its label says.
 *
 * The first migrations are banger's own; what follows is made up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/guard.h"
#include "cli/banger.h"
#include "daemon/migrations.h"
#include "samples/behaviour.h"
#include "samples/label.h"

static int add_notes(sqlite3 *db, struct error *err)
{
	return store_execute(db,
			     "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
			     "INSERT INTO notes (text) VALUES ('written by the migration')",
			     "add the notes", err);
}

static int forget_vms(sqlite3 *db, struct error *err)
{
	return store_execute(db, "DELETE FROM vms", "forget every vm", err);
}

static const struct migration made_up[] = {
	{4, "add_notes", add_notes},
	{5, "forget_vms", forget_vms},
};

#define MADE_UP (sizeof(made_up) / sizeof(made_up[0]))

/* The first count of banger's migrations and the made up ones. */
static struct migration *choose(size_t count)
{
	struct migration *chosen = calloc(count + 1, sizeof(*chosen));

	for (size_t i = 0; chosen != NULL && i < count; i++) {
		size_t own = banger_migrations.count;

		chosen[i] = i < own ? banger_migrations.items[i] : made_up[i - own];
	}
	return chosen;
}

static bool runs_as_daemon(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "--migrate") == 0 ||
		    strcmp(argv[i], "--check-migrations") == 0) {
			return false;
		}
	}
	return true;
}

static int run(int argc, char **argv, const struct label *label, const struct behaviour *behaviour)
{
	auto_free struct migration *chosen = choose(label->migrations);
	const struct daemon_release release = {
		.version = label->version,
		.migrations = {chosen, label->migrations},
		.hooks = &behaviour->hooks,
	};

	if (chosen == NULL) {
		return EXIT_FAILURE;
	}
	if (strcmp(path_name(argv[0]), "banger") == 0) {
		return banger_main(argc, argv, &release);
	}
	if (behaviour->at_start != NULL && runs_as_daemon(argc, argv)) {
		behaviour->at_start();
	}
	return bangerd_main(argc, argv, &release);
}

int main(int argc, char **argv)
{
	struct label label = {0};
	struct error err = {0};

	if (label_read(&label, &err) < 0) {
		(void)fprintf(stderr, "sample: %s\n", err.text);
		return EXIT_FAILURE;
	}
	const struct behaviour *behaviour = behaviour_find(label.behaviour);

	if (behaviour == NULL || label.migrations > banger_migrations.count + MADE_UP) {
		(void)fprintf(stderr, "sample: no such label: %s %zu\n", label.behaviour,
			      label.migrations);
		return EXIT_FAILURE;
	}
	return run(argc, argv, &label, behaviour);
}
