/*
 * test_verdict.c - verdict.h: the values of the plugin ABI, and that what is no verdict never
 * lets anything pass.
 */
#include "model/verdict.h"

#include <criterion/criterion.h>

static const struct {
	int32_t value;
	enum verdict verdict;
	const char *word;
	int exit_code;
	bool allows;
} contract[] = {
	{10, VERDICT_SKIP, "skip", 0, true},
	{20, VERDICT_COMPATIBLE, "compatible", 0, true},
	{30, VERDICT_NEEDED, "needed", 1, true},
	{35, VERDICT_BUSY, "busy", 75, false},
	{40, VERDICT_ERROR, "error", 3, false},
	{50, VERDICT_INCOMPATIBLE, "incompatible", 2, false},
};

#define CONTRACT_ROWS (sizeof(contract) / sizeof(contract[0]))

static const int32_t no_verdicts[] = {0, 1, -1, 11, 25, 34, 36, 45, 51, 100, INT32_MIN, INT32_MAX};

#define NO_VERDICTS (sizeof(no_verdicts) / sizeof(no_verdicts[0]))

Test(verdict, values_words_and_exit_codes_are_the_contract_s)
{
	for (size_t i = 0; i < CONTRACT_ROWS; i++) {
		cr_assert_eq((int32_t)contract[i].verdict, contract[i].value);
		cr_assert(verdict_is_valid(contract[i].value));
		cr_assert_str_eq(verdict_word(contract[i].verdict), contract[i].word);
		cr_assert_eq(verdict_exit_code(contract[i].verdict), contract[i].exit_code);
		cr_assert_eq(verdict_allows(contract[i].verdict), contract[i].allows);
	}
}

Test(verdict, the_table_has_each_of_them_once)
{
	size_t rows = 0;

	for (; verdict_words[rows].word != NULL; rows++) {
		cr_assert_lt(rows, CONTRACT_ROWS);
		cr_assert_eq(verdict_words[rows].verdict, contract[rows].verdict);
		cr_assert_str_eq(verdict_words[rows].word, contract[rows].word);
	}
	cr_assert_eq(rows, CONTRACT_ROWS);
}

Test(verdict, the_worse_one_wins_from_either_side)
{
	for (size_t i = 0; i < CONTRACT_ROWS; i++) {
		for (size_t j = 0; j < CONTRACT_ROWS; j++) {
			size_t worse = i > j ? i : j;

			cr_assert_eq(verdict_worse(contract[i].verdict, contract[j].verdict),
				     contract[worse].verdict);
		}
	}
}

Test(verdict, what_is_none_reads_as_an_error_and_allows_nothing)
{
	for (size_t i = 0; i < NO_VERDICTS; i++) {
		enum verdict none = (enum verdict)no_verdicts[i];

		cr_assert_not(verdict_is_valid(no_verdicts[i]));
		cr_assert_not(verdict_allows(none));
		cr_assert_str_eq(verdict_word(none), "error");
		cr_assert_eq(verdict_exit_code(none), 3);
	}
}

Test(verdict, what_is_none_counts_as_an_error_beside_a_pass)
{
	for (size_t i = 0; i < NO_VERDICTS; i++) {
		enum verdict none = (enum verdict)no_verdicts[i];

		cr_assert_eq(verdict_worse(none, VERDICT_COMPATIBLE), VERDICT_ERROR);
		cr_assert_eq(verdict_worse(VERDICT_SKIP, none), VERDICT_ERROR);
		cr_assert_eq(verdict_worse(none, VERDICT_INCOMPATIBLE), VERDICT_INCOMPATIBLE);
		cr_assert_eq(verdict_worse(none, none), VERDICT_ERROR);
	}
}
