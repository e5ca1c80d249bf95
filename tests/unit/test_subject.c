/*
 * test_subject.c - subject.h: pairs that own their texts.
 */
#include "model/subject.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(subject, what_was_set_can_be_got)
{
	auto_pairs struct pairs pairs = {0};
	char key[] = "version.to";
	char value[] = "1.2.3";

	cr_assert_null(pairs_get(&pairs, "version.to"));
	cr_assert_eq(pairs_set(&pairs, key, value), 0);
	memset(key, 'x', strlen(key));
	memset(value, 'x', strlen(value));
	cr_assert_str_eq(pairs_get(&pairs, "version.to"), "1.2.3");
	cr_assert_null(pairs_get(&pairs, "version"));
	cr_assert_null(pairs_get(&pairs, "version.to."));
	cr_assert_null(pairs_get(&pairs, "VERSION.TO"));
}

Test(subject, a_key_has_one_value_the_last)
{
	auto_pairs struct pairs pairs = {0};

	cr_assert_eq(pairs_set(&pairs, "a", "1"), 0);
	cr_assert_eq(pairs_set(&pairs, "b", "2"), 0);
	cr_assert_eq(pairs_set(&pairs, "a", "3"), 0);
	cr_assert_eq(pairs.count, 2);
	cr_assert_str_eq(pairs_get(&pairs, "a"), "3");
	cr_assert_str_eq(pairs.items[0].key, "a");
	cr_assert_str_eq(pairs.items[1].key, "b");
}

Test(subject, a_value_may_be_set_to_itself)
{
	auto_pairs struct pairs pairs = {0};

	cr_assert_eq(pairs_set(&pairs, "a", "value"), 0);
	cr_assert_eq(pairs_set(&pairs, "a", pairs_get(&pairs, "a")), 0);
	cr_assert_str_eq(pairs_get(&pairs, "a"), "value");
}

Test(subject, values_may_be_empty_or_have_many_lines)
{
	auto_pairs struct pairs pairs = {0};

	cr_assert_eq(pairs_set(&pairs, "", "no name"), 0);
	cr_assert_eq(pairs_set(&pairs, "services", ""), 0);
	cr_assert_eq(pairs_set(&pairs, "artifacts", "one\ntwo"), 0);
	cr_assert_str_eq(pairs_get(&pairs, ""), "no name");
	cr_assert_str_eq(pairs_get(&pairs, "services"), "");
	cr_assert_str_eq(pairs_get(&pairs, "artifacts"), "one\ntwo");
}

Test(subject, many_pairs_keep_their_order)
{
	auto_pairs struct pairs pairs = {0};
	char key[32];

	for (size_t i = 0; i < 500; i++) {
		(void)snprintf(key, sizeof(key), "artifact.%zu.staged", i);
		cr_assert_eq(pairs_set(&pairs, key, key), 0);
	}
	cr_assert_eq(pairs.count, 500);
	for (size_t i = 0; i < 500; i++) {
		(void)snprintf(key, sizeof(key), "artifact.%zu.staged", i);
		cr_assert_str_eq(pairs.items[i].key, key);
		cr_assert_str_eq(pairs_get(&pairs, key), key);
	}
	pairs_finish(&pairs);
	cr_assert_eq(pairs.count, 0);
}
