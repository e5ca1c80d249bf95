/*
 * wrong-major.c - is of another major ABI.
 */
#include <banger/preflight.h>

static int check(const struct pf_host *h)
{
	return h->finding(h, PF_COMPATIBLE, "major.fine", "all is well", NULL);
}

extern PF_EXPORT const struct pf_plugin pf_plugin_v1;
const struct pf_plugin pf_plugin_v1 = {
	.size = sizeof(struct pf_plugin),
	.abi_major = PF_ABI_MAJOR + 1,
	.option_size = sizeof(struct pf_option),
	.name = "wrong-major",
	.version = "1",
	.summary = "a test",
	.check = check,
};
