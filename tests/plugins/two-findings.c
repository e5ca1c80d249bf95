/*
 * two-findings.c - makes two findings; the worse one counts.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	int rc = h->finding(h, PF_NEEDED, "two.first", "something will happen", NULL);

	return rc < 0 ? rc
		      : h->finding(h, PF_INCOMPATIBLE, "two.second", "must not happen", "do not");
}

PF_PLUGIN(.name = "two-findings", .version = "1", .summary = "a test", .check = check);
