/*
 * history.c - history.h: one JSON object is made, and either printed or told.
 */
#include "update/history.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/guard.h"
#include "update/json.h"

/* More runs than anybody reads. */
#define RUNS_SHOWN 1000

static json_t *entry_value(const struct journal_entry *entry)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "run",
			 json_text(entry->id), "command", json_text(entry->command), "from",
			 json_text(entry->from), "to", json_text(entry->to), "started",
			 json_text(entry->started_at), "ended", json_text(entry->ended_at),
			 "result", json_text(entry->result), "detail", json_text(entry->detail),
			 "committed", entry->committed_at[0] != '\0');
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static int end(FILE *to, json_t *object, struct error *err)
{
	bool written = object != NULL && json_write(to, object);

	return written ? 0 : error_set(err, -EIO, "cannot write the answer");
}

static int finish(FILE *to, struct error *err)
{
	return fflush(to) == 0 && ferror(to) == 0 ? 0
						  : error_set(err, -EIO, "cannot write the answer");
}

static void tell_line(FILE *to, const json_t *run)
{
	const char *from = text_of(run, "from");
	const char *result = text_of(run, "result");

	(void)fprintf(to, "%s  %-8s  %s -> %s  %s\n", text_of(run, "run"), text_of(run, "command"),
		      from[0] != '\0' ? from : "-", text_of(run, "to"),
		      result[0] != '\0' ? result : "not ended");
}

int history_list(FILE *to, struct journal *journal, bool json, struct error *err)
{
	auto_journal_entries struct journal_entries entries = {0};
	int rc = journal_runs(journal, RUNS_SHOWN, &entries, err);
	json_t *runs = json_array();

	for (size_t i = 0; i < entries.count && rc == 0; i++) {
		json_t *run = entry_value(&entries.items[i]);

		if (!json) {
			tell_line(to, run);
		}
		if (json_array_append_new(runs, run) != 0) {
			rc = error_no_memory(err);
		}
	}
	if (rc < 0 || !json) {
		json_decref(runs);
		return rc < 0 ? rc : finish(to, err);
	}
	return end(to,
		   json_pack("{s:i, s:s, s:o}", "schema", JSON_SCHEMA, "command", "history", "runs",
			     runs),
		   err);
}

static int add_event(void *data, const struct journal_event *event, struct error *err)
{
	json_t *one = json_pack("{s:o, s:o, s:o, s:o}", "at", json_text(event->at), "phase",
				json_text(event->phase), "state", json_text(event->state), "detail",
				json_text(event->detail));

	return json_array_append_new(data, one) == 0 ? 0 : error_no_memory(err);
}

static int add_finding(void *data, const struct journal_finding *finding, struct error *err)
{
	json_t *one =
		json_pack("{s:o, s:o, s:o, s:o, s:o}", "plugin", json_text(finding->plugin),
			  "verdict", json_text(finding->verdict), "code", json_text(finding->code),
			  "text", json_text(finding->text), "remedy", json_text(finding->remedy));

	return json_array_append_new(data, one) == 0 ? 0 : error_no_memory(err);
}

static void tell_run(FILE *to, const json_t *run)
{
	const char *detail = text_of(run, "detail");
	size_t index = 0;
	const json_t *one = NULL;

	tell_line(to, run);
	(void)fprintf(to, "  begun %s, ended %s\n", text_of(run, "started"), text_of(run, "ended"));
	json_array_foreach(json_object_get(run, "events"), index, one)
	{
		const char *more = text_of(one, "detail");

		(void)fprintf(to, "  %s  %-10s %s%s%s\n", text_of(one, "at"), text_of(one, "phase"),
			      text_of(one, "state"), more[0] != '\0' ? ": " : "", more);
	}
	json_array_foreach(json_object_get(run, "findings"), index, one)
	{
		const char *remedy = text_of(one, "remedy");

		(void)fprintf(to, "  %s, %s: %s\n", text_of(one, "plugin"), text_of(one, "verdict"),
			      text_of(one, "text"));
		if (remedy[0] != '\0') {
			(void)fprintf(to, "    -> %s\n", remedy);
		}
	}
	if (detail[0] != '\0') {
		(void)fprintf(to, "  because: %s\n", detail);
	}
}

static const struct journal_entry *find(const struct journal_entries *entries, const char *run)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (strcmp(entries->items[i].id, run) == 0) {
			return &entries->items[i];
		}
	}
	return NULL;
}

static int fill(struct journal *journal, const char *id, json_t *run, struct error *err)
{
	json_t *events = json_array();
	json_t *findings = json_array();

	(void)json_object_set_new(run, "events", events);
	(void)json_object_set_new(run, "findings", findings);
	int rc = journal_events(journal, id, add_event, events, err);

	return rc < 0 ? rc : journal_read_findings(journal, id, add_finding, findings, err);
}

int history_run(FILE *to, struct journal *journal, const char *id, bool json, struct error *err)
{
	auto_journal_entries struct journal_entries entries = {0};
	int rc = journal_runs(journal, SIZE_MAX, &entries, err);
	const struct journal_entry *entry = rc < 0 ? NULL : find(&entries, id);

	if (rc == 0 && entry == NULL) {
		rc = error_set(err, -ENOENT, "the journal knows no run %s; see `history`", id);
	}
	if (rc < 0) {
		return rc;
	}
	json_t *run = entry_value(entry);

	rc = run == NULL ? error_no_memory(err) : fill(journal, id, run, err);
	if (rc < 0 || !json) {
		if (rc == 0) {
			tell_run(to, run);
		}
		json_decref(run);
		return rc < 0 ? rc : finish(to, err);
	}
	return end(to,
		   json_pack("{s:i, s:s, s:o}", "schema", JSON_SCHEMA, "command", "history", "run",
			     run),
		   err);
}
