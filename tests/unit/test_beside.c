/*
 * test_beside.c - beside.h: which names a file's replacement takes for itself.
 */
#include "model/beside.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(beside, a_file_has_itself_and_each_name_of_the_table)
{
	char path[64];

	cr_assert(beside_has("/b/notesd", "/b/notesd"));
	for (size_t i = 0; beside_suffixes[i] != NULL; i++) {
		(void)snprintf(path, sizeof(path), "/b/notesd%s", beside_suffixes[i]);
		cr_assert(beside_has("/b/notesd", path), "%s", path);
	}
}

Test(beside, names_that_are_merely_alike_are_anybodys)
{
	cr_assert_not(beside_has("/b/notesd", "/b/notes"));
	cr_assert_not(beside_has("/b/notesd", "/b/notesd-cli"));
	cr_assert_not(beside_has("/b/notesd", "/b/notesd.previous2"));
	cr_assert_not(beside_has("/b/notesd", "/c/notesd.previous"));
	cr_assert_not(beside_has("/b/notesd.previous", "/b/notesd"));
}
