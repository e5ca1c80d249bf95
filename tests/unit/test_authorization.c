/*
 * test_authorization.c - the secret: whose file it may be in, what it looks like, and that it is
 * not in what a crash leaves behind.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "release/authorization.h"
#include "support/scratch.h"

static struct scratch scratch;
static char *path;

static void begin(void)
{
	scratch = scratch_make();
	path = scratch_path(&scratch, "authorization");
}

static void end(void)
{
	free(path);
	scratch_remove(&scratch);
}

TestSuite(authorization, .init = begin, .fini = end);

static void expect(const char *text, const char *line)
{
	struct authorization authorization = {0};
	struct error err = {0};

	scratch_write_bytes(path, text, strlen(text), 0600);
	cr_assert_eq(authorization_read(path, false, &authorization, &err), 0, "%s", err.text);
	cr_assert_eq(authorization.length, strlen(line));
	cr_assert_eq(memcmp(authorization.line, line, strlen(line)), 0);
	authorization_finish(&authorization);
	cr_assert_null(authorization.page);
}

static void refuse(const char *text, mode_t mode, int code, const char *why)
{
	struct authorization authorization = {0};
	struct error err = {0};

	scratch_write_bytes(path, text, strlen(text), mode);
	cr_assert_eq(authorization_read(path, false, &authorization, &err), code, "%s", text);
	cr_assert(strstr(err.text, why) != NULL, "%s", err.text);
	cr_assert_null(strstr(err.text, "canary"), "the secret is told: %s", err.text);
	cr_assert_null(authorization.page);
}

Test(authorization, is_a_header_or_only_its_value)
{
	expect("Authorization: Bearer canary\n", "Authorization: Bearer canary");
	expect("authorization: Basic Y2E=\r\n", "authorization: Basic Y2E=");
	expect("Bearer canary", "Authorization: Bearer canary");
}

Test(authorization, may_be_read_by_nobody_else)
{
	static const mode_t modes[] = {0604, 0640, 0602, 0660, 0601, 0777};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		refuse("canary", modes[i], -EPERM, "chmod 0600");
	}
}

Test(authorization, is_one_printable_line)
{
	char *large = calloc(1, LIMIT_AUTHORIZATION + 2);

	refuse("", 0600, -EINVAL, "one line");
	refuse("\n", 0600, -EINVAL, "one line");
	refuse("Authorization: \n", 0600, -EINVAL, "one line");
	refuse("canary\nX-More: 1\n", 0600, -EINVAL, "one line");
	refuse("canary\r\nX-More: 1", 0600, -EINVAL, "one line");
	refuse("can\x01ry", 0600, -EINVAL, "one line");
	memset(large, 'a', LIMIT_AUTHORIZATION + 1);
	refuse(large, 0600, -EINVAL, "longer than");
	large[LIMIT_AUTHORIZATION] = '\0';
	struct authorization authorization = {0};
	struct error err = {0};

	scratch_write_bytes(path, large, LIMIT_AUTHORIZATION, 0600);
	cr_assert_eq(authorization_read(path, false, &authorization, &err), 0, "%s", err.text);
	authorization_finish(&authorization);
	free(large);
}

Test(authorization, is_in_a_file_that_only_its_owner_could_have_made)
{
	struct authorization authorization = {0};
	struct error err = {0};

	scratch_write_bytes(path, "canary", 6, 0600);
	cr_assert_eq(authorization_read(path, true, &authorization, &err), 0, "%s", err.text);
	authorization_finish(&authorization);
	cr_assert_eq(chmod(scratch.path, 0777), 0);
	cr_assert_eq(authorization_read(path, true, &authorization, &err), -EPERM);
	cr_assert(strstr(err.text, scratch.path) != NULL, "%s", err.text);
	cr_assert_eq(chmod(scratch.path, 0755), 0);
}

/* The flags of the mapping that address is in, from /proc/self/smaps. */
static char *mapping_flags(const void *address)
{
	char line[512];
	char *flags = NULL;
	bool is_it = false;
	FILE *file = fopen("/proc/self/smaps", "re");

	cr_assert_not_null(file);
	while (flags == NULL && fgets(line, sizeof(line), file) != NULL) {
		unsigned long from = 0, to = 0;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			is_it = (unsigned long)address >= from && (unsigned long)address < to;
		} else if (is_it && strncmp(line, "VmFlags:", 8) == 0) {
			flags = strdup(line);
		}
	}
	(void)fclose(file);
	return flags;
}

Test(authorization, is_in_memory_that_no_core_file_and_no_child_gets)
{
	struct authorization authorization = {0};
	struct error err = {0};

	scratch_write_bytes(path, "canary", 6, 0600);
	cr_assert_eq(authorization_read(path, false, &authorization, &err), 0, "%s", err.text);
	char *flags = mapping_flags(authorization.page);

	cr_assert_not_null(flags);
	cr_assert_not_null(strstr(flags, " dd"), "it would be dumped: %s", flags);
	cr_assert_not_null(strstr(flags, " dc"), "children would have it: %s", flags);
	free(flags);
	authorization_finish(&authorization);
}
