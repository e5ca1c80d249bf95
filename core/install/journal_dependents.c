/*
 * journal_dependents.c - journal.h: the units that went down with the services of a run.
 */
#include <errno.h>

#include "base/limits.h"
#include "install/journal.h"
#include "install/journal_db.h"
#include "store/store.h"

static int write_all(struct journal *journal, const char *run, const struct strings *units,
		     struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < units->count && rc == 0; i++) {
		const struct journal_value values[] = {
			J_TEXT(run),
			J_NUMBER(i),
			J_TEXT(units->items[i]),
		};

		rc = journal_insert(journal, "plan_dependent (run, position, unit)", values,
				    sizeof(values) / sizeof(values[0]), err);
	}
	return rc;
}

int journal_plan_dependents(struct journal *journal, const char *run, const struct strings *units,
			    struct error *err)
{
	if (units->count == 0) {
		return 0;
	}
	int rc = journal_start(journal, err);

	if (rc < 0) {
		return rc;
	}
	rc = journal_finish(journal, write_all(journal, run, units, err), err);
	return rc < 0 ? error_prefix(err, "cannot record what is stopped with the services") : 0;
}

/* An older updater's journal that is only read has no such table. */
static int has_table(struct journal *journal, bool *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db,
			       "SELECT 1 FROM sqlite_schema WHERE name = 'plan_dependent'", &stmt,
			       err);

	*ret = rc == 0 && sqlite3_step(stmt) == SQLITE_ROW;
	return rc;
}

int journal_read_dependents(struct journal *journal, const char *run, struct strings *ret,
			    struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	bool there = false;
	int rc = has_table(journal, &there, err);

	if (rc < 0 || !there) {
		return rc;
	}
	rc = store_prepare(journal->db,
			   "SELECT unit FROM plan_dependent WHERE run = ?1 ORDER BY position",
			   &stmt, err);
	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &run, 1);
	for (;;) {
		int step = sqlite3_step(stmt);

		if (step == SQLITE_DONE) {
			return 0;
		}
		if (step != SQLITE_ROW) {
			return store_error(err, journal->db, step, "reading the journal");
		}
		if (ret->count == LIMIT_DEPENDENTS) {
			return error_set(err, -E2BIG, "it lists more than %u dependent units",
					 LIMIT_DEPENDENTS);
		}
		if (strings_add(ret, journal_text(stmt, 0)) < 0) {
			return error_no_memory(err);
		}
	}
}
