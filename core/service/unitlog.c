/*
 * unitlog.c - unitlog.h: read backwards from the end; systemd.journal-fields(7) has the fields.
 */
#include "service/unitlog.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "service/tail.h"

#define FIELD     "MESSAGE="
#define LINES_MAX 5
#define LINE_MAX_ 400
#define MATCH_MAX 96

/* The invocation is named by processes' lines, by lines about a system unit, by those about a
 * user's. */
static const char *const fields[] = {"_SYSTEMD_INVOCATION_ID", "INVOCATION_ID",
				     "USER_INVOCATION_ID"};

static int match(const struct sdlib *lib, sd_journal *journal, const char *invocation)
{
	char text[MATCH_MAX];
	int rc = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && rc >= 0; i++) {
		(void)snprintf(text, sizeof(text), "%s=%s", fields[i], invocation);
		rc = i > 0 ? lib->sd_journal_add_disjunction(journal) : 0;
		rc = rc < 0 ? rc : lib->sd_journal_add_match(journal, text, 0);
	}
	return rc;
}

/* Newest first; the text is put together from its end. */
static size_t read_lines(const struct sdlib *lib, sd_journal *journal,
			 char lines[LINES_MAX][LINE_MAX_])
{
	size_t count = 0;

	while (count < LINES_MAX && lib->sd_journal_previous(journal) > 0) {
		const void *data = NULL;
		size_t length = 0;

		/* "Starting bangerd.service …" tells nobody anything. */
		if (lib->sd_journal_get_data(journal, "JOB_ID", &data, &length) >= 0) {
			continue;
		}
		if (lib->sd_journal_get_data(journal, "MESSAGE", &data, &length) < 0 ||
		    length < strlen(FIELD)) {
			continue;
		}
		(void)snprintf(lines[count++], LINE_MAX_, "%.*s", (int)(length - strlen(FIELD)),
			       (const char *)data + strlen(FIELD));
	}
	return count;
}

int unitlog_append(const struct sdlib *lib, const char *invocation, struct error *err)
{
	auto_buffer struct buffer text = BUFFER_INIT((size_t)LINES_MAX * (LINE_MAX_ + 1));
	char lines[LINES_MAX][LINE_MAX_];
	sd_journal *journal = NULL;
	size_t count = 0;

	if (invocation[0] == '\0' || lib->sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY) < 0) {
		return err->code;
	}
	(void)lib->sd_journal_set_data_threshold(journal, LINE_MAX_);
	if (match(lib, journal, invocation) >= 0 && lib->sd_journal_seek_tail(journal) >= 0) {
		count = read_lines(lib, journal, lines);
	}
	lib->sd_journal_close(journal);
	while (count-- > 0) {
		if (buffer_add_format(&text, "%s\n", lines[count]) < 0) {
			return err->code;
		}
	}
	tail_append_text(buffer_text(&text), err);
	return err->code;
}
