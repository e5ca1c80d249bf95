/*
 * commands.c - the commands of banger-update: one function and one row each.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "update/json.h"
#include "update/mirrors.h"
#include "update/phases.h"
#include "update/show.h"
#include "update/update.h"

#define auto_update __attribute__((cleanup(update_finish)))

static const char *was(const struct update *update)
{
	return update->installed != NULL ? update->installed : "not installed";
}

static bool was_named(const struct update *update)
{
	return update->options->to != NULL || update->options->release != NULL;
}

/* A sentence on stderr: wrapped for a terminal, one line for everything else. SQLite's messages,
 * for one, quote what is in a database, so it is made harmless first. */
PRINTF_LIKE(3, 4)
static void say_failure(const struct update *update, unsigned indent, const char *format, ...)
{
	char text[2 * ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_sanitize(text);
	if (update->report.is_terminal) {
		report_wrap(stderr, update->report.width, indent, text);
	} else {
		(void)fprintf(stderr, "%s\n", text);
	}
}

/* "banger 0.1.0 runs again and is as well as before" */
static void say_rolled_back(const struct update *update, const char *product)
{
	const char *version = update->release.version.text;
	const char *why = update->failure.text;

	if (update->installed == NULL) {
		say_failure(update, 0, "rolled back: everything is as before; %s %s failed: %s",
			    product, version, why);
		return;
	}
	say_failure(update, 0,
		    "rolled back: %s %s runs again and is as well as before; %s failed: %s",
		    product, update->installed, version, why);
}

static void say_to_do(const struct update *update, const char *product)
{
	say_failure(update, 0, "ROLLBACK INCOMPLETE, a person is needed. %s %s failed: %s", product,
		    update->release.version.text, update->failure.text);
	for (size_t i = 0; i < update->to_do.count; i++) {
		(void)fprintf(stderr, "  %zu. ", i + 1);
		say_failure(update, 5, "%s", update->to_do.items[i]);
	}
}

/* All that was wrong, one address a line. */
static void say_mirrors(const struct update *update)
{
	for (size_t i = 0; i < update->bad_mirrors.count; i++) {
		const struct pair *mirror = &update->bad_mirrors.items[i];

		(void)fputs("  ", stderr);
		say_failure(update, 4, "%s: %s", mirror->key, mirror->value);
	}
}

/* One sentence on how the run ended: success on stdout, everything else on stderr. */
static void say_result(const struct update *update)
{
	const char *product = update->config != NULL ? update->config->product : "";
	const char *version = update->release.version.text;
	const char *why = update->failure.text;

	switch (update->result) {
	case RESULT_UPDATED:
		(void)printf("%s %s is installed and healthy (was %s)\n", product, version,
			     was(update));
		break;
	case RESULT_UP_TO_DATE:
		(void)printf("%s is up to date: %s is installed, %s is the %s release\n", product,
			     was(update), version, was_named(update) ? "wanted" : "latest");
		break;
	case RESULT_AVAILABLE:
		(void)printf("%s %s is available (installed: %s)\n", product, version, was(update));
		break;
	case RESULT_WOULD_UPDATE:
		(void)printf("%s would be updated from %s to %s; nothing was changed\n", product,
			     was(update), version);
		break;
	case RESULT_REFUSED:
		say_failure(update, 0, "refused: %s; nothing was changed", why);
		break;
	case RESULT_BUSY:
		say_failure(update, 0, "try again later: %s; nothing was changed", why);
		break;
	case RESULT_ERROR:
		say_failure(update, 0, "error: %s; nothing was changed", why);
		say_mirrors(update);
		break;
	case RESULT_ROLLED_BACK:
		say_rolled_back(update, product);
		break;
	case RESULT_ROLLBACK_INCOMPLETE:
		say_to_do(update, product);
		break;
	case RESULT_USAGE:
		say_failure(update, 0, "configuration: %s", why);
		break;
	}
}

/* The end of every command: the result is told, and becomes the exit code. */
static int tell(struct update *update, int exit_code)
{
	if (update->options->json) {
		/* An answer that nobody could read is an error, but what was done stays done. */
		bool told = json_print(stdout, update, exit_code);

		return told || update->changed ? exit_code : result_exit_code(RESULT_ERROR);
	}
	say_result(update);
	return exit_code;
}

/* A journal that cannot be opened by this user is not missed: `installed` answers instead. */
static void open_journal_to_read(struct update *update)
{
	struct error ignored;
	auto_free char *path = path_join(update->config->state_dir, "journal.db");

	if (path != NULL && access(path, R_OK | W_OK) == 0 &&
	    journal_open(update->config->state_dir, NULL, &update->journal, &ignored) < 0) {
		update->journal = NULL;
	}
}

/* One look at the manifest, for timers: no lock, no trace. */
static void check(struct update *update)
{
	struct error err = {0};

	open_journal_to_read(update);
	helpers_open_fetch(&update->helpers);
	int rc = update_check_unfinished(update, &err);

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
	if (rc < 0) {
		(void)update_fail(update, RESULT_ERROR, &err);
	} else if (update->result != RESULT_UP_TO_DATE) {
		update->result = RESULT_AVAILABLE;
	}
}

static void walk(struct update *update, const char *until)
{
	struct error err = {0};

	if (update_prepare(update, &err) < 0) {
		return;
	}
	report_title(&update->report, update->config->product, update->run);
	phases_walk(update, until);
	update_conclude(update);
}

static bool has_failed(const struct update *update)
{
	return update->failure.text[0] != '\0';
}

static int run_update(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) == 0) {
		if (options->check) {
			check(&update);
		} else {
			update.records = !options->dry_run;
			walk(&update, options->dry_run ? "stop" : NULL);
		}
		if (options->dry_run && !has_failed(&update) &&
		    update.result != RESULT_UP_TO_DATE) {
			update.result = RESULT_WOULD_UPDATE;
		}
	}
	return tell(&update, result_exit_code(update.result));
}

/* An asking command: its first line says the verdict in a word, its exit code says the same. */
static int tell_verdict(struct update *update)
{
	enum verdict verdict = update->preflight.verdict;

	/* A failure of our own behind verdicts that would have allowed it. */
	if (has_failed(update) && (verdict == 0 || verdict_allows(verdict))) {
		return tell(update, result_exit_code(update->result));
	}
	if (update->result == RESULT_UP_TO_DATE) {
		verdict = VERDICT_SKIP;
	}
	int exit_code = verdict_exit_code(verdict);

	if (update->options->json) {
		return tell(update, exit_code);
	}
	(void)printf("%s: %s %s (installed: %s)\n", verdict_word(verdict), update->config->product,
		     update->release.version.text, was(update));
	return exit_code;
}

static int run_preflight(const struct options *options)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) < 0) {
		return tell(&update, result_exit_code(update.result));
	}
	walk(&update, "baseline");
	if (!has_failed(&update) && update.result != RESULT_UP_TO_DATE) {
		update.result = RESULT_AVAILABLE;
	}
	return tell_verdict(&update);
}

static int say_usage(const struct options *options, const char *text)
{
	struct error err;

	(void)error_set(&err, -EINVAL, "%s", text);
	if (options->json) {
		(void)json_print_usage(stdout, options->command->name, &err);
	} else {
		(void)fprintf(stderr, "banger-update: %s\n", err.text);
	}
	return result_exit_code(RESULT_USAGE);
}

static int check_command(struct update *update)
{
	const struct config *config = update->config;
	size_t files = 0;

	update->result = RESULT_UP_TO_DATE;
	if (update->options->json) {
		return tell(update, 0);
	}
	for (size_t i = 0; i < config->sources.count; i++) {
		files += config->sources.items[i].state == SOURCE_READ;
	}
	(void)printf("%s: fine: %s with %zu artifacts, %zu services, %zu databases, read from %zu "
		     "file%s\n",
		     config->path, config->product, config->host.artifact_count,
		     config->host.service_count, config->host.database_count, files,
		     files == 1 ? "" : "s");
	return 0;
}

static int show_command(struct update *update)
{
	bool is_out = update->options->json
			      ? json_print_config(stdout, update->config)
			      : show_config(stdout, update->config, update->report.width);

	return result_exit_code(is_out ? RESULT_UP_TO_DATE : RESULT_ERROR);
}

typedef int (*config_command)(struct update *update);

static int run_config_command(const struct options *options, config_command command)
{
	auto_update struct update update;
	struct error err = {0};

	if (update_init(&update, options, &err) < 0) {
		return tell(&update, result_exit_code(update.result));
	}
	return command(&update);
}

static int run_config(const struct options *options)
{
	const char *word = options->arguments.items[0];

	if (strcmp(word, "show") == 0) {
		return run_config_command(options, show_command);
	}
	if (strcmp(word, "check") == 0) {
		return run_config_command(options, check_command);
	}
	return say_usage(options, "there are `config show` and `config check`");
}

const struct command_row command_rows[] = {
	{"update", "", "the whole way, from the manifest to a healthy new release", run_update,
	 OPTION_RELEASE | OPTION_WAIVE | OPTION_UPDATE, 0},
	{"preflight", "", "only ask whether this release may be installed here", run_preflight,
	 OPTION_RELEASE | OPTION_WAIVE, 0},
	{"config", "show|check", "every value with its file and line; what is wrong", run_config, 0,
	 1},
	{NULL, NULL, NULL, NULL, 0, 0},
};
