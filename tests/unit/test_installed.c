/*
 * test_installed.c - when the release that was found is not to be installed.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "update/update.h"

static bool is_current(const char *installed, const char *found, const struct options *options)
{
	char text[VERSION_TEXT_MAX];
	struct update update = {.options = options};
	struct error err = {0};

	if (installed != NULL) {
		(void)snprintf(text, sizeof(text), "%s", installed);
		update.installed = text;
	}
	cr_assert_eq(version_parse(found, &update.release.version, &err), 0, "%s", err.text);
	return update_is_current(&update);
}

Test(installed, only_what_is_newer_is_installed_by_itself)
{
	const struct options plain = {0};

	cr_assert_not(is_current("1.0.0", "1.0.1", &plain));
	cr_assert(is_current("1.0.0", "1.0.0", &plain));
	cr_assert(is_current("1.0.1", "1.0.0", &plain));
	cr_assert_not(is_current(NULL, "1.0.0", &plain));
	cr_assert_not(is_current("no version", "1.0.0", &plain));
}

Test(installed, what_is_older_has_to_be_named)
{
	const struct options named = {.to = "1.0.0"};
	const struct options at_hand = {.release = "/a/directory"};

	cr_assert_not(is_current("1.0.1", "1.0.0", &named));
	cr_assert_not(is_current("1.0.1", "1.0.0", &at_hand));
	cr_assert(is_current("1.0.0", "1.0.0", &named));
}

Test(installed, force_installs_the_same_again_but_nothing_older)
{
	const struct options force = {.force = true};
	const struct options both = {.force = true, .to = "1.0.0"};

	cr_assert_not(is_current("1.0.0", "1.0.0", &force));
	cr_assert(is_current("1.0.1", "1.0.0", &force));
	cr_assert_not(is_current("1.0.1", "1.0.0", &both));
}
