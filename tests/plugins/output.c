/*
 * output.c - says far more than is kept, and passes.
 */
#include <banger/preflight.h>
#include <stdio.h>

static int check(const struct pf_host *h)
{
	for (int i = 0; i < 5000; i++) {
		(void)printf("line %d of many\n", i);
		pf_logf(h, PF_LOG_WARN, "warning %d of many", i);
	}
	(void)fflush(stdout);
	return h->finding(h, PF_COMPATIBLE, "output.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "output", .version = "1", .summary = "a test", .check = check);
