/*
 * test_config_names.c - names and paths, the good and the dangerous.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/names.h"

typedef const char *(*fault_finder)(const char *name);

static void expect_good(fault_finder fault, const char *const *names)
{
	for (; *names != NULL; names++) {
		cr_assert(fault(*names) == NULL, "'%s': %s", *names, fault(*names));
	}
}

static void expect_bad(fault_finder fault, const char *const *names)
{
	for (; *names != NULL; names++) {
		cr_assert(fault(*names) != NULL, "'%s' passed", *names);
	}
}

Test(config_names, a_product_is_small_letters_digits_and_signs)
{
	static const char *const good[] = {"banger", "b", "7zip", "a.b-c_d", NULL};
	static const char *const bad[] = {"",    "Banger", ".a",  "-a",       "_a",
					  "a b", "a/b",    "a+b", "\xc3\xa4", NULL};
	char text[66];

	expect_good(name_fault_product, good);
	expect_bad(name_fault_product, bad);
	(void)snprintf(text, sizeof(text), "%064d", 0);
	cr_assert(name_fault_product(text) == NULL);
	(void)snprintf(text, sizeof(text), "%065d", 0);
	cr_assert(name_fault_product(text) != NULL);
}

Test(config_names, an_artifact_is_a_safe_file_name)
{
	static const char *const good[] = {"banger-vsock-agent", "A+b_1.so", NULL};
	static const char *const bad[] = {"", ".", "..", "-a", ".a", "a/b", "a b", NULL};

	expect_good(name_fault_artifact, good);
	expect_bad(name_fault_artifact, bad);
}

Test(config_names, a_user_is_one_word)
{
	static const char *const good[] = {"root", "0", "www-data", "_apt", "host$", "a.b", NULL};
	static const char *const bad[] = {"", "-1", "root:root", "a b", "a,b", NULL};

	expect_good(name_fault_user, good);
	expect_bad(name_fault_user, bad);
}

Test(config_names, a_table_is_a_plain_identifier)
{
	static const char *const good[] = {"schema_migrations", "__EFMigrationsHistory", "a1$",
					   NULL};
	static const char *const bad[] = {"",       "1a",  "a b", "a;", "a\"b",
					  "main.a", "a-b", "$a",  NULL};

	expect_good(name_fault_table, good);
	expect_bad(name_fault_table, bad);
}

Test(config_names, a_path_is_absolute_and_has_one_spelling)
{
	static const char *const good[] = {"/a", "/usr/local/bin/a b", "/a/.b/..c/d.", "/a/...",
					   NULL};
	static const char *const bad[] = {"",      "a",      "./a", "~/a",     "/",
					  "//a",   "/a//b",  "/a/", "/a/../b", "/..",
					  "/a/..", "/a/./b", "/.",  NULL};

	expect_good(name_fault_path, good);
	expect_bad(name_fault_path, bad);
}

Test(config_names, a_component_of_a_path_has_at_most_255_bytes)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "/a/%0255d/b", 0);
	cr_assert(name_fault_path(text) == NULL);
	(void)snprintf(text, sizeof(text), "/a/%0256d/b", 0);
	cr_assert(name_fault_path(text) != NULL);
}
