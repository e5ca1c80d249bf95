/*
 * test.c - the judgement on text, and check() with a host that records.
 */
#include <banger/preflight-test.h>

#include <criterion/criterion.h>

#include "judgement.h"

extern const struct pf_plugin pf_plugin_v1;

static struct pf_test t;

static pf_verdict judged(const char *loadavg, const char *limit)
{
	struct judgement judgement;

	judge_load(loadavg, limit, &judgement);
	return judgement.verdict;
}

Test(judgement, a_load_up_to_the_limit_is_fine)
{
	cr_assert_eq(judged("0.50 0.40 0.30 1/100 4711\n", "8.0"), PF_COMPATIBLE);
	cr_assert_eq(judged("8.00 0.40", "8"), PF_COMPATIBLE);
}

Test(judgement, a_higher_one_means_not_now)
{
	cr_assert_eq(judged("9.00 0.40 0.30 1/100 4711\n", "8.0"), PF_BUSY);
}

Test(judgement, what_is_no_number_is_an_error)
{
	cr_assert_eq(judged("", "8.0"), PF_ERROR);
	cr_assert_eq(judged("0.50 0.40", "many"), PF_ERROR);
}

Test(check, reports_the_load_and_its_verdict)
{
	pf_test_init(&t, &pf_plugin_v1);
	pf_test_set(&t, "limit", "100000");
	cr_assert_eq(pf_test_run(&t), PF_COMPATIBLE);
	cr_assert_not_null(pf_test_find(&t, "load.fine"));
	cr_assert_not_null(pf_test_fact(&t, "load"));
}

Test(check, without_a_load_is_an_error_with_a_remedy)
{
	pf_test_init(&t, &pf_plugin_v1);
	pf_test_subject(&t, "root", "/nowhere");
	cr_assert_eq(pf_test_run(&t), PF_ERROR);
	cr_assert(pf_test_find(&t, "load.unreadable")->has_remedy);
}
