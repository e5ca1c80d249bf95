/*
 * sdlib.c - sdlib.h: dlopen(3) by the name that its ABI has, and one row a function.
 */
#include "service/sdlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SONAME "libsystemd.so.0"

static const struct {
	const char *name;
	size_t offset;
} rows[] = {
#define SDLIB_ROW(name) {#name, offsetof(struct sdlib, name)},
	SDLIB_FUNCTIONS(SDLIB_ROW)
#undef SDLIB_ROW
};

static int find_all(void *handle, struct sdlib *lib, struct error *err)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		void *symbol = dlsym(handle, rows[i].name);

		if (symbol == NULL) {
			return error_set(err, -ELIBBAD,
					 SONAME " has no %s: manager = systemd needs systemd 246 "
						"or newer",
					 rows[i].name);
		}
		/* POSIX promises that a function fits into the pointer; ISO C has no cast for it.
		 */
		memcpy((char *)lib + rows[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

int sdlib_load(const struct sdlib **ret, struct error *err)
{
	static struct sdlib lib;
	static bool is_loaded;

	if (!is_loaded) {
		void *handle = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

		if (handle == NULL) {
			const char *reason = dlerror();

			return error_set(err, -ENOENT,
					 "manager = systemd needs libsystemd: %s; install it, or "
					 "set manager = command",
					 reason != NULL ? reason : "it cannot be loaded");
		}
		int rc = find_all(handle, &lib, err);

		if (rc < 0) {
			(void)dlclose(handle);
			return rc;
		}
		is_loaded = true;
	}
	*ret = &lib;
	return 0;
}
