/*
 * world.h - a host of the test's own: a running bangerd with rows in its database, a place that
 * publishes signed releases, a key, an INI file, and the installed banger-update.
 *
 * Each world is a directory below /tmp with nothing shared; a failure in here ends the test.
 */
#ifndef FLOW_WORLD_H
#define FLOW_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/process.h"
#include "samples/label.h"
#include "support/release_builder.h"
#include "support/scratch.h"

#define BANGER_MIGRATIONS 3 /* of banger's own; sample releases may know up to two more */

struct world {
	struct scratch scratch;
	struct signing_key key;
	char *bin;      /* where bangerd and banger are installed */
	char *database; /* state.db, in a directory of its own */
	char *pid_file;
	char *plugins; /* plugin_dir, a copy */
	char *state;   /* state_dir */
	char *releases;
	char *ini;
};

/* The release that is installed and runs when the test begins. */
struct world_options {
	const char *version;      /* "0.1.0" when NULL */
	size_t migrations;        /* 2 when 0 */
	const char *behaviour;    /* "healthy" when NULL */
	const char *parent;       /* where the scratch directory is made; "/tmp" */
	const char *directory;    /* name below the scratch directory that all is put in; "host" */
	const char *bin;          /* name below that, where programs are installed; "bin" */
	const char *manifest;     /* the INI's; NULL: a file:// URL of what is published */
	bool stopped;             /* does not run */
	const char *update_keys;  /* more lines for [update] */
	const char *service_keys; /* … for [service bangerd] */
	const char *health_keys;  /* … for [health], instead of the quick waits of these tests */
	const char *sections;     /* more sections */
	const char *start;        /* another start command */
	bool without_health;
};

/* A release to publish. What spec has set is used as it is. */
struct world_release {
	const char *version;
	size_t migrations;
	const char *behaviour;     /* "healthy" when NULL */
	bool without_release_json; /* the plugin has to ask the staged daemon */
	struct release_file more;  /* a file besides bangerd and banger; name NULL: none */
	struct release_spec spec;
};

/* What a run of a program said. */
struct outcome {
	int exit_code; /* -1: killed, or not ended in time */
	char *output;
	char *errors;
};

struct world world_make(const struct world_options *options);
void world_finish(struct world *world);

/* Skips the test unless condition holds. Criterion then leaves its .fini out, so the world ends
 * here. */
void world_skip_unless(struct world *world, bool condition, const char *why);

/* Builds the release, and makes it the manifest's latest. */
struct release_built world_publish(struct world *world, const struct world_release *release);

/* Sets a key of a section ("[service bangerd]") of the INI file, whether there was one or not. */
void world_configure(const struct world *world, const char *section, const char *key,
		     const char *value);

/* The command that starts the daemon, fit for the INI and for a shell. The caller frees it. */
char *world_start_command(const struct world *world);
/* Runs it, as a person would. */
void world_start_daemon(const struct world *world);
/* The same for one that may not come up. */
struct outcome world_try_daemon(const struct world *world);

/* A shell script with this body in the world's own directory; its path, which the caller frees. In
 * one that the updater runs, $updater is the updater's pid; its parent may be a child of that. */
char *world_script(const struct world *world, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts one of tests/plugins beside the real ones. */
void world_add_plugin(const struct world *world, const char *name);

/* Puts one of the updater's own plugins there, with these lines in its section (NULL: none). */
void world_add_check(const struct world *world, const char *name, const char *keys);

/* A second service, [service side] of the INI file, which runs. */
void world_add_side_service(struct world *world);

/* Runs banger-update with --config, and the words of line (split at blanks) behind it. */
struct outcome world_update(const struct world *world, const char *line);
/* The same from a shell: "umask 077; exec \"$@\"". */
struct outcome world_update_from(const struct world *world, const char *shell, const char *line);
void outcome_free(struct outcome *outcome);

/* world_update() in two halves. */
struct running {
	struct process process;
	int output;
	int errors;
};
struct running world_begin(const struct world *world, const char *line);
struct outcome world_await(struct running *running);

/* The pid of the running daemon, 0 when none runs. */
pid_t world_daemon(const struct world *world);
/* True when the daemon runs from the file that is installed as bangerd. */
bool world_daemon_is_installed(const struct world *world);

/* The version that the installed banger prints. The caller frees it. */
char *world_version(const struct world *world);

/* Everything in the database as SQL, and what is installed with inodes and times; both to compare.
 */
char *world_dump(const struct world *world);
/* The same of a database that may be missing, locked or damaged: then it is what sqlite3 said. */
char *world_dump_any(const struct world *world);
char *world_files(const struct world *world);

/* True when the installed doctor finds nothing wrong. */
bool world_is_healthy(const struct world *world);

/* Names in the database's directory that begin with state.db.failed-. */
size_t world_failed_copies(const struct world *world);

/* Processes that run from or in this world, the daemon included. */
size_t world_processes(const struct world *world);
/* Ends all of them. */
void world_kill(const struct world *world);

/* Runs SQL on the live database. */
void world_sql(const struct world *world, const char *sql);
/* One number from the live database, -1 when the query fails. */
long world_query(const struct world *world, const char *sql);

#endif
