/*
 * test_tarball.c - which names belong to which release.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "release/tarball.h"

static const struct {
	const char *name;
	const char *version; /* NULL: not one of ours */
} names[] = {
	{"banger-1.2.3-linux-x86_64.tar.zst", "1.2.3"},
	{"banger-v1.2.3-linux-x86_64.tar.gz", "1.2.3"},
	{"banger-1.2.3-rc.1-linux-x86_64.tar.xz", "1.2.3-rc.1"},
	{"banger-1.2.3+5-linux-x86_64.tar.xz", "1.2.3+5"},
	{"banger-1.2.3-linux-x86_64.tar", NULL},
	{"banger-1.2.3-linux-x86_64.tar.bz2", NULL},
	{"banger-1.2.3-linux-x86_64.tar.zst.sig", NULL},
	{"banger-1.2.3-linux-aarch64.tar.zst", NULL},
	{"banger-1.2.3-darwin-x86_64.tar.zst", NULL},
	{"banger-agent-1.2.3-linux-x86_64.tar.zst", NULL},
	{"other-1.2.3-linux-x86_64.tar.zst", NULL},
	{"xbanger-1.2.3-linux-x86_64.tar.zst", NULL},
	{"banger-vv1.2.3-linux-x86_64.tar.zst", NULL},
	{"banger--linux-x86_64.tar.zst", NULL},
	{"banger-linux-x86_64.tar.zst", NULL},
	{"banger.tar.zst", NULL},
	{"", NULL},
};

Test(tarball, knows_the_version_of_its_own_names_only)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct version version;
		int rc = tarball_version(names[i].name, "banger", "x86_64", &version);

		if (names[i].version == NULL) {
			cr_assert_eq(rc, -ENOENT, "%s", names[i].name);
			continue;
		}
		cr_assert_eq(rc, 0, "%s", names[i].name);
		cr_assert_str_eq(version.text, names[i].version);
	}
}

Test(tarball, tells_builds_of_one_version_apart)
{
	struct version version;
	struct error err;

	cr_assert_eq(version_parse("1.2.3+5", &version, &err), 0);
	cr_assert(tarball_is("banger-1.2.3+5-linux-x86_64.tar.gz", "banger", &version, "x86_64"));
	cr_assert_not(tarball_is("banger-1.2.3-linux-x86_64.tar.gz", "banger", &version, "x86_64"));
	cr_assert_not(
		tarball_is("banger-1.2.3+6-linux-x86_64.tar.gz", "banger", &version, "x86_64"));
}

Test(tarball, survives_a_name_of_four_thousand_characters)
{
	char *name = calloc(1, 4200);
	struct version version;

	memset(name, '1', 4000);
	memcpy(name, "banger-", 7);
	memcpy(name + 4000, "-linux-x86_64.tar.zst", 22);
	cr_assert_eq(tarball_version(name, "banger", "x86_64", &version), -ENOENT);
	free(name);
}

Test(tarball, prefers_zstd_then_xz_then_gzip)
{
	cr_assert_lt(tarball_rank("a.tar.zst"), tarball_rank("a.tar.xz"));
	cr_assert_lt(tarball_rank("a.tar.xz"), tarball_rank("a.tar.gz"));
	cr_assert_null(tarball_suffixes[tarball_rank("a.zip")]);
}
