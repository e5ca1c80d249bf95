/*
 * test_run.c - run.h: the exit codes of the contract, and identifiers that sort by time.
 */
#include "model/run.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

Test(run, every_result_has_the_contract_s_word_and_exit_code)
{
	static const struct {
		enum result result;
		const char *word;
		int exit_code;
	} contract[] = {
		{RESULT_UPDATED, "updated", 0},
		{RESULT_UP_TO_DATE, "up-to-date", 0},
		{RESULT_AVAILABLE, "available", 1},
		{RESULT_WOULD_UPDATE, "available", 0},
		{RESULT_REFUSED, "refused", 2},
		{RESULT_BUSY, "busy", 75},
		{RESULT_ERROR, "error", 3},
		{RESULT_ROLLED_BACK, "rolled-back", 4},
		{RESULT_ROLLBACK_INCOMPLETE, "rollback-incomplete", 5},
		{RESULT_USAGE, "error", 64},
	};

	for (size_t i = 0; i < sizeof(contract) / sizeof(contract[0]); i++) {
		cr_assert_str_eq(result_word(contract[i].result), contract[i].word);
		cr_assert_eq(result_exit_code(contract[i].result), contract[i].exit_code);
	}
}

Test(run, an_identifier_is_the_time_and_four_random_digits)
{
	char id[RUN_ID_SIZE];
	struct error err;

	cr_assert_eq(run_id_make(1795365240, id, &err), 0);
	cr_assert_eq(strlen(id), RUN_ID_SIZE - 1);
	cr_assert_eq(strncmp(id, "20261122T163400Z-", 17), 0, "%s", id);
	cr_assert_eq(strspn(id + 17, "0123456789abcdef"), 4, "%s", id);
}

Test(run, two_of_the_same_second_differ)
{
	char first[RUN_ID_SIZE];
	char other[RUN_ID_SIZE];
	struct error err;
	int equal = 0;

	cr_assert_eq(run_id_make(0, first, &err), 0);
	for (int i = 0; i < 16; i++) {
		cr_assert_eq(run_id_make(0, other, &err), 0);
		equal += strcmp(first, other) == 0;
	}
	cr_assert_lt(equal, 3);
}

Test(run, a_year_without_four_digits_has_no_identifier)
{
	const time_t last = 253402300799; /* 9999-12-31, its last second */
	static const time_t beyond[] = {253402300800, (time_t)INT64_MAX, (time_t)INT64_MIN,
					-30610224001};
	char id[RUN_ID_SIZE] = "untouched";
	struct error err;

	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		cr_assert_eq(run_id_make(beyond[i], id, &err), -EINVAL);
		cr_assert_str_eq(id, "untouched");
	}
	cr_assert_eq(run_id_make(last, id, &err), 0);
	cr_assert_eq(strncmp(id, "99991231T235959Z-", 17), 0, "%s", id);
}
