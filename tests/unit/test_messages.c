/*
 * test_messages.c - the journal's entries, and that code and catalog mean the same by them.
 */
#include "update/messages.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/scratch.h"

#define CATALOG BANGER_SOURCE_DIR "/packaging/systemd/banger-update.catalog"

static size_t count(const char *text, const char *word)
{
	size_t found = 0;

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		found++;
	}
	return found;
}

Test(messages, each_has_one_entry_in_the_catalog)
{
	char *catalog = scratch_read(CATALOG);

	for (size_t i = 0; i < MESSAGE_KINDS; i++) {
		char line[64];

		cr_assert_eq(strlen(message_rows[i].id), 32);
		cr_assert_eq(strspn(message_rows[i].id, "0123456789abcdef"), 32);
		(void)snprintf(line, sizeof(line), "\n-- %s\nSubject: ", message_rows[i].id);
		cr_assert_eq(count(catalog, line), 1, "%s", line);
	}
	cr_assert_eq(count(catalog, "\n-- "), (size_t)MESSAGE_KINDS);
	free(catalog);
}

static bool is_field(const char *name, size_t length)
{
	struct journald_field fields[MESSAGE_FIELDS];

	message_fill(&(const struct message){.kind = MESSAGE_BEGUN}, fields);
	for (size_t i = 0; i < MESSAGE_FIELDS; i++) {
		if (strlen(fields[i].name) == length &&
		    strncmp(fields[i].name, name, length) == 0) {
			return true;
		}
	}
	return false;
}

Test(messages, the_catalog_asks_for_fields_that_there_are)
{
	char *catalog = scratch_read(CATALOG);
	size_t names = 0;

	for (char *name = strchr(catalog, '@'); name != NULL; name = strchr(name, '@')) {
		size_t length = strcspn(name + 1, "@");

		cr_assert(is_field(name + 1, length), "%.*s", (int)length, name + 1);
		name += length + 2;
		names++;
	}
	cr_assert_gt(names, 0);
	free(catalog);
}

Test(messages, an_entry_says_what_the_run_is_about)
{
	struct journald_field fields[MESSAGE_FIELDS];
	const struct message message = {.kind = MESSAGE_ROLLED_BACK,
					.text = "rolled back",
					.product = "banger",
					.run = "r",
					.from = "1",
					.to = "2",
					.phase = "health",
					.unit = "bangerd.service",
					.verdict = "needed"};
	static const char *const expected[][2] = {
		{"MESSAGE", "rolled back"},
		{"MESSAGE_ID", "1dda387f48394f3d9f7b3ded38d71623"},
		{"PRIORITY", "3"},
		{"SYSLOG_IDENTIFIER", "banger-update"},
		{"BANGER_PRODUCT", "banger"},
		{"BANGER_RUN", "r"},
		{"BANGER_FROM", "1"},
		{"BANGER_TO", "2"},
		{"BANGER_PHASE", "health"},
		{"BANGER_UNIT", "bangerd.service"},
		{"BANGER_VERDICT", "needed"},
	};

	message_fill(&message, fields);
	for (size_t i = 0; i < MESSAGE_FIELDS; i++) {
		cr_assert_str_eq(fields[i].name, expected[i][0]);
		cr_assert_str_eq(fields[i].value, expected[i][1]);
	}
}

Test(messages, the_worse_a_result_is_the_more_urgent_is_its_entry)
{
	enum message_kind rolled_back = MESSAGE_KINDS;
	enum message_kind incomplete = MESSAGE_KINDS;
	enum message_kind updated = MESSAGE_KINDS;

	cr_assert(message_of_result(RESULT_UPDATED, &updated));
	cr_assert(message_of_result(RESULT_ROLLED_BACK, &rolled_back));
	cr_assert(message_of_result(RESULT_ROLLBACK_INCOMPLETE, &incomplete));
	cr_assert_eq(updated, MESSAGE_UPDATED);
	cr_assert_eq(rolled_back, MESSAGE_ROLLED_BACK);
	cr_assert_eq(incomplete, MESSAGE_INCOMPLETE);
	cr_assert_lt(strcmp(message_rows[incomplete].priority, message_rows[rolled_back].priority),
		     0);
	cr_assert_lt(strcmp(message_rows[rolled_back].priority, message_rows[updated].priority), 0);
	cr_assert_not(message_of_result(RESULT_UP_TO_DATE, &updated));
}
