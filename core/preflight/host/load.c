/*
 * load.c - load.h: dlopen(3) and the descriptor's checks.
 *
 * RTLD_NOW: a symbol that is missing is found here and not when it is called. RTLD_LOCAL: plugins
 * do not see each other's libraries, nor we theirs.
 */
#include "preflight/host/load.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "preflight/host/options.h"

#define SYMBOL "pf_plugin_v1"
#define NEEDS  (PF_NEED_NETWORK | PF_NEED_ROOT | PF_NEED_DATABASE)

/* An option of a later minor is larger, but not without measure. */
#define OPTION_SIZE_MAX 1024u

static bool is_text(const char *text)
{
	size_t length = text != NULL ? strnlen(text, LIMIT_TEXT) : 0;

	return length > 0 && length < LIMIT_TEXT && text_is_utf8(text, length);
}

static int check_version(const struct pf_plugin *plugin, struct error *err)
{
	if (!PF_HAS(struct pf_plugin, plugin, check)) {
		return error_set(err, -EPROTONOSUPPORT,
				 "its descriptor has %u bytes, too few for ABI %u.0", plugin->size,
				 PF_ABI_MAJOR);
	}
	if (plugin->abi_major != PF_ABI_MAJOR || plugin->min_minor > PF_ABI_MINOR) {
		return error_set(err, -EPROTONOSUPPORT, "it needs ABI %u.%u, the updater has %u.%u",
				 plugin->abi_major, plugin->min_minor, PF_ABI_MAJOR, PF_ABI_MINOR);
	}
	if (plugin->option_size < sizeof(struct pf_option) ||
	    plugin->option_size > OPTION_SIZE_MAX ||
	    plugin->option_size % _Alignof(struct pf_option) != 0) {
		return error_set(err, -EPROTONOSUPPORT, "its options have the impossible size %u",
				 plugin->option_size);
	}
	if ((plugin->needs & ~NEEDS) != 0) {
		return error_set(err, -EPROTONOSUPPORT,
				 "it needs something (%#x) that this updater does not know",
				 plugin->needs & ~NEEDS);
	}
	return 0;
}

int load_check(const struct pf_plugin *plugin, const char *name, struct error *err)
{
	int rc = check_version(plugin, err);

	if (rc < 0) {
		return rc;
	}
	if (!is_text(plugin->name) || !is_text(plugin->version) || !is_text(plugin->summary)) {
		return error_set(err, -EPROTONOSUPPORT,
				 "its name, version or summary is missing or no UTF-8");
	}
	if (strcmp(plugin->name, name) != 0) {
		return error_set(err, -EPROTONOSUPPORT,
				 "its file is called %s.so, but it calls itself \"%.64s\"", name,
				 plugin->name);
	}
	if (plugin->check == NULL) {
		return error_set(err, -EPROTONOSUPPORT, "it has no check function");
	}
	rc = options_validate(plugin, err);
	return rc < 0 ? -EPROTONOSUPPORT : 0;
}

int load_plugin(const char *path, const char *name, const struct pf_plugin **ret, struct error *err)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		const char *reason = dlerror();

		return error_set(err, -ELIBBAD, "cannot be loaded as user %u: %s",
				 (unsigned)geteuid(), reason != NULL ? reason : "no reason given");
	}
	const struct pf_plugin *plugin = dlsym(handle, SYMBOL);

	if (plugin == NULL) {
		return error_set(err, -ELIBBAD,
				 "%s exports no " SYMBOL
				 ": it is no preflight plugin, or one for another major ABI",
				 path);
	}
	int rc = load_check(plugin, name, err);

	if (rc < 0) {
		return rc;
	}
	*ret = plugin;
	return 0;
}
