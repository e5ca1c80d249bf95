/*
 * newer-header.c - built with a header of a later minor, whose structs are longer.
 */
#include <banger/preflight.h>

struct later_host {
	struct pf_host host;
	int (*later)(const struct pf_host *h);
};

struct later_plugin {
	struct pf_plugin plugin;
	const char *later;
};

static int check(const struct pf_host *h)
{
	if (h->size >= sizeof(struct later_host)) {
		return h->finding(h, PF_INCOMPATIBLE, "newer.wrong", "the host is not that new",
				  NULL);
	}
	return h->finding(h, PF_COMPATIBLE, "newer.fine", "makes do with what there is", NULL);
}

extern PF_EXPORT const struct later_plugin pf_plugin_v1;
const struct later_plugin pf_plugin_v1 = {
	.plugin = {.size = sizeof(struct later_plugin),
		   .abi_major = PF_ABI_MAJOR,
		   .option_size = sizeof(struct pf_option),
		   .name = "newer-header",
		   .version = "1",
		   .summary = "a test",
		   .check = check},
	.later = "a field that nobody here knows",
};
