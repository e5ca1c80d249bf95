/*
 * test_answer.c - what a program printed counts only when verdict and exit code agree.
 */
#include "preflight/answer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* What became of one answer. */
struct taken {
	struct plugin_report report;
	struct error reason;
	int rc;
};
#define auto_taken __attribute__((cleanup(taken_finish)))

static void taken_finish(struct taken *taken)
{
	findings_finish(&taken->report.findings);
	pairs_finish(&taken->report.facts);
}

static struct taken take_bytes(const char *said, size_t length, int exit_code)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_FRAMES);
	static char name[] = "disk";
	struct taken taken = {.report.name = name};

	cr_assert_eq(buffer_add(&bytes, said, length), 0);
	taken.rc = answer_take(&bytes, exit_code, &taken.report, &taken.reason);
	return taken;
}

static struct taken take(const char *said, int exit_code)
{
	return take_bytes(said, strlen(said), exit_code);
}

static void refuse(const char *said, int exit_code, const char *why)
{
	auto_taken struct taken taken = take(said, exit_code);

	cr_assert_eq(taken.rc, -EPROTO, "%s", said);
	cr_assert_not_null(strstr(taken.reason.text, why), "%s", taken.reason.text);
	cr_assert_eq(taken.report.findings.count, 0, "%s", said);
}

Test(answer, every_verdict_counts_with_its_own_exit_code_and_no_other)
{
	for (const struct verdict_word *row = verdict_words; row->word != NULL; row++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "%s: so it is\n", row->word);
		for (int code = 0; code < 256; code++) {
			auto_taken struct taken taken = take(line, code);

			cr_assert_eq(taken.rc, code == row->exit_code ? 0 : -EPROTO, "%s with %d",
				     row->word, code);
		}
	}
}

Test(answer, has_a_finding_with_its_remedy_and_facts)
{
	auto_taken struct taken taken = take("incompatible: the disk is full\n"
					     "remedy: free some space\n"
					     "fact: free_mb=12\nfact: mount=/var/lib\n"
					     "fact: serial=007\nfact: empty=\n",
					     2);

	cr_assert_eq(taken.rc, 0, "%s", taken.reason.text);
	cr_assert_eq(taken.report.findings.count, 1);
	const struct finding *finding = &taken.report.findings.items[0];

	cr_assert_eq(finding->verdict, VERDICT_INCOMPATIBLE);
	cr_assert_str_eq(finding->code, "disk");
	cr_assert_str_eq(finding->text, "the disk is full");
	cr_assert_str_eq(finding->remedy, "free some space");
	cr_assert_str_eq(pairs_get(&taken.report.facts, "free_mb"), "12");
	cr_assert_str_eq(pairs_get(&taken.report.facts, "mount"), "\"/var/lib\"");
	cr_assert_str_eq(pairs_get(&taken.report.facts, "serial"), "\"007\"");
	cr_assert_str_eq(pairs_get(&taken.report.facts, "empty"), "\"\"");
}

Test(answer, needs_no_end_of_line_and_bears_other_lines)
{
	auto_taken struct taken taken = take("needed: two units will restart\n\nlooking at unit a\n"
					     "a fact: is=not at the beginning\n"
					     "remedy: nothing\nremedy: wait",
					     1);

	cr_assert_eq(taken.rc, 0, "%s", taken.reason.text);
	cr_assert_str_eq(taken.report.findings.items[0].remedy, "wait");
	cr_assert_eq(taken.report.facts.count, 0);
}

Test(answer, is_no_answer_without_a_verdict_in_the_first_line)
{
	refuse("", 0, "the first line it printed is \"\"");
	refuse("all is well\ncompatible: really\n", 0, "\"all is well\"");
	refuse("\ncompatible: all is well\n", 0, "did not answer");
	refuse("Compatible: all is well\n", 0, "did not answer");
	refuse(" compatible: all is well\n", 0, "did not answer");
	refuse("compatible\n", 0, "did not answer");
	refuse("compatible all is well\n", 0, "did not answer");
	refuse("compatible:\n", 0, "without a reason");
	refuse("compatible:  \n", 0, "without a reason");
}

Test(answer, cannot_be_two)
{
	refuse("compatible: fine\nincompatible: the disk is full\n", 0, "a second verdict");
	refuse("compatible: fine\ncompatible: still\n", 0, "a second verdict");
}

Test(answer, is_refused_with_a_fact_that_is_none)
{
	refuse("compatible: fine\nfact: free\n", 0, "not key=value");
	refuse("compatible: fine\nfact: =1\n", 0, "not key=value");
	refuse("compatible: fine\nfact: two words=1\n", 0, "not key=value");
	refuse("compatible: fine\nfact: -a=1\n", 0, "not key=value");
}

Test(answer, has_its_bounds)
{
	const size_t size = 32 * (LIMIT_FACTS + 2);
	char *many = calloc(1, size);
	char *wide = calloc(1, LIMIT_TEXT + 32);

	cr_assert(many != NULL && wide != NULL);
	size_t length = (size_t)snprintf(many, size, "compatible: fine\n");

	for (unsigned i = 0; i <= LIMIT_FACTS; i++) {
		length += (size_t)snprintf(many + length, size - length, "fact: k%u=1\n", i);
	}
	refuse(many, 0, "more than 256 facts");
	memset(wide, 'x', LIMIT_TEXT + 16);
	memcpy(wide, "compatible: ", 12);
	refuse(wide, 0, "more than 2047 bytes");
	memset(wide, 'x', LIMIT_TEXT + 16);
	memcpy(wide, "compatible: a\n", 14);
	refuse(wide, 0, "more than 2047 bytes");
	free(many);
	free(wide);
}

Test(answer, reaches_the_report_without_its_teeth)
{
	static const char hostile[] = "compatible: \033[31mred\0\xffx\xe2\x80\xae"
				      "desrever\nfact: k=\033]0;owned\a\n";
	auto_taken struct taken taken = take_bytes(hostile, sizeof(hostile) - 1, 0);

	cr_assert_eq(taken.rc, 0, "%s", taken.reason.text);
	cr_assert_str_eq(taken.report.findings.items[0].text, "?[31mred??x?desrever");
	cr_assert_str_eq(pairs_get(&taken.report.facts, "k"), "\"?]0;owned?\"");
}
