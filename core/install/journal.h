/*
 * journal.h - what every run did, in order, durable: <state_dir>/journal.db, also the history.
 *
 * A store (WAL, synchronous=FULL, asserted). Intent is written before an act, its outcome after
 * it; the commit record makes the new release the installed one.
 */
#ifndef INSTALL_JOURNAL_H
#define INSTALL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "install/plan.h"
#include "model/finding.h"
#include "model/host.h"
#include "model/subject.h"

struct journal;

/* Opens or makes state_dir/journal.db; state_dir exists (lock_take() makes it). -ENOTSUP: a newer
 * updater wrote it in a way that this one must not read. */
MUST_CHECK int journal_open(const char *state_dir, struct clock *clock, struct journal **ret,
			    struct error *err);

/* To look at what is there, beside a run that may go on: waits a second at most, changes nothing
 * and keeps no writer waiting. -ENOENT: there is no journal yet. */
MUST_CHECK int journal_open_to_read(const char *state_dir, struct journal **ret, struct error *err);
void journal_close(struct journal **journal);
#define auto_journal __attribute__((cleanup(journal_close)))

struct journal_run {
	const char *id;
	const char *product;
	const char *command; /* "update" */
	const char *from;    /* version, may be NULL */
	const char *to;      /* may be NULL */
};

MUST_CHECK int journal_begin(struct journal *journal, const struct journal_run *run,
			     struct error *err);
/* The run is about another version than it was begun for. -ENOENT: no such run. */
MUST_CHECK int journal_retarget(struct journal *journal, const char *run, const char *to,
				struct error *err);
/* One line of the run: phase ("swap"), state ("intent", "done", "failed", "undone"), detail (may be
 * NULL). -ENOENT: no such run. */
MUST_CHECK int journal_note(struct journal *journal, const char *run, const char *phase,
			    const char *state, const char *detail, struct error *err);
/* Several of them, all or none. */
struct journal_line {
	const char *phase;
	const char *state;
	const char *detail;
};
MUST_CHECK int journal_notes(struct journal *journal, const char *run,
			     const struct journal_line *lines, size_t count, struct error *err);

/* Everything the run is about to change and how it was, in one transaction, before the first act
 * (once a run). */
MUST_CHECK int journal_plan(struct journal *journal, const char *run, const struct plan *plan,
			    struct error *err);
/* What the database at that position of the plan was before, and where its snapshot will be. */
MUST_CHECK int journal_plan_snapshot(struct journal *journal, const char *run, size_t position,
				     const struct snapshot *snapshot, struct error *err);
/* Who runs the service at that position now, when it is somebody else than was planned. */
MUST_CHECK int journal_plan_service(struct journal *journal, const char *run, size_t position,
				    const struct service_process *process, struct error *err);
/* Units that will be stopped with the services, before the stop (once a run). */
MUST_CHECK int journal_plan_dependents(struct journal *journal, const char *run,
				       const struct strings *units, struct error *err);
MUST_CHECK int journal_read_dependents(struct journal *journal, const char *run,
				       struct strings *ret, struct error *err);
/* -ENOENT: the run recorded none, and touched nothing. */
MUST_CHECK int journal_read_plan(struct journal *journal, const char *run, struct plan *ret,
				 struct error *err);

/* The run is over: result is result_word()'s; detail may be NULL. -ENOENT: no such run. */
MUST_CHECK int journal_end(struct journal *journal, const char *run, const char *result,
			   const char *detail, struct error *err);

/* The commit record: in one transaction the run is committed, each artifact's file as it is now
 * (path, digest, device, inode, size, times) becomes what is installed in version, and version is
 * pardoned. */
MUST_CHECK int journal_commit(struct journal *journal, const char *run, const char *version,
			      const struct artifact *artifacts, size_t count, struct error *err);

/* The installed version by the journal: -ENOENT when nothing was committed, -ESTALE when a file
 * is no longer what was recorded (device, inode, size, times; else hash), named in *err. The string
 * is freed by the caller. */
MUST_CHECK int journal_installed(struct journal *journal, const struct artifact *artifacts,
				 size_t count, char **ret, struct error *err);

/* A run as it was recorded. "" for what is not there. */
struct journal_entry {
	char *id;
	char *product;
	char *command;
	char *from;
	char *to;
	char *started_at; /* RFC 3339 */
	char *ended_at;   /* "": still going, or killed */
	char *result;
	char *detail;
	char *committed_at; /* "": not committed */
};

struct journal_entries {
	struct journal_entry *items;
	size_t count;
};
#define auto_journal_entries __attribute__((cleanup(journal_entries_finish)))
void journal_entries_finish(struct journal_entries *entries);

/* The newest at most limit runs, newest first. */
MUST_CHECK int journal_runs(struct journal *journal, size_t limit, struct journal_entries *ret,
			    struct error *err);

/* The runs that were begun and not ended, or ended with a rollback that a person has to complete
 * and nothing was committed since, oldest first: what recovery has to look at. */
MUST_CHECK int journal_unfinished(struct journal *journal, struct journal_entries *ret,
				  struct error *err);

/* The newest run that was committed: the one `rollback` takes back. count is 0 or 1. */
MUST_CHECK int journal_last_commit(struct journal *journal, struct journal_entries *ret,
				   struct error *err);

/* Calls each with every line of a run, in order; a result other than 0 ends it and is returned
 * (each fills *err). The strings live until each returns. */
struct journal_event {
	int64_t number; /* from 1 */
	const char *at; /* RFC 3339 */
	const char *phase;
	const char *state;
	const char *detail;
};
typedef int (*journal_reader)(void *data, const struct journal_event *event, struct error *err);
MUST_CHECK int journal_events(struct journal *journal, const char *run, journal_reader each,
			      void *data, struct error *err);

/*
 * Versions that are not installed again unless somebody names them, each with its reason. run may
 * be NULL. A commit of the version pardons it.
 */
MUST_CHECK int journal_condemn(struct journal *journal, const char *version, const char *run,
			       const char *reason, struct error *err);
MUST_CHECK int journal_pardon(struct journal *journal, const char *version, struct error *err);
struct journal_bad {
	const char *version;
	const char *at; /* RFC 3339 */
	const char *run;
	const char *reason;
};
typedef int (*journal_condemned_reader)(void *data, const struct journal_bad *bad,
					struct error *err);
MUST_CHECK int journal_condemned(struct journal *journal, journal_condemned_reader each, void *data,
				 struct error *err);

/* The newest run that committed version; -ENOENT: there is none. Freed by the caller. */
MUST_CHECK int journal_run_of_version(struct journal *journal, const char *version, char **ret,
				      struct error *err);

/* What was known of a run's release, as preflight's subject has it: for the way back to it. */
MUST_CHECK int journal_facts(struct journal *journal, const char *run, const struct pairs *facts,
			     struct error *err);
MUST_CHECK int journal_read_facts(struct journal *journal, const char *run, struct pairs *ret,
				  struct error *err);

/* What a plugin found, for the history. */
MUST_CHECK int journal_findings(struct journal *journal, const char *run, const char *plugin,
				const struct findings *findings, struct error *err);
struct journal_finding {
	const char *plugin;
	const char *verdict; /* its word */
	const char *code;
	const char *text;
	const char *remedy;
};
typedef int (*journal_finding_reader)(void *data, const struct journal_finding *finding,
				      struct error *err);
MUST_CHECK int journal_read_findings(struct journal *journal, const char *run,
				     journal_finding_reader each, void *data, struct error *err);

#endif
