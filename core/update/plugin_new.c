/*
 * plugin_new.c - plugin_new.h: copies plugins/template, which is installed, and puts the name in
 * the place of its own.
 */
#include "update/plugin_new.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

#define PLACEHOLDER     "template"
#define NAME_MAX_LENGTH 32

static const char *const files[] = {"CMakeLists.txt", "README.md", "judgement.c",
				    "judgement.h",    "plugin.c",  "test.c"};

/* [a-z][a-z0-9-]{0,31}: as banger/preflight.h has it. */
static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length <= NAME_MAX_LENGTH && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* Beside our own executable (../share/banger-update), else where it was to be installed. */
static int find_template(char ret[PATH_MAX], struct error *err)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(self, '/');

	if (slash != NULL) {
		*slash = '\0';
		int size = snprintf(ret, PATH_MAX, "%s/../share/banger-update/" PLACEHOLDER, self);

		if (size < PATH_MAX && access(ret, R_OK) == 0) {
			return 0;
		}
	}
	(void)snprintf(ret, PATH_MAX, "%s/" PLACEHOLDER, BANGER_DATADIR);
	return access(ret, R_OK) == 0
		       ? 0
		       : error_set(err, -errno, "cannot read the template %s: install it again",
				   ret);
}

static int rename_in(const char *text, const char *name, struct buffer *ret)
{
	int rc = 0;

	for (const char *at = strstr(text, PLACEHOLDER); at != NULL && rc == 0;
	     at = strstr(text, PLACEHOLDER)) {
		rc = buffer_add(ret, text, (size_t)(at - text));
		rc = rc < 0 ? rc : buffer_add(ret, name, strlen(name));
		text = at + strlen(PLACEHOLDER);
	}
	return rc < 0 ? rc : buffer_add(ret, text, strlen(text));
}

static int write_file(const char *from, const char *name, const char *file, struct error *err)
{
	auto_buffer struct buffer text = BUFFER_INIT(64 * KIB);
	auto_buffer struct buffer renamed = BUFFER_INIT(256 * KIB);
	auto_free char *source = NULL;
	auto_free char *target = NULL;

	if (asprintf(&source, "%s/%s", from, file) < 0) {
		source = NULL;
		return error_no_memory(err);
	}
	if (asprintf(&target, "%s/%s", name, file) < 0) {
		target = NULL;
		return error_no_memory(err);
	}
	int rc = file_read_path(source, &text, err);

	if (rc < 0) {
		return rc;
	}
	if (rename_in(buffer_text(&text), name, &renamed) < 0) {
		return error_no_memory(err);
	}
	return file_replace(target, renamed.data, renamed.length, 0644, err);
}

int plugin_new(const char *name, struct error *err)
{
	char from[PATH_MAX];
	struct error ignored;

	if (!is_name(name)) {
		return error_set(err, -EINVAL,
				 "'%s' is no name for a plugin: a letter, then letters, digits and "
				 "'-', all small, at most %d",
				 name, NAME_MAX_LENGTH);
	}
	int rc = find_template(from, err);

	if (rc < 0) {
		return rc;
	}
	if (mkdir(name, 0777) < 0) {
		return error_set(err, -errno, "cannot make the folder %s: %s", name,
				 strerror(errno));
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && rc == 0; i++) {
		rc = write_file(from, name, files[i], err);
	}
	if (rc < 0 && file_remove_tree(name, &ignored) < 0) {
		(void)error_prefix(err, "%s", ignored.text);
	}
	return rc;
}
