/*
 * unit_verify.c - unit_verify.h: one complaint, the first that is about the unit itself.
 */
#include "service/unit_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/text.h"

#define ANALYZE    "/usr/bin/systemd-analyze"
#define TIMEOUT_MS 30000
#define LINE_SHOWN 300
#define COPY_MODE  0644

/* The first line of text in which file occurs, without the directory of the copy. */
static bool find_line(const char *text, const char *file, char line[static LINE_SHOWN])
{
	const char *found = strstr(text, file);
	const char *name = path_name(file);

	if (found == NULL) {
		return false;
	}
	found += name - file;
	(void)snprintf(line, LINE_SHOWN, "%.*s", (int)strcspn(found, "\n"), found);
	return true;
}

static void first_line(const char *text, const char *other, char line[static LINE_SHOWN])
{
	const char *shown = text[strspn(text, "\n")] != '\0' ? text : other;

	shown += strspn(shown, "\n");
	(void)snprintf(line, LINE_SHOWN, "%.*s", (int)strcspn(shown, "\n"), shown);
}

struct unit_opinion unit_opinion_of(const char *file, const struct process_status *status,
				    const char *output, const char *errors)
{
	struct unit_opinion opinion = {.word = "accepted"};
	char end[PROCESS_STATUS_TEXT_MAX];
	char line[LINE_SHOWN];

	if (status->timed_out || status->signal != 0) {
		opinion.word = "unknown";
		(void)error_set(&opinion.reason, -EIO, ANALYZE " verify %s",
				process_status_text(status, end));
		return opinion;
	}
	if (!find_line(errors, file, line) && !find_line(output, file, line)) {
		first_line(errors, output, line);
	}
	if (status->exit_code != 0 || line[0] != '\0') {
		opinion.word = "refused";
		(void)error_set(&opinion.reason, -EINVAL, "%s",
				line[0] != '\0' ? line : process_status_text(status, end));
		text_sanitize(opinion.reason.text);
	}
	return opinion;
}

static int copy_unit(const char *from, const char *to, struct error *err)
{
	auto_close int source = file_open(from, err);

	if (source < 0) {
		return source;
	}
	auto_close int target =
		open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, COPY_MODE);

	if (target < 0) {
		return error_set(err, -errno, "cannot create %s: %s", to, strerror(errno));
	}
	return file_copy(source, target, to, err);
}

static int ask(const char *copy, bool is_user, struct process_result *ret, struct error *err)
{
	const char *const words[] = {
		ANALYZE, is_user ? "--user" : "--system", "--man=no", "verify", copy, NULL,
	};
	const struct process_options options = {.argv = words};

	return process_run_options(&options, TIMEOUT_MS, ret, err);
}

struct unit_opinion unit_verify(const char *staged, const char *install, const char *directory)
{
	auto_process_result struct process_result result = {0};
	auto_free char *copy = path_join(directory, path_name(install));
	struct unit_opinion unknown = {.word = "unknown"};
	int rc = copy == NULL ? error_no_memory(&unknown.reason)
			      : copy_unit(staged, copy, &unknown.reason);

	rc = rc < 0 ? rc
		    : ask(copy, strstr(install, "/systemd/user/") != NULL, &result,
			  &unknown.reason);
	return rc < 0 ? unknown
		      : unit_opinion_of(copy, &result.status, buffer_text(&result.output),
					buffer_text(&result.errors));
}
