/*
 * test_finding.c - finding.h: the worst finding speaks, and silence is no pass.
 */
#include "model/finding.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void add(struct findings *list, enum verdict verdict)
{
	cr_assert_eq(findings_add(list, verdict, "test.code", "text", NULL), 0);
}

Test(finding, texts_are_copied)
{
	auto_findings struct findings list = {0};
	char code[] = "schema.unknown";
	char text[] = "unknown migrations";
	char remedy[] = "update first";

	cr_assert_eq(findings_add(&list, VERDICT_INCOMPATIBLE, code, text, remedy), 0);
	memset(code, 'x', strlen(code));
	memset(text, 'x', strlen(text));
	memset(remedy, 'x', strlen(remedy));
	cr_assert_eq(list.count, 1);
	cr_assert_eq(list.items[0].verdict, VERDICT_INCOMPATIBLE);
	cr_assert_str_eq(list.items[0].code, "schema.unknown");
	cr_assert_str_eq(list.items[0].text, "unknown migrations");
	cr_assert_str_eq(list.items[0].remedy, "update first");
}

Test(finding, the_order_of_adding_is_kept_and_a_remedy_may_be_missing)
{
	auto_findings struct findings list = {0};

	for (int i = 0; i < 100; i++) {
		char code[] = {(char)('!' + i), '\0'};

		cr_assert_eq(findings_add(&list, VERDICT_SKIP, code, "", NULL), 0);
	}
	cr_assert_eq(list.count, 100);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(list.items[i].code[0], (char)('!' + i));
		cr_assert_null(list.items[i].remedy);
	}
}

Test(finding, saying_nothing_is_an_error)
{
	struct findings list = {0};

	cr_assert_eq(findings_verdict(&list), VERDICT_ERROR);
	findings_finish(&list);
	findings_finish(&list);
}

Test(finding, the_worst_one_wins_wherever_it_stands)
{
	static const enum verdict ascending[] = {VERDICT_SKIP,   VERDICT_COMPATIBLE,
						 VERDICT_NEEDED, VERDICT_BUSY,
						 VERDICT_ERROR,  VERDICT_INCOMPATIBLE};
	auto_findings struct findings rising = {0};
	auto_findings struct findings falling = {0};

	for (size_t i = 0; i < 6; i++) {
		add(&rising, ascending[i]);
		add(&falling, ascending[5 - i]);
		cr_assert_eq(findings_verdict(&rising), ascending[i]);
		cr_assert_eq(findings_verdict(&falling), VERDICT_INCOMPATIBLE);
	}
}

Test(finding, a_finding_without_a_verdict_is_no_pass)
{
	static const int undecided[] = {0, -1, 15, 25};

	for (size_t i = 0; i < sizeof(undecided) / sizeof(undecided[0]); i++) {
		auto_findings struct findings list = {0};

		add(&list, (enum verdict)undecided[i]);
		cr_assert_eq(findings_verdict(&list), VERDICT_ERROR);
		add(&list, VERDICT_COMPATIBLE);
		cr_assert_eq(findings_verdict(&list), VERDICT_ERROR);
	}
}

Test(finding, finishing_leaves_an_empty_list)
{
	struct findings list = {0};

	add(&list, VERDICT_SKIP);
	findings_finish(&list);
	cr_assert_eq(list.count, 0);
	cr_assert_null(list.items);
}
