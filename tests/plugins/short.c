/*
 * short.c - its descriptor ends before check: older than the first version, or garbage.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "short.fine", "all is well", NULL);
}

extern PF_EXPORT const struct pf_plugin pf_plugin_v1;
const struct pf_plugin pf_plugin_v1 = {
	.size = offsetof(struct pf_plugin, check),
	.abi_major = PF_ABI_MAJOR,
	.option_size = sizeof(struct pf_option),
	.name = "short",
	.version = "1",
	.summary = "a test",
	.check = check,
};
