/*
 * journal_db.h - the journal's inside, for journal.c and journal_read.c.
 */
#ifndef INSTALL_JOURNAL_DB_H
#define INSTALL_JOURNAL_DB_H

#include <sqlite3.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"

struct journal {
	sqlite3 *db;
	struct clock *clock;
};

/* What tells whether a file is still the recorded one. */
struct file_mark {
	struct digest digest;
	int64_t device;
	int64_t inode;
	int64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

/* Everything but the digest: what stat(2) knows. */
MUST_CHECK int file_mark_look(const char *path, struct file_mark *ret, struct error *err);

/* Binds texts to the parameters from 1 on; a NULL is bound as NULL. */
void journal_bind_texts(sqlite3_stmt *stmt, const char *const *texts, int count);

#endif
