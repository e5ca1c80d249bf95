/*
 * needs-network.c - asks for the network.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "network.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "needs-network", .version = "1", .summary = "a test", .needs = PF_NEED_NETWORK,
	  .check = check);
