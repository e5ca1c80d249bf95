/*
 * test.c - the judgement on text, and check() with a host that records.
 */
#include <banger/preflight-test.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judgement.h"

extern const struct pf_plugin pf_plugin_v1;

static struct pf_test t;

/* Not assert(3), which a release build leaves out. */
#define expect(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,           \
				      #condition);                                                 \
			exit(EXIT_FAILURE);                                                        \
		}                                                                                  \
	} while (0)

static pf_verdict judged(const char *loadavg, const char *limit)
{
	struct judgement judgement;

	judge_load(loadavg, limit, &judgement);
	return judgement.verdict;
}

static void test_judgement(void)
{
	expect(judged("0.50 0.40 0.30 1/100 4711\n", "8.0") == PF_COMPATIBLE);
	expect(judged("9.00 0.40 0.30 1/100 4711\n", "8.0") == PF_BUSY);
	expect(judged("8.00 0.40", "8") == PF_COMPATIBLE);
	expect(judged("", "8.0") == PF_ERROR);
	expect(judged("0.50 0.40", "many") == PF_ERROR);
}

static void test_check(void)
{
	pf_test_init(&t, &pf_plugin_v1);
	pf_test_set(&t, "limit", "100000");
	expect(pf_test_run(&t) == PF_COMPATIBLE);
	expect(pf_test_find(&t, "load.fine") != NULL);
	expect(pf_test_fact(&t, "load") != NULL);

	pf_test_subject(&t, "root", "/nowhere");
	expect(pf_test_run(&t) == PF_ERROR);
	expect(pf_test_find(&t, "load.unreadable")->has_remedy);
}

int main(void)
{
	test_judgement();
	test_check();
	return EXIT_SUCCESS;
}
