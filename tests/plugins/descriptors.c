/*
 * descriptors.c - opens files until it may not, and then still has something to say.
 */
#include <banger/preflight.h>
#include <fcntl.h>

static int check(const struct pf_host *h)
{
	int64_t count = 0;

	while (count < 100000 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
		count++;
	}
	(void)h->fact_i64(h, "descriptors", count);
	return h->finding(h, PF_COMPATIBLE, "descriptors.all", "took what there was", NULL);
}

PF_PLUGIN(.name = "descriptors", .version = "1", .summary = "a test", .check = check);
