/*
 * host.c - the smallest host that there can be, of whichever header it is built with: what an
 * updater of that age would make of a plugin.
 *
 * usage: host PLUGIN      prints "MINOR CODE", the host's minor and the first finding's code
 */
#include <banger/preflight-test.h>

#include <dlfcn.h>
#include <stdlib.h>

/* What every host has to look at before it calls anything. NULL: it may be called. */
static const char *refuse(const struct pf_plugin *plugin)
{
	if (!PF_HAS(struct pf_plugin, plugin, check)) {
		return "refused.size";
	}
	if (plugin->abi_major != PF_ABI_MAJOR || plugin->min_minor > PF_ABI_MINOR) {
		return "refused.version";
	}
#ifdef PF_LATER
	/* Of an older plugin the field behind its end is somebody else's. */
	if (PF_HAS(struct pf_plugin, plugin, later) && plugin->later != NULL) {
		return "refused.later";
	}
#endif
	return NULL;
}

#ifdef PF_LATER
static int later(const struct pf_host *h)
{
	return h->ctx != NULL ? 0 : -1;
}
#endif

int main(int argc, char **argv)
{
	static struct pf_test t;
	void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	const struct pf_plugin *plugin = handle != NULL ? dlsym(handle, "pf_plugin_v1") : NULL;

	if (plugin == NULL) {
		(void)fprintf(stderr, "host: %s\n", argc == 2 ? dlerror() : "which plugin?");
		return EXIT_FAILURE;
	}
	const char *code = refuse(plugin);

	if (code == NULL) {
		pf_test_init(&t, plugin);
#ifdef PF_LATER
		t.host.later = later;
#endif
		(void)pf_test_run(&t);
		code = t.finding_count > 0 ? t.findings[0].code : "nothing";
	}
	(void)printf("%u %s\n", (unsigned)PF_ABI_MINOR, code);
	return EXIT_SUCCESS;
}
