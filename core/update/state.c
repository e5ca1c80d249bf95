/*
 * state.c - state.h: collected from the journal, and shown.
 */
#include "update/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "update/bar.h"
#include "update/json.h"
#include "update/previous.h"

/* ---- collected --------------------------------------------------------------------------------
 */

static json_t *run_value(const struct journal_entry *entry)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "run", json_text(entry->id),
			 "command", json_text(entry->command), "from", json_text(entry->from), "to",
			 json_text(entry->to), "started", json_text(entry->started_at), "ended",
			 json_text(entry->ended_at), "result", json_text(entry->result), "detail",
			 json_text(entry->detail));
}

static int add_condemned(void *data, const struct journal_bad *bad, struct error *err)
{
	json_t *one = json_pack("{s:o, s:o, s:o, s:o}", "version", json_text(bad->version), "at",
				json_text(bad->at), "run", json_text(bad->run), "reason",
				json_text(bad->reason));

	return json_array_append_new(data, one) == 0 ? 0 : error_no_memory(err);
}

/* The files of the release before, as the last commit left them. */
static int find_backups(const struct plan *plan, const char *version, struct error *err)
{
	for (size_t i = 0; i < plan->host->artifact_count; i++) {
		const struct swap_plan *swap = &plan->swaps[i];

		if (swap->existed && access(swap->backup, F_OK) < 0) {
			return error_set(err, -ENOENT,
					 "%s, where %s was kept, is missing: use `update --to %s` "
					 "instead",
					 swap->backup, version, version);
		}
	}
	return 0;
}

static json_t *databases_value(const struct plan *plan, const struct host *now)
{
	json_t *list = json_array();

	for (size_t i = 0; i < now->database_count; i++) {
		const struct snapshot *snapshot = previous_snapshot(plan, now->databases[i].path);
		bool is_there = snapshot != NULL && snapshot->existed && snapshot->path != NULL &&
				access(snapshot->path, F_OK) == 0;

		(void)json_array_append_new(list,
					    json_pack("{s:o, s:o}", "name",
						      json_text(now->databases[i].name), "snapshot",
						      json_text(is_there ? snapshot->path : NULL)));
	}
	return list;
}

/* What `rollback` finds, but for what the files hold and plugins say. */
static int look_at_previous(struct update *update, const struct journal_entry *last,
			    struct plan *ret, struct error *err)
{
	int rc = update->altered ? previous_is_unknown(err)
				 : journal_read_plan(update->journal, last->id, ret, err);

	rc = rc < 0 ? rc : previous_check_artifacts(ret, &update->config->host, last->from, err);
	return rc < 0 ? rc : find_backups(ret, last->from, err);
}

/* "rollback": null when there is nothing to go back to, or "rollback_refused" says why not. */
static void describe_rollback(struct update *update, const struct journal_entry *last,
			      json_t *state)
{
	auto_plan struct plan plan = {0};
	const struct host *now = &update->config->host;
	struct error err = {0};

	if (last->from[0] == '\0') {
		return;
	}
	if (look_at_previous(update, last, &plan, &err) < 0) {
		(void)json_object_set_new(state, "rollback_refused", json_text(err.text));
		return;
	}
	bool all = previous_check_databases(&plan, now, last->from, &err) == 0;

	(void)json_object_set_new(state, "rollback",
				  json_pack("{s:o, s:o, s:o, s:o}", "to", json_text(last->from),
					    "run", json_text(last->id), "databases",
					    databases_value(&plan, now), "databases_refused",
					    json_text(all ? NULL : err.text)));
}

static int describe_commit(struct update *update, json_t *state, struct error *err)
{
	auto_journal_entries struct journal_entries last = {0};
	int rc = journal_last_commit(update->journal, &last, err);

	if (rc == 0 && last.count > 0) {
		(void)json_object_set_new(state, "since", json_text(last.items[0].committed_at));
		describe_rollback(update, &last.items[0], state);
	}
	return rc;
}

static int describe_runs(struct update *update, json_t *state, struct error *err)
{
	auto_journal_entries struct journal_entries last = {0};
	auto_journal_entries struct journal_entries open = {0};
	int rc = journal_runs(update->journal, 1, &last, err);

	rc = rc < 0 ? rc : journal_unfinished(update->journal, &open, err);
	if (rc < 0) {
		return rc;
	}
	(void)json_object_set_new(state, "last",
				  last.count > 0 ? run_value(&last.items[0]) : json_null());
	(void)json_object_set_new(state, "interrupted",
				  open.count > 0 ? run_value(&open.items[0]) : json_null());
	return 0;
}

static int describe_journal(struct update *update, json_t *state, struct error *err)
{
	json_t *held = json_array();

	(void)json_object_set_new(state, "held", held);
	int rc = describe_commit(update, state, err);

	rc = rc < 0 ? rc : describe_runs(update, state, err);
	return rc < 0 ? rc : journal_condemned(update->journal, add_condemned, held, err);
}

int state_describe(struct update *update, json_t **ret, struct error *err)
{
	auto_free char *installed = NULL;
	struct error altered = {0};
	auto_free char *barred = NULL;
	int rc = update_look_installed(update, &installed, &altered, err);

	rc = rc < 0 ? rc : bar_reason(update, update->product, &barred, err);
	if (rc < 0) {
		return rc;
	}
	update->altered = altered.text[0] != '\0';
	json_t *state = json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:n, s:n, s:n, s:n, s:n, s:o}",
				  "schema", JSON_SCHEMA, "command", "status", "product",
				  json_text(update->product), "installed", json_text(installed),
				  "altered", json_text(update->altered ? altered.text : NULL),
				  "barred", json_text(barred), "since", "rollback",
				  "rollback_refused", "last", "interrupted", "held", json_array());

	if (state == NULL) {
		return error_no_memory(err);
	}
	rc = update->journal != NULL ? describe_journal(update, state, err) : 0;
	if (rc < 0) {
		json_decref(state);
		return rc;
	}
	*ret = state;
	return 0;
}

int state_read(const char *path, json_t **ret, struct error *err)
{
	auto_buffer struct buffer text = BUFFER_INIT(LIMIT_STATE);
	int rc = file_read_path(path, &text, err);

	if (rc < 0) {
		return rc;
	}
	*ret = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
	return *ret != NULL ? 0 : error_set(err, -EBADMSG, "%s is not JSON", path);
}

/* `status` publishes without the lock: there may be several of them. */
static int replace(const struct update *update, const char *path, const char *text,
		   struct error *err)
{
	return update->lock.fd >= 0 ? file_replace_alone(path, text, strlen(text), 0644, err)
				    : file_replace(path, text, strlen(text), 0644, err);
}

void state_publish(struct update *update, const char *path)
{
	json_t *state = NULL;
	struct error err = {0};
	auto_free char *directory = path_directory(path);
	int rc = directory == NULL ? error_no_memory(&err) : state_describe(update, &state, &err);
	auto_free char *text = state != NULL ? json_dumps(state, JSON_COMPACT) : NULL;

	json_decref(state);
	if (rc == 0 && text != NULL) {
		rc = file_make_directories(directory, 0755, &err);
		rc = rc < 0 ? rc : replace(update, path, text, &err);
	}
	if (rc < 0 && rc != -EACCES && rc != -EPERM && rc != -EROFS) {
		report_problem(&update->report, err.text);
	}
}

/* ---- shown ------------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void print_rollback(FILE *to, const json_t *rollback, const char *refused)
{
	const char *databases_refused = text_of(rollback, "databases_refused");
	size_t index = 0;
	const json_t *database = NULL;

	if (!json_is_object(rollback)) {
		(void)fprintf(to, "rollback:    %s%s\n", refused[0] != '\0' ? "refused: " : "",
			      refused[0] != '\0' ? refused : "nothing to go back to");
		return;
	}
	(void)fprintf(to, "rollback:    to %s\n", text_of(rollback, "to"));
	json_array_foreach(json_object_get(rollback, "databases"), index, database)
	{
		const char *snapshot = text_of(database, "snapshot");

		(void)fprintf(to, "             database %s: %s\n", text_of(database, "name"),
			      snapshot[0] != '\0' ? snapshot : "no snapshot");
	}
	if (databases_refused[0] != '\0') {
		(void)fprintf(to, "             --with-database is refused: %s\n",
			      databases_refused);
	}
}

static void print_last(FILE *to, const json_t *last)
{
	const char *detail = text_of(last, "detail");
	const char *result = text_of(last, "result");

	if (!json_is_object(last)) {
		(void)fprintf(to, "last run:    none\n");
		return;
	}
	(void)fprintf(to, "last run:    %s, %s to %s: %s\n", text_of(last, "run"),
		      text_of(last, "command"), text_of(last, "to"),
		      result[0] != '\0' ? result : "not ended");
	if (detail[0] != '\0') {
		(void)fprintf(to, "             %s\n", detail);
	}
}

static void print_held(FILE *to, const json_t *held)
{
	size_t index = 0;
	const json_t *one = NULL;

	json_array_foreach(held, index, one)
	{
		(void)fprintf(to, "held:        %s since %s: %s\n", text_of(one, "version"),
			      text_of(one, "at"), text_of(one, "reason"));
	}
}

bool state_print(FILE *to, const json_t *state)
{
	const char *installed = text_of(state, "installed");
	const char *since = text_of(state, "since");
	const char *altered = text_of(state, "altered");
	const char *barred = text_of(state, "barred");
	const json_t *interrupted = json_object_get(state, "interrupted");

	(void)fprintf(to, "installed:   %s %s%s%s\n", text_of(state, "product"),
		      installed[0] != '\0' ? installed : "(nothing)",
		      since[0] != '\0' ? ", since " : "", since);
	if (altered[0] != '\0') {
		(void)fprintf(to, "altered:     changed outside the updater: %s\n", altered);
	}
	if (barred[0] != '\0') {
		(void)fprintf(
			to,
			"BARRED:      its services are kept from starting until banger-update "
			"recover succeeds: %s\n",
			barred);
	}
	if (json_is_object(interrupted)) {
		(void)fprintf(to,
			      "INTERRUPTED: run %s, %s to %s, did not end: banger-update recover\n",
			      text_of(interrupted, "run"), text_of(interrupted, "command"),
			      text_of(interrupted, "to"));
	}
	print_rollback(to, json_object_get(state, "rollback"), text_of(state, "rollback_refused"));
	print_last(to, json_object_get(state, "last"));
	print_held(to, json_object_get(state, "held"));
	return fflush(to) == 0 && ferror(to) == 0;
}
