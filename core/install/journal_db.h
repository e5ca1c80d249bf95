/*
 * journal_db.h - the journal's inside, for journal*.c.
 */
#ifndef INSTALL_JOURNAL_DB_H
#define INSTALL_JOURNAL_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

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

/* A parameter of a statement; a NULL text is bound as NULL. */
struct journal_value {
	const char *text;
	const struct digest *digest;
	int64_t number;
	bool is_number;
};
#define J_NULL      ((struct journal_value){0})
#define J_TEXT(t)   ((struct journal_value){.text = (t)})
#define J_DIGEST(d) ((struct journal_value){.digest = (d)})
#define J_NUMBER(n) ((struct journal_value){.number = (int64_t)(n), .is_number = true})

/* Binds texts to the parameters from 1 on; a NULL is bound as NULL. */
void journal_bind_texts(sqlite3_stmt *stmt, const char *const *texts, int count);

/* A column's text, "" for NULL. Lives as long as the row. */
const char *journal_text(sqlite3_stmt *row, int column);

/* One transaction around several of the calls below; finish commits when rc is 0, else takes
 * all back, and returns what came of it. */
MUST_CHECK int journal_start(struct journal *journal, struct error *err);
MUST_CHECK int journal_finish(struct journal *journal, int rc, struct error *err);

/* "INSERT INTO <table> VALUES (?1, …)"; table has its columns behind it. */
MUST_CHECK int journal_insert(struct journal *journal, const char *table,
			      const struct journal_value *values, size_t count, struct error *err);

/* Runs one statement; -ENOENT, naming the run, when it changed no row. */
MUST_CHECK int journal_change(struct journal *journal, const char *sql,
			      const struct journal_value *values, size_t count, const char *run,
			      struct error *err);

#endif
