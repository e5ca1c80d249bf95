/*
 * say.c - say.h: one sentence on how a command ended; success on stdout, everything else on stderr.
 */
#include "update/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/guard.h"
#include "update/json.h"

const char *say_was(const struct update *update)
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
	const char *version = update->release.version.text;

	say_failure(update, 0, "ROLLBACK INCOMPLETE, a person is needed. %s%s%s: %s", product,
		    version[0] != '\0' ? " " : "", version, update->failure.text);
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

/* How a recovery ended that needs no person. */
static void say_recovered(const struct update *update, const char *product)
{
	if (update->recovered[0] != '\0') {
		(void)printf("%s is whole again: %s\n", product, update->recovered);
	} else {
		(void)printf("%s is whole: there is nothing to recover\n", product);
	}
}

static const char *nothing_changed(const struct update *update)
{
	return update->changed ? "nothing more was changed" : "nothing was changed";
}

void say_result(const struct update *update)
{
	const char *product = update->product != NULL ? update->product : "";
	const char *version = update->release.version.text;
	const char *why = update->failure.text;

	if (update->recovers && update->failure.text[0] == '\0') {
		say_recovered(update, product);
		return;
	}
	switch (update->result) {
	case RESULT_UPDATED:
		(void)printf("%s %s is installed and healthy (was %s)\n", product, version,
			     say_was(update));
		break;
	case RESULT_UP_TO_DATE:
		(void)printf("%s is up to date: %s is installed, %s is the %s release\n", product,
			     say_was(update), version, was_named(update) ? "wanted" : "latest");
		break;
	case RESULT_AVAILABLE:
		(void)printf("%s %s is available (installed: %s)\n", product, version,
			     say_was(update));
		break;
	case RESULT_WOULD_UPDATE:
		(void)printf("%s would be updated from %s to %s; nothing was changed\n", product,
			     say_was(update), version);
		break;
	case RESULT_REFUSED:
		say_failure(update, 0, "refused: %s; %s", why, nothing_changed(update));
		break;
	case RESULT_BUSY:
		say_failure(update, 0, "try again later: %s; %s", why, nothing_changed(update));
		break;
	case RESULT_ERROR:
		say_failure(update, 0, "error: %s; %s", why, nothing_changed(update));
		say_mirrors(update);
		break;
	case RESULT_ROLLED_BACK:
		say_rolled_back(update, product);
		break;
	case RESULT_ROLLBACK_INCOMPLETE:
		say_to_do(update, product);
		break;
	case RESULT_HELD:
		(void)printf("%s %s is held: it is installed only when it is named with --to\n",
			     product, version);
		break;
	case RESULT_USAGE:
		say_failure(update, 0, "configuration: %s", why);
		break;
	}
}

int say_end(struct update *update, int exit_code)
{
	if (update->options->json) {
		/* An answer that nobody could read is an error, but what was done stays done. */
		bool told = json_print(stdout, update, exit_code);

		return told || update->changed ? exit_code : result_exit_code(RESULT_ERROR);
	}
	say_result(update);
	return exit_code;
}

int say_usage(const struct options *options, const char *text)
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
