/*
 * journal_memory.c - journal.h: what is remembered beside the course of runs: versions that are
 * known to be bad, what was known of a release, what plugins found.
 */
#include <errno.h>
#include <string.h>

#include "base/guard.h"
#include "install/journal.h"
#include "install/journal_db.h"
#include "store/store.h"

#define COUNT(values) (sizeof(values) / sizeof((values)[0]))

int journal_condemn(struct journal *journal, const char *version, const char *run,
		    const char *reason, struct error *err)
{
	char now[CLOCK_TEXT_SIZE];
	const struct journal_value values[] = {
		J_TEXT(version),
		J_TEXT(clock_text(clock_wall(journal->clock), now)),
		J_TEXT(run),
		J_TEXT(reason),
	};

	return journal_change(journal,
			      "INSERT OR REPLACE INTO bad (version, at, run, reason)"
			      " VALUES (?1, ?2, ?3, ?4)",
			      values, COUNT(values), "", err);
}

int journal_pardon(struct journal *journal, const char *version, struct error *err)
{
	const struct journal_value values[] = {J_TEXT(version)};
	int rc = journal_change(journal, "DELETE FROM bad WHERE version = ?1", values, 1, "", err);

	return rc == -ENOENT ? 0 : rc;
}

int journal_condemned(struct journal *journal, journal_condemned_reader each, void *data,
		      struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db,
			       "SELECT version, at, run, reason FROM bad ORDER BY at, version",
			       &stmt, err);
	int step = SQLITE_DONE;

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct journal_bad bad = {journal_text(stmt, 0), journal_text(stmt, 1),
						journal_text(stmt, 2), journal_text(stmt, 3)};

		rc = each(data, &bad, err);
	}
	return rc == 0 && step != SQLITE_DONE
		       ? store_error(err, journal->db, step, "reading the journal")
		       : rc;
}

int journal_run_of_version(struct journal *journal, const char *version, char **ret,
			   struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db,
			       "SELECT id FROM run WHERE committed_at IS NOT NULL"
			       " AND to_version = ?1 ORDER BY number DESC LIMIT 1",
			       &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &version, 1);
	int step = sqlite3_step(stmt);

	if (step == SQLITE_DONE) {
		return error_set(err, -ENOENT, "no run has installed %s", version);
	}
	if (step != SQLITE_ROW) {
		return store_error(err, journal->db, step, "reading the journal");
	}
	*ret = strdup(journal_text(stmt, 0));
	return *ret == NULL ? error_no_memory(err) : 0;
}

int journal_facts(struct journal *journal, const char *run, const struct pairs *facts,
		  struct error *err)
{
	int rc = journal_start(journal, err);

	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < facts->count && rc == 0; i++) {
		const struct journal_value values[] = {
			J_TEXT(run),
			J_TEXT(facts->items[i].key),
			J_TEXT(facts->items[i].value),
		};

		rc = journal_change(journal,
				    "INSERT OR REPLACE INTO fact (run, key, value)"
				    " VALUES (?1, ?2, ?3)",
				    values, COUNT(values), run, err);
	}
	return journal_finish(journal, rc, err);
}

int journal_read_facts(struct journal *journal, const char *run, struct pairs *ret,
		       struct error *err)
{
	auto_pairs struct pairs facts = {0};
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, "SELECT key, value FROM fact WHERE run = ?1", &stmt,
			       err);
	int step = SQLITE_DONE;

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &run, 1);
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (pairs_set(&facts, journal_text(stmt, 0), journal_text(stmt, 1)) < 0) {
			return error_no_memory(err);
		}
	}
	if (step != SQLITE_DONE) {
		return store_error(err, journal->db, step, "reading the journal");
	}
	*ret = facts;
	facts = (struct pairs){0};
	return 0;
}

static int add_finding(struct journal *journal, const char *run, const char *plugin,
		       const struct finding *finding, struct error *err)
{
	const struct journal_value values[] = {
		J_TEXT(run),
		J_TEXT(plugin),
		J_TEXT(verdict_word(finding->verdict)),
		J_TEXT(finding->code),
		J_TEXT(finding->text),
		J_TEXT(finding->remedy),
	};

	return journal_change(journal,
			      "INSERT INTO finding (run, seq, plugin, verdict, code, text, remedy)"
			      " SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5, ?6"
			      " FROM finding WHERE run = ?1",
			      values, COUNT(values), run, err);
}

int journal_findings(struct journal *journal, const char *run, const char *plugin,
		     const struct findings *findings, struct error *err)
{
	int rc = journal_start(journal, err);

	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < findings->count && rc == 0; i++) {
		rc = add_finding(journal, run, plugin, &findings->items[i], err);
	}
	return journal_finish(journal, rc, err);
}

int journal_read_findings(struct journal *journal, const char *run, journal_finding_reader each,
			  void *data, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db,
			       "SELECT plugin, verdict, code, text, remedy FROM finding"
			       " WHERE run = ?1 ORDER BY seq",
			       &stmt, err);
	int step = SQLITE_DONE;

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &run, 1);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const struct journal_finding finding = {
			journal_text(stmt, 0), journal_text(stmt, 1), journal_text(stmt, 2),
			journal_text(stmt, 3), journal_text(stmt, 4),
		};

		rc = each(data, &finding, err);
	}
	return rc == 0 && step != SQLITE_DONE
		       ? store_error(err, journal->db, step, "reading the journal")
		       : rc;
}
