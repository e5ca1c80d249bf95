/*
 * journal_plan.c - journal.h: the plan of a run, written once and read by recovery.
 *
 * What is read here is frozen: columns are only ever added, words and numbers keep their meaning.
 * core/install/README.md has the list.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"
#include "install/journal.h"
#include "install/journal_db.h"
#include "store/store.h"

static const char *const manager_words[] = {
	[MANAGER_COMMAND] = "command",
	[MANAGER_SYSTEMD] = "systemd",
};

static const char *const policy_words[] = {
	[ROLLBACK_IF_CHANGED] = "if-changed",
	[ROLLBACK_ALWAYS] = "always",
	[ROLLBACK_NEVER] = "never",
};

#define COUNT(words) (sizeof(words) / sizeof((words)[0]))

/* ---- writing ----------------------------------------------------------------------------------
 */

/* "a\nb\n", as it is stored. */
static int join(const struct strings *list, struct buffer *ret)
{
	int rc = buffer_add(ret, "", 0);

	for (size_t i = 0; i < list->count && rc == 0; i++) {
		rc = buffer_add_format(ret, "%s\n", list->items[i]);
	}
	return rc;
}

static int write_head(struct journal *journal, const char *run, const struct plan *plan,
		      struct error *err)
{
	const struct health *health = &plan->host->health;
	auto_buffer struct buffer failed = BUFFER_INIT(LIMIT_OUTPUT);

	if (join(&plan->baseline.failed, &failed) < 0) {
		return error_no_memory(err);
	}
	const struct journal_value values[] = {
		J_TEXT(run),
		J_TEXT(plan->host->root),
		J_TEXT(manager_words[plan->host->manager]),
		J_TEXT(plan->staging),
		J_TEXT(plan->boot),
		J_NUMBER(plan->keep_snapshots),
		J_TEXT(health->command.line),
		J_NUMBER(health->interval_ms),
		J_NUMBER(health->timeout_ms),
		J_NUMBER(health->settle_ms),
		J_NUMBER(plan->baseline.healthy),
		J_NUMBER(plan->baseline.complete),
		J_TEXT(buffer_text(&failed)),
		J_TEXT(plan->baseline.text),
	};

	return journal_insert(journal,
			      "plan (run, root, manager, staging, boot, keep_snapshots,"
			      " health_command,"
			      " health_interval_ms, health_timeout_ms, health_settle_ms,"
			      " baseline_healthy, baseline_complete, baseline_failed,"
			      " baseline_text)",
			      values, COUNT(values), err);
}

static int write_artifact(struct journal *journal, const char *run, size_t position,
			  const struct swap_plan *swap, struct error *err)
{
	const struct artifact *artifact = swap->artifact;
	const struct journal_value values[] = {
		J_TEXT(run),
		J_NUMBER(position),
		J_TEXT(artifact->name),
		J_TEXT(artifact->install),
		J_NUMBER(swap->existed),
		swap->existed ? J_DIGEST(&swap->old_digest) : J_NULL,
		J_NUMBER(swap->old_inode),
		J_NUMBER(swap->old_mode),
		J_NUMBER(swap->old_uid),
		J_NUMBER(swap->old_gid),
		J_NUMBER(swap->backup_inode),
		swap->removes ? J_NULL : J_DIGEST(&swap->new_digest),
	};

	return journal_insert(journal,
			      "plan_artifact (run, position, name, install, existed, old_digest,"
			      " old_inode, old_mode, old_uid, old_gid, backup_inode, new_digest)",
			      values, COUNT(values), err);
}

static int write_service(struct journal *journal, const char *run, size_t position,
			 const struct service *service, const struct service_process *was,
			 struct error *err)
{
	const struct journal_value values[] = {
		J_TEXT(run),
		J_NUMBER(position),
		J_TEXT(service->name),
		J_TEXT(service->binary),
		J_NUMBER(service->ready_timeout_ms),
		J_NUMBER(service->stop_timeout_ms),
		J_NUMBER(service->keeps_children),
		J_TEXT(service->start.line),
		J_TEXT(service->stop.line),
		J_TEXT(service->status.line),
		J_TEXT(service->pid_file),
		J_NUMBER(was->pid),
		J_NUMBER(was->start_time),
	};

	return journal_insert(
		journal,
		"plan_service (run, position, name, binary, ready_timeout_ms,"
		" stop_timeout_ms, keeps_children, start, stop, status, pid_file, pid,"
		" start_time)",
		values, COUNT(values), err);
}

static int write_database(struct journal *journal, const char *run, size_t position,
			  const struct database *database, struct error *err)
{
	const struct journal_value values[] = {
		J_TEXT(run),
		J_NUMBER(position),
		J_TEXT(database->name),
		J_TEXT(database->path),
		J_TEXT(database->user),
		J_NUMBER(database->missing_ok),
		J_TEXT(database->record),
		J_TEXT(policy_words[database->on_rollback]),
	};

	return journal_insert(journal,
			      "plan_database (run, position, name, path, user, missing_ok, record,"
			      " on_rollback)",
			      values, COUNT(values), err);
}

static int write_plan(struct journal *journal, const char *run, const struct plan *plan,
		      struct error *err)
{
	const struct host *host = plan->host;
	int rc = write_head(journal, run, plan, err);

	for (size_t i = 0; i < host->artifact_count && rc == 0; i++) {
		rc = write_artifact(journal, run, i, &plan->swaps[i], err);
	}
	for (size_t i = 0; i < host->service_count && rc == 0; i++) {
		rc = write_service(journal, run, i, &host->services[i], &plan->before[i], err);
	}
	for (size_t i = 0; i < host->database_count && rc == 0; i++) {
		rc = write_database(journal, run, i, &host->databases[i], err);
	}
	return rc;
}

int journal_plan(struct journal *journal, const char *run, const struct plan *plan,
		 struct error *err)
{
	int rc = journal_start(journal, err);

	if (rc < 0) {
		return rc;
	}
	rc = journal_finish(journal, write_plan(journal, run, plan, err), err);
	return rc < 0 ? error_prefix(err, "cannot record what run %s is about to change", run) : 0;
}

int journal_plan_snapshot(struct journal *journal, const char *run, size_t position,
			  const struct snapshot *snapshot, struct error *err)
{
	const struct journal_value values[] = {
		J_TEXT(run),
		J_NUMBER(position),
		J_NUMBER(snapshot->existed),
		J_TEXT(snapshot->fingerprint),
		J_TEXT(snapshot->path),
	};

	return journal_change(journal,
			      "UPDATE plan_database SET existed = ?3, fingerprint = ?4,"
			      " snapshot = ?5 WHERE run = ?1 AND position = ?2",
			      values, COUNT(values), run, err);
}

int journal_plan_service(struct journal *journal, const char *run, size_t position,
			 const struct service_process *process, struct error *err)
{
	const struct journal_value values[] = {
		J_TEXT(run),
		J_NUMBER(position),
		J_NUMBER(process->pid),
		J_NUMBER(process->start_time),
	};

	return journal_change(journal,
			      "UPDATE plan_service SET pid = ?3, start_time = ?4"
			      " WHERE run = ?1 AND position = ?2",
			      values, COUNT(values), run, err);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Fills the next item of a list from a row. 0, or a negative errno value with *err filled. */
typedef int (*row_reader)(struct plan *plan, size_t index, sqlite3_stmt *row, struct error *err);

static int read_text(sqlite3_stmt *row, int column, char **ret, struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (text == NULL) {
		return 0;
	}
	*ret = strdup(text);
	return *ret == NULL ? error_no_memory(err) : 0;
}

static int read_command(sqlite3_stmt *row, int column, struct command *ret, struct error *err)
{
	const char *line = (const char *)sqlite3_column_text(row, column);

	return line != NULL ? command_parse(line, ret, err) : 0;
}

static uint64_t read_number(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

static void read_digest(sqlite3_stmt *row, int column, struct digest *ret)
{
	const void *bytes = sqlite3_column_blob(row, column);

	if (bytes != NULL && sqlite3_column_bytes(row, column) == DIGEST_SIZE) {
		memcpy(ret->bytes, bytes, DIGEST_SIZE);
	}
}

static int read_word(sqlite3_stmt *row, int column, const char *const *words, size_t count,
		     unsigned *ret, struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	for (unsigned i = 0; i < count && text != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*ret = i;
			return 0;
		}
	}
	return error_set(err, -ENOTSUP,
			 "the journal says '%.40s', which this updater does not "
			 "know; use the newer one that wrote it",
			 text != NULL ? text : "");
}

static int read_lines(sqlite3_stmt *row, int column, struct strings *ret, struct error *err)
{
	const char *at = (const char *)sqlite3_column_text(row, column);

	while (at != NULL && *at != '\0') {
		size_t length = strcspn(at, "\n");
		auto_buffer struct buffer line = BUFFER_INIT(LIMIT_OUTPUT);

		if (buffer_add(&line, at, length) < 0 || strings_add(ret, buffer_text(&line)) < 0) {
			return error_no_memory(err);
		}
		at += length + (at[length] == '\n');
	}
	return 0;
}

static int read_head(struct plan *plan, size_t index, sqlite3_stmt *row, struct error *err)
{
	struct host *host = plan->owned;
	struct health *health = &host->health;
	const char *boot = (const char *)sqlite3_column_text(row, 3);
	unsigned manager = 0;
	int rc = read_word(row, 1, manager_words, COUNT(manager_words), &manager, err);

	(void)index;
	host->manager = (enum manager)manager;
	(void)snprintf(plan->boot, sizeof(plan->boot), "%s", boot != NULL ? boot : "");
	plan->keep_snapshots = read_number(row, 4);
	health->interval_ms = read_number(row, 6);
	health->timeout_ms = read_number(row, 7);
	health->settle_ms = read_number(row, 8);
	plan->baseline.healthy = read_number(row, 9) != 0;
	plan->baseline.complete = read_number(row, 10) != 0;
	if (rc < 0 || (rc = read_text(row, 0, &host->root, err)) < 0 ||
	    (rc = read_text(row, 2, &plan->staging, err)) < 0 ||
	    (rc = read_command(row, 5, &health->command, err)) < 0 ||
	    (rc = read_lines(row, 11, &plan->baseline.failed, err)) < 0) {
		return rc;
	}
	return read_text(row, 12, &plan->baseline.text, err);
}

static int read_artifact(struct plan *plan, size_t index, sqlite3_stmt *row, struct error *err)
{
	struct artifact *artifact = &plan->owned->artifacts[index];
	struct swap_plan *swap = &plan->swaps[index];
	int rc = read_text(row, 0, &artifact->name, err);

	rc = rc < 0 ? rc : read_text(row, 1, &artifact->install, err);
	if (rc < 0) {
		return rc;
	}
	if (artifact->name == NULL || artifact->install == NULL) {
		return error_set(err, -EUCLEAN, "an artifact has no name or path");
	}
	artifact->mode = HOST_MODE_KEEP;
	swap->artifact = artifact;
	swap->existed = read_number(row, 2) != 0;
	read_digest(row, 3, &swap->old_digest);
	swap->old_inode = read_number(row, 4);
	swap->old_mode = (mode_t)read_number(row, 5);
	swap->old_uid = (uid_t)read_number(row, 6);
	swap->old_gid = (gid_t)read_number(row, 7);
	swap->backup_inode = read_number(row, 8);
	swap->removes = sqlite3_column_type(row, 9) == SQLITE_NULL;
	read_digest(row, 9, &swap->new_digest);
	return swap_name_backup(swap, err);
}

static int read_service(struct plan *plan, size_t index, sqlite3_stmt *row, struct error *err)
{
	struct service *service = &plan->owned->services[index];
	int rc = read_text(row, 0, &service->name, err);

	service->ready_timeout_ms = read_number(row, 2);
	service->stop_timeout_ms = read_number(row, 3);
	service->keeps_children = read_number(row, 4) != 0;
	plan->before[index].pid = (pid_t)read_number(row, 9);
	plan->before[index].start_time = read_number(row, 10);
	if (rc < 0 || (rc = read_text(row, 1, &service->binary, err)) < 0 ||
	    (rc = read_command(row, 5, &service->start, err)) < 0 ||
	    (rc = read_command(row, 6, &service->stop, err)) < 0 ||
	    (rc = read_command(row, 7, &service->status, err)) < 0) {
		return rc;
	}
	return read_text(row, 8, &service->pid_file, err);
}

static int read_database(struct plan *plan, size_t index, sqlite3_stmt *row, struct error *err)
{
	struct database *database = &plan->owned->databases[index];
	struct snapshot *snapshot = &plan->snapshots[index];
	unsigned policy = 0;
	int rc = read_word(row, 5, policy_words, COUNT(policy_words), &policy, err);

	database->on_rollback = (enum rollback_policy)policy;
	database->missing_ok = read_number(row, 3) != 0;
	if (rc < 0 || (rc = read_text(row, 0, &database->name, err)) < 0 ||
	    (rc = read_text(row, 1, &database->path, err)) < 0 ||
	    (rc = read_text(row, 2, &database->user, err)) < 0 ||
	    (rc = read_text(row, 4, &database->record, err)) < 0 ||
	    sqlite3_column_type(row, 6) == SQLITE_NULL) {
		return rc;
	}
	snapshot->database = database;
	snapshot->existed = read_number(row, 6) != 0;
	rc = read_text(row, 7, &snapshot->fingerprint, err);
	return rc < 0 ? rc : read_text(row, 8, &snapshot->path, err);
}

static int count_rows(struct journal *journal, const char *sql, const char *run, size_t maximum,
		      size_t *ret, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &run, 1);
	int step = sqlite3_step(stmt);

	if (step != SQLITE_ROW) {
		return store_error(err, journal->db, step, "reading the journal");
	}
	*ret = read_number(stmt, 0);
	return *ret <= maximum ? 0 : error_set(err, -E2BIG, "it lists more than %zu", maximum);
}

static int read_rows(struct journal *journal, const char *sql, const char *run, struct plan *plan,
		     size_t count, row_reader read, struct error *err)
{
	auto_stmt sqlite3_stmt *stmt = NULL;
	int rc = store_prepare(journal->db, sql, &stmt, err);

	if (rc < 0) {
		return rc;
	}
	journal_bind_texts(stmt, &run, 1);
	for (size_t i = 0; i < count && rc == 0; i++) {
		int step = sqlite3_step(stmt);

		rc = step == SQLITE_ROW ? read(plan, i, stmt, err)
					: error_set(err, -EUCLEAN,
						    "the journal has no whole plan of run %s", run);
	}
	return rc;
}

/* The lists, with nothing in them yet. */
static int make_lists(struct journal *journal, const char *run, struct plan *plan,
		      struct error *err)
{
	struct host *host = calloc(1, sizeof(*host));

	if (host == NULL) {
		return error_no_memory(err);
	}
	plan->owned = host;
	plan->host = host;
	int rc = count_rows(journal, "SELECT count(*) FROM plan_artifact WHERE run = ?1", run,
			    LIMIT_ARTIFACTS, &host->artifact_count, err);

	if (rc == 0) {
		rc = count_rows(journal, "SELECT count(*) FROM plan_service WHERE run = ?1", run,
				LIMIT_SERVICES, &host->service_count, err);
	}
	if (rc == 0) {
		rc = count_rows(journal, "SELECT count(*) FROM plan_database WHERE run = ?1", run,
				LIMIT_DATABASES, &host->database_count, err);
	}
	if (rc < 0) {
		*host = (struct host){0};
		return rc;
	}
	host->artifacts = calloc(host->artifact_count + 1, sizeof(*host->artifacts));
	host->services = calloc(host->service_count + 1, sizeof(*host->services));
	host->databases = calloc(host->database_count + 1, sizeof(*host->databases));
	if (host->artifacts == NULL || host->services == NULL || host->databases == NULL ||
	    plan_allocate(plan) < 0) {
		host->artifact_count = host->service_count = host->database_count = 0;
		return error_no_memory(err);
	}
	return 0;
}

static int read_plan(struct journal *journal, const char *run, struct plan *plan, struct error *err)
{
	static const char head[] =
		"SELECT root, manager, staging, boot, keep_snapshots, health_command,"
		" health_interval_ms, health_timeout_ms, health_settle_ms, baseline_healthy, "
		"baseline_complete,"
		" baseline_failed, baseline_text FROM plan WHERE run = ?1";
	static const char artifacts[] =
		"SELECT name, install, existed, old_digest, old_inode, old_mode, old_uid, old_gid,"
		" backup_inode, new_digest FROM plan_artifact WHERE run = ?1 ORDER BY position";
	static const char services[] =
		"SELECT name, binary, ready_timeout_ms, stop_timeout_ms, keeps_children, start,"
		" stop, status, pid_file, pid, start_time FROM plan_service WHERE run = ?1"
		" ORDER BY position";
	static const char databases[] =
		"SELECT name, path, user, missing_ok, record, on_rollback, existed, fingerprint,"
		" snapshot FROM plan_database WHERE run = ?1 ORDER BY position";
	int rc = make_lists(journal, run, plan, err);
	const struct host *host = plan->host;

	rc = rc < 0 ? rc : read_rows(journal, head, run, plan, 1, read_head, err);
	rc = rc < 0 ? rc
		    : read_rows(journal, artifacts, run, plan, host->artifact_count, read_artifact,
				err);
	rc = rc < 0 ? rc
		    : read_rows(journal, services, run, plan, host->service_count, read_service,
				err);
	rc = rc < 0 ? rc
		    : read_rows(journal, databases, run, plan, host->database_count, read_database,
				err);
	return rc < 0 ? rc : journal_read_dependents(journal, run, &plan->dependents, err);
}

int journal_read_plan(struct journal *journal, const char *run, struct plan *ret, struct error *err)
{
	auto_plan struct plan plan = {0};
	size_t count = 0;
	int rc = count_rows(journal, "SELECT count(*) FROM plan WHERE run = ?1", run, 1, &count,
			    err);

	if (rc == 0 && count == 0) {
		return error_set(err, -ENOENT, "run %s recorded no plan", run);
	}
	rc = rc < 0 ? rc : read_plan(journal, run, &plan, err);
	if (rc < 0) {
		return error_prefix(err, "cannot read what run %s changed", run);
	}
	*ret = plan;
	plan = (struct plan){0};
	return 0;
}
