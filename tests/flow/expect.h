/*
 * expect.h - a run that does not end well, seen from outside: what it exits with and says, plainly
 * and with --json, and what it leaves among files, rows, processes and in the journal.
 */
#ifndef FLOW_EXPECT_H
#define FLOW_EXPECT_H

#include "flow/world.h"

/* A world before a run, to be compared with what it is afterwards. */
struct sight {
	char *files;     /* everything but state_dir, with inodes, times and hashes */
	char *installed; /* the same of bin alone */
	char *database;  /* as SQL, or why it cannot be read */
	pid_t daemon;
	size_t processes;
};

struct sight sight_take(const struct world *world);
void sight_free(struct sight *sight);

/* Nothing was changed, not even touched, and nothing runs that did not run before. */
void assert_unchanged(const struct world *world, const struct sight *before);

/* The old release runs again, as a new process from its old file, and is healthy; its files and
 * rows are the old ones; nothing is staged; failed copies of the database: as many as given. */
void assert_restored(const struct world *world, const struct sight *before, size_t failed_copies);

#define EXPECTED_SAYINGS 8

struct expected {
	int exit_code;
	const char *phase;                  /* the one that failed; NULL: none */
	const char *says[EXPECTED_SAYINGS]; /* each is in the sentences, findings or remedies */
	bool unrecorded;                    /* the journal has nothing of this run */
};

/* What is said follows the phase. */
#define EXPECTED(code, failed_phase, ...)                                                          \
	(&(const struct expected){.exit_code = (code),                                             \
				  .phase = (failed_phase),                                         \
				  .says = {__VA_ARGS__}})
#define EXPECTED_UNRECORDED(code, failed_phase, ...)                                               \
	(&(const struct expected){.exit_code = (code),                                             \
				  .phase = (failed_phase),                                         \
				  .says = {__VA_ARGS__},                                           \
				  .unrecorded = true})

/* An outcome of --json is what was expected, and the journal agrees. */
void assert_outcome(const struct world *world, const struct outcome *outcome,
		    const struct expected *expected);

/* Runs line as it stands and with --json: both say what is expected and change nothing. */
void expect_nothing_changed(const struct world *world, const char *line,
			    const struct expected *expected);

/* Updates with --json: all was put back, and failed copies of the database are kept. */
void expect_restored(const struct world *world, const struct expected *expected,
		     size_t failed_copies);

/* Runs line, which exits so and says this on either stream (says NULL: anything). */
void expect_exit(const struct world *world, const char *line, int exit_code, const char *says);

/* Nothing of a run remains beside what is installed, and nothing but the daemon runs. */
void assert_clean(const struct world *world);

/* This version is installed, runs from what is installed, is healthy, and assert_clean(). */
void assert_runs(const struct world *world, const char *version);

/* Publishes version with so many migrations, healthy unless behaviour says how not. */
void publish_release(struct world *world, const char *version, size_t migrations,
		     const char *behaviour);

#endif
