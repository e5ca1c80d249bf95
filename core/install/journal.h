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
#include "model/host.h"
#include "model/release.h"

struct journal;

/* Opens or makes state_dir/journal.db; state_dir exists (lock_take() makes it). -ENOTSUP: a newer
 * updater wrote it in a way that this one must not read. */
MUST_CHECK int journal_open(const char *state_dir, struct clock *clock, struct journal **ret,
			    struct error *err);
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
/* The run is over: result is result_word()'s; detail may be NULL. -ENOENT: no such run. */
MUST_CHECK int journal_end(struct journal *journal, const char *run, const char *result,
			   const char *detail, struct error *err);

/* The commit record: in one transaction the run is committed and each artifact's file as it is
 * now (path, digest, device, inode, size, times) becomes what is installed in version. */
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

/* The runs that were begun and not ended, oldest first: what recovery has to look at. */
MUST_CHECK int journal_unfinished(struct journal *journal, struct journal_entries *ret,
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

#endif
