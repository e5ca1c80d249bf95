/*
 * journal.h - what every run did, in order, durable: <state_dir>/journal.db, also the history.
 *
 * A store (WAL, synchronous=FULL, asserted). Intent is written before an act, its outcome after
 * it; the commit record makes the new release the installed one.
 */
#ifndef INSTALL_JOURNAL_H
#define INSTALL_JOURNAL_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/host.h"
#include "model/release.h"

struct journal;

MUST_CHECK int journal_open(const char *state_dir, struct clock *clock, struct journal **ret,
			    struct error *err);
void journal_close(struct journal **journal);
#define auto_journal __attribute__((cleanup(journal_close)))

struct journal_run {
	const char *id;
	const char *product;
	const char *command;      /* "update" */
	const char *from;         /* version, may be NULL */
	const char *to;
};

MUST_CHECK int journal_begin(struct journal *journal, const struct journal_run *run,
			     struct error *err);
/* One line of the run: phase ("swap"), state ("intent", "done", "failed", "undone"), detail. */
MUST_CHECK int journal_note(struct journal *journal, const char *run, const char *phase,
			    const char *state, const char *detail, struct error *err);
/* The run is over: result is result_word()'s. */
MUST_CHECK int journal_end(struct journal *journal, const char *run, const char *result,
			   const char *detail, struct error *err);

/* The commit record: in one transaction the run is committed and each artifact's file as it is
 * now (path, digest, device, inode, size, mtime) becomes what is installed in version. */
MUST_CHECK int journal_commit(struct journal *journal, const char *run, const char *version,
			      const struct artifact *artifacts, size_t count, struct error *err);

/* The installed version by the journal: -ENOENT when nothing was committed, -ESTALE when a file
 * is no longer what was recorded (device, inode, size, times; else hash), named in *err. The string is freed by the caller. */
MUST_CHECK int journal_installed(struct journal *journal, const struct artifact *artifacts,
				 size_t count, char **ret, struct error *err);

#endif
