/*
 * test_journald.c - entries as a journal gets them, and what becomes of them where there is none.
 */
#include "base/journald.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/limits.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;
static int journal = -1;

static void listen_at_path(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	scratch = scratch_make();
	path = scratch_path(&scratch, "socket");
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(journal, (const struct sockaddr *)&address, sizeof(address)), 0);
}

static void end(void)
{
	(void)close(journal);
	free(path);
	scratch_remove(&scratch);
}

TestSuite(journald, .init = listen_at_path, .fini = end);

/* Sends, and returns what arrived; -1: nothing. */
static ssize_t deliver(const struct journald_field *fields, size_t count, char *ret, size_t size)
{
	journald_send_to(path, fields, count);
	ssize_t length = recv(journal, ret, size - 1, MSG_DONTWAIT);

	ret[length > 0 ? length : 0] = '\0';
	return length;
}

Test(journald, a_field_is_a_line)
{
	char text[256];
	const struct journald_field fields[] = {{"MESSAGE", "all = well"}, {"PRIORITY", "5"}};

	cr_assert_gt(deliver(fields, 2, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "MESSAGE=all = well\nPRIORITY=5\n");
}

Test(journald, a_value_of_several_lines_has_its_length)
{
	char text[256];
	const char expected[] = "MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nUNIT=x\n";
	const struct journald_field fields[] = {{"MESSAGE", "a\nb"}, {"UNIT", "x"}};

	cr_assert_eq(deliver(fields, 2, text, sizeof(text)), (ssize_t)sizeof(expected) - 1);
	cr_assert_eq(memcmp(text, expected, sizeof(expected) - 1), 0);
}

Test(journald, what_has_no_value_is_left_out)
{
	char text[256];
	const struct journald_field fields[] = {{"BANGER_UNIT", NULL},
						{"BANGER_PHASE", ""},
						{"MESSAGE", "m"}};

	cr_assert_gt(deliver(fields, 3, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "MESSAGE=m\n");
	cr_assert_eq(deliver(fields, 2, text, sizeof(text)), -1, "an entry without a field");
}

Test(journald, an_entry_that_is_too_long_is_cut_off)
{
	char *value = malloc(2 * LIMIT_JOURNALD_ENTRY);
	char *text = malloc(2 * LIMIT_JOURNALD_ENTRY);
	const struct journald_field fields[] = {{"MESSAGE", value},
						{"PRIORITY", "5"},
						{"BANGER_UNIT", "u"}};

	memset(value, 'x', (2 * LIMIT_JOURNALD_ENTRY) - 1);
	value[(2 * LIMIT_JOURNALD_ENTRY) - 1] = '\0';
	ssize_t length = deliver(fields, 3, text, 2 * LIMIT_JOURNALD_ENTRY);

	cr_assert_gt(length, (ssize_t)LIMIT_JOURNALD_ENTRY - 64);
	cr_assert_leq(length, (ssize_t)LIMIT_JOURNALD_ENTRY);
	cr_assert_eq(text[length - 1], '\n');
	cr_assert_eq(strncmp(text, "MESSAGE=xxx", 11), 0);
	free(value);
	free(text);
}

Test(journald, without_a_journal_nothing_happens)
{
	const struct journald_field fields[] = {{"MESSAGE", "m"}};
	char longest[300];

	(void)close(journal);
	journald_send_to(path, fields, 1); /* refused */
	cr_assert_eq(unlink(path), 0);
	journald_send_to(path, fields, 1); /* not there */
	memset(longest, 'p', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	journald_send_to(longest, fields, 1);
}

Test(journald, a_journal_that_does_not_read_holds_nobody_up, .timeout = 60)
{
	const struct journald_field fields[] = {{"MESSAGE", "m"}};
	uint64_t deadline = clock_deadline(30000);
	int size = 1;
	size_t sent = 0;

	cr_assert_eq(setsockopt(journal, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	/* Until one takes longer than a datagram does: that is the one that waited. */
	for (int took = 0; took < 500; sent++) {
		int before = clock_left(deadline);

		cr_assert_gt(before, 0, "%zu entries, and none of them waited", sent);
		journald_send_to(path, fields, 1);
		took = before - clock_left(deadline);
		cr_assert_lt(took, 10000);
	}
}
