/*
 * memory.c - asks for 10 GiB, in parts, and says how much it got.
 */
#include <banger/preflight.h>
#include <stdlib.h>

#define PART_MIB 16

static int check(const struct pf_host *h)
{
	int64_t got = 0;

	while (got < 10240 && malloc((size_t)PART_MIB << 20) != NULL) {
		got += PART_MIB;
	}
	(void)h->fact_i64(h, "mib", got);
	return h->finding(h, got < 10240 ? PF_COMPATIBLE : PF_INCOMPATIBLE, "memory.got",
			  "took what there was", NULL);
}

PF_PLUGIN(.name = "memory", .version = "1", .summary = "a test", .check = check);
