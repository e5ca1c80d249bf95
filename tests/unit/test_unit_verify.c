/*
 * What systemd-analyze says of a unit file, read and asked for.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "service/unit_verify.h"
#include "support/scratch.h"

#define COPY    "/scratch/bangerd.service"
#define INSTALL "/etc/systemd/system/sample.service"

static void expect(const struct process_status *status, const char *errors, const char *word,
		   const char *reason)
{
	const struct unit_opinion opinion = unit_opinion_of(COPY, status, "", errors);

	cr_expect_str_eq(opinion.word, word, "%s", errors);
	cr_expect_str_eq(opinion.reason.text, reason);
}

Test(unit_verify, any_output_is_a_complaint)
{
	const struct process_status passed = {0};
	const struct process_status failed = {.exit_code = 1};
	const struct process_status late = {.timed_out = true, .ms = 1000};

	expect(&passed, "", "accepted", "");
	expect(&passed, COPY ":3: Unknown key 'Foo'\n", "refused",
	       "bangerd.service:3: Unknown key 'Foo'");
	expect(&passed, "other.service:1: bad\n" COPY ":7: worse\n", "refused",
	       "bangerd.service:7: worse");
	expect(&passed, "other.service:1: bad\n", "refused", "other.service:1: bad");
	expect(&failed, "", "refused", "exited with 1");
	cr_expect_str_eq(unit_opinion_of(COPY, &late, "", "").word, "unknown");
}

static struct unit_opinion verify(const char *install, const char *text)
{
	struct scratch scratch = scratch_make();
	char *path = scratch_path(&scratch, "unit");

	scratch_write(path, text);
	const struct unit_opinion opinion = unit_verify(path, install, scratch.path);

	free(path);
	scratch_remove(&scratch);
	return opinion;
}

Test(unit_verify, systemd_takes_a_good_one)
{
	const struct unit_opinion opinion = verify(INSTALL, "[Service]\nExecStart=/bin/true\n");

	cr_expect_str_eq(opinion.word, "accepted", "%s", opinion.reason.text);
}

Test(unit_verify, an_unknown_key_is_refused_with_its_line)
{
	const struct unit_opinion opinion =
		verify(INSTALL, "[Service]\nExecStart=/bin/true\nTyp=notify\n");

	cr_expect_str_eq(opinion.word, "refused");
	cr_expect_not_null(strstr(opinion.reason.text, "sample.service:3:"), "%s",
			   opinion.reason.text);
}

Test(unit_verify, a_program_that_is_not_there_is_refused)
{
	const struct unit_opinion opinion = verify(INSTALL, "[Service]\nExecStart=/nowhere/it\n");

	cr_expect_str_eq(opinion.word, "refused");
	cr_expect_not_null(strstr(opinion.reason.text, "/nowhere/it"), "%s", opinion.reason.text);
}

Test(unit_verify, what_cannot_be_copied_is_not_known)
{
	const struct unit_opinion opinion = unit_verify("/nowhere", INSTALL, "/nowhere");

	cr_expect_str_eq(opinion.word, "unknown");
	cr_expect_not_null(strstr(opinion.reason.text, "/nowhere"));
}
