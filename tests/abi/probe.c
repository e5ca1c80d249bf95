/*
 * probe.c - a plugin that may be older or newer than its host: it uses what both have.
 */
#include <banger/preflight.h>

#include <string.h>

static int check(const struct pf_host *h)
{
	const char *second = h->config(h, "second");

	/* Found behind the first by the stride that the plugin was built with. */
	if (second == NULL || strcmp(second, "two") != 0) {
		return h->finding(h, PF_INCOMPATIBLE, "probe.options", "the options got lost",
				  NULL);
	}
#ifdef PF_LATER
	if (PF_HAS(struct pf_host, h, later)) {
		return h->finding(h, h->later(h) == 0 ? PF_COMPATIBLE : PF_INCOMPATIBLE,
				  "probe.later", "the host is as new", NULL);
	}
#endif
	return h->finding(h, PF_COMPATIBLE, "probe.plain", "makes do with what there is", NULL);
}

static const struct pf_option options[] = {
	{.key = "first", .fallback = "one", .help = "a test"},
	{.key = "second", .fallback = "two", .help = "a test"},
	{.key = NULL},
};

PF_PLUGIN(.name = "probe", .version = "1", .summary = "a test", .options = options, .check = check);
