/*
 * commands.c - the commands of banger-update: one function and one row each.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "update/after.h"
#include "update/command.h"
#include "update/json.h"
#include "update/messages.h"
#include "update/mirrors.h"
#include "update/phases.h"
#include "update/say.h"
#include "update/state.h"
#include "update/update.h"

#define auto_update __attribute__((cleanup(update_finish)))

/* A journal that is not there, or not for this user to read, is not missed: `installed` answers
 * instead. What one says that cannot be read as it is, nobody knows. */
static int open_journal_to_read(struct update *update, struct error *err)
{
	int rc = journal_open_to_read(update->state_dir, &update->journal, err);

	return rc == -ENOENT || rc == -EACCES || rc == -EPERM ? 0 : rc;
}

/* One look at the manifest, for timers: no lock, no trace. */
static void check(struct update *update)
{
	struct error err = {0};

	helpers_open_fetch(&update->helpers);
	int rc = open_journal_to_read(update, &err);

	if (rc == 0) {
		rc = update_check_unfinished(update, &err);
	}
	if (rc == 0) {
		rc = update_find_installed(update, &err);
	}
	if (rc == 0) {
		rc = mirrors_open(update, &err);
	}
	if (rc == 0) {
		do {
			rc = update_discover(update, &err);
		} while (rc < 0 && mirrors_next(update, &err));
	}
	if (update->result == RESULT_REFUSED) {
		/* There is something newer, but nothing that an update would install. */
		report_problem(&update->report, err.text);
		update->result = RESULT_UP_TO_DATE;
	} else if (rc < 0) {
		(void)update_fail(update, RESULT_ERROR, &err);
	} else if (update->result != RESULT_UP_TO_DATE) {
		update->result = RESULT_AVAILABLE;
	}
}

static void walk(struct update *update, enum way way, const char *until)
{
	struct error err = {0};

	if (update_prepare(update, &err) < 0) {
		return;
	}
	report_title(&update->report, update->product, update->run);
	phases_walk(update, way, until);
	update_conclude(update);
}

/* For whoever reads systemd's journal, or is called by it. */
static void tell_journal(const struct update *update)
{
	struct message message = {
		.product = update->product,
		.run = update->run,
		.from = update->installed,
		.to = update->release.version.text,
		.phase = update->failed_phase,
		.unit = update->failed_unit,
		.verdict = verdict_word(update->preflight.verdict),
	};
	auto_free char *text = NULL;

	if (!message_of_result(update->result, &message.kind)) {
		return;
	}
	bool failed = update->failure.text[0] != '\0';

	if (asprintf(&text, "%s: %s%s%s: %s%s%s", update->product, say_was(update),
		     message.to[0] != '\0' ? " to " : "", message.to, result_word(update->result),
		     failed ? ": " : "", update->failure.text) < 0) {
		text = NULL;
		return;
	}
	message.text = text;
	message_send(&message);
}

/* The run is over, and everybody may know: the lock is given back first. */
static int end_run(struct update *update)
{
	int exit_code = result_exit_code(update->result);
	bool is_over = update->journaled;

	if (is_over || update->result == RESULT_AVAILABLE) {
		tell_journal(update);
	}
	if (is_over) {
		state_publish(update, update->config->status_file);
	}
	journal_close(&update->journal);
	lock_release(&update->lock);
	if (is_over) {
		after_run(update, exit_code);
	}
	return say_end(update, exit_code);
}

/* Remembers not to install a version by itself; nothing else. */
static void hold(struct update *update, const char *text)
{
	struct error err = {0};
	struct version version;
	int rc = version_parse(text, &version, &err);

	if (rc < 0) {
		(void)update_fail(update, RESULT_USAGE, &err);
		return;
	}
	rc = update_lock(update, &err);
	rc = rc < 0 ? rc
		    : journal_condemn(update->journal, version.text, NULL,
				      "held back by an operator", &err);
	if (rc < 0) {
		(void)update_fail(update, rc == -EBUSY ? RESULT_BUSY : RESULT_ERROR, &err);
		return;
	}
	state_publish(update, update->config->status_file);
	update->release.version = version;
	update->result = RESULT_HELD;
}

static bool has_failed(const struct update *update)
{
	return update->failure.text[0] != '\0';
}

static void end_dry_run(struct update *update)
{
	if (update->options->dry_run && !has_failed(update) &&
	    update->result != RESULT_UP_TO_DATE) {
		update->result = RESULT_WOULD_UPDATE;
	}
}

static int run_update(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) == 0) {
		if (options->hold != NULL) {
			hold(&update, options->hold);
		} else if (options->check) {
			check(&update);
		} else {
			update.records = !options->dry_run;
			walk(&update, WAY_UPDATE, options->dry_run ? "snapshot" : NULL);
		}
		end_dry_run(&update);
	}
	return end_run(&update);
}

static int run_rollback(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) == 0) {
		update.records = !options->dry_run;
		walk(&update, WAY_ROLLBACK, options->dry_run ? "confirm" : NULL);
		end_dry_run(&update);
	}
	return end_run(&update);
}

/* An asking command: its first line says the verdict in a word, its exit code says the same. */
static int tell_verdict(struct update *update)
{
	enum verdict verdict = update->preflight.verdict;

	/* A failure of our own behind verdicts that would have allowed it. */
	if (has_failed(update) && (verdict == 0 || verdict_allows(verdict))) {
		return say_end(update, result_exit_code(update->result));
	}
	if (update->result == RESULT_UP_TO_DATE) {
		verdict = VERDICT_SKIP;
	}
	int exit_code = verdict_exit_code(verdict);

	if (update->options->json) {
		return say_end(update, exit_code);
	}
	(void)printf("%s: %s %s (installed: %s)\n", verdict_word(verdict), update->config->product,
		     update->release.version.text, say_was(update));
	return exit_code;
}

static int run_preflight(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) < 0) {
		return say_end(&update, result_exit_code(update.result));
	}
	walk(&update, WAY_UPDATE, "baseline");
	if (!has_failed(&update) && update.result != RESULT_UP_TO_DATE) {
		update.result = RESULT_AVAILABLE;
	}
	return tell_verdict(&update);
}

int command_rollback(const struct options *options)
{
	if (!options->yes && !options->dry_run && isatty(STDIN_FILENO) != 1) {
		return say_usage(options, "without a terminal to ask on, `rollback` wants --yes");
	}
	return run_rollback(options);
}

const struct command_row command_rows[] = {
	{"update", "", "the whole way, from the manifest to a healthy new release", run_update,
	 OPTION_RELEASE | OPTION_WAIVE | OPTION_UPDATE | OPTION_DRY_RUN, 0, false},
	{"preflight", "", "only ask whether this release may be installed here", run_preflight,
	 OPTION_RELEASE | OPTION_WAIVE, 0, false},
	{"rollback", "", "back to the release before, from the files kept beside", command_rollback,
	 OPTION_WAIVE | OPTION_DRY_RUN | OPTION_BACK, 0, false},
	{"recover", "", "make whole what a killed run left half-way", command_recover,
	 OPTION_RECOVER | OPTION_WAIVE, 0, false},
	{"status", "", "what is installed, and what can be gone back to", command_status, 0, 0,
	 false},
	{"history", "[RUN]", "every run, or one: why it ended as it did", command_history, 0, 1,
	 false},
	{"config", "show|check", "every value with its file and line; what is wrong",
	 command_config, 0, 1, true},
	{"plugin", "new|list|check|lint", "for authors of plugins, and what would run",
	 command_plugin, OPTION_PLUGIN, 2, false},
	{NULL, NULL, NULL, NULL, 0, 0, false},
};
