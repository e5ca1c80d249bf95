/*
 * test_keys.c - the keys a host trusts: all of them count, or nothing goes.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "release/keys.h"
#include "support/minisign_builder.h"
#include "support/release_builder.h"
#include "support/scratch.h"

static const char document[] = "signed";

static struct signing_key add_key(const struct scratch *scratch, const char *name)
{
	struct signing_key pair = signing_key_make();
	char *path = scratch_path(scratch, "%s", name);

	signing_key_publish(&pair, path);
	free(path);
	return pair;
}

static void add_text(const struct scratch *scratch, const char *name, const char *text)
{
	char *path = scratch_path(scratch, "%s", name);

	scratch_write(path, text);
	free(path);
}

static int load(const char *path, size_t *ret_count, struct error *err)
{
	struct key_list list = {0};
	int rc = key_list_load(path, false, &list, err);

	*ret_count = list.count;
	key_list_finish(&list);
	return rc;
}

static const struct key *who_signed(const struct key_list *list, const struct signing_key *pair)
{
	char *text = signing_key_sign(pair, document, sizeof(document));
	struct signature signature;
	const struct key *key = NULL;
	struct error err = {0};

	cr_assert_eq(signature_parse(text, strlen(text), &signature, &err), 0);
	free(text);
	int rc = key_list_check(list, &signature, document, sizeof(document), &key, &err);

	cr_assert_eq(rc, key != NULL ? 0 : -EKEYREJECTED, "%s", err.text);
	return key;
}

Test(keys, in_a_directory_all_count_and_the_signer_is_named)
{
	struct scratch scratch = scratch_make();
	struct signing_key next = add_key(&scratch, "2027.pub");
	struct signing_key now = add_key(&scratch, "2026.pub");
	struct signing_key retired = add_key(&scratch, "2025.pub.revoked");
	struct key_list list = {0};
	struct error err = {0};

	add_text(&scratch, "README", "keys\n");
	cr_assert_eq(key_list_load(scratch.path, false, &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.count, 2);
	cr_assert_str_eq(list.items[0].name, "2026.pub");
	cr_assert_str_eq(who_signed(&list, &now)->name, "2026.pub");
	cr_assert_str_eq(who_signed(&list, &next)->name, "2027.pub");
	cr_assert_null(who_signed(&list, &retired));
	key_list_finish(&list);
	signing_key_free(&now);
	signing_key_free(&next);
	signing_key_free(&retired);
	scratch_remove(&scratch);
}

Test(keys, of_both_kinds_lie_side_by_side)
{
	struct scratch scratch = scratch_make();
	struct signing_key ecdsa = add_key(&scratch, "cosign.pub");
	struct minisign_pair pair = minisign_pair_make();
	struct minisign_pair other = minisign_pair_make();
	char *path = scratch_path(&scratch, "minisign.pub");
	char *path_of_other = scratch_path(&scratch, "older.pub");
	struct key_list list = {0};
	struct signature signature;
	const struct key *key = NULL;
	struct error err = {0};

	minisign_pair_publish(&pair, path);
	minisign_pair_publish(&other, path_of_other);
	cr_assert_eq(key_list_load(scratch.path, false, &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.count, 3);
	cr_assert_str_eq(who_signed(&list, &ecdsa)->name, "cosign.pub");
	char *text =
		minisign_sign(&pair, &(struct minisign_options){0}, document, sizeof(document));

	cr_assert_eq(signature_parse(text, strlen(text), &signature, &err), 0, "%s", err.text);
	cr_assert_eq(key_list_check(&list, &signature, document, sizeof(document), &key, &err), 0,
		     "%s", err.text);
	cr_assert_str_eq(key->name, "minisign.pub");
	free(text);
	free(path);
	free(path_of_other);
	key_list_finish(&list);
	minisign_pair_free(&pair);
	minisign_pair_free(&other);
	signing_key_free(&ecdsa);
	scratch_remove(&scratch);
}

Test(keys, may_be_one_file_of_any_name)
{
	struct scratch scratch = scratch_make();
	struct signing_key pair = add_key(&scratch, "cosign.pem");
	char *path = scratch_path(&scratch, "cosign.pem");
	size_t count = 0;
	struct error err = {0};

	cr_assert_eq(load(path, &count, &err), 0, "%s", err.text);
	cr_assert_eq(count, 1);
	scratch_write(path, "# put the release key here\n");
	cr_assert_eq(load(path, &count, &err), -ENOKEY);
	cr_assert(strstr(err.text, "no usable key") != NULL, "%s", err.text);
	cr_assert(strstr(err.text, path) != NULL, "%s", err.text);
	free(path);
	signing_key_free(&pair);
	scratch_remove(&scratch);
}

Test(keys, are_missing_in_an_empty_absent_or_placeholder_directory)
{
	struct scratch scratch = scratch_make();
	char *absent = scratch_path(&scratch, "absent");
	size_t count = 0;
	struct error err = {0};

	cr_assert_eq(load(scratch.path, &count, &err), -ENOKEY);
	cr_assert(strstr(err.text, "no usable key") != NULL, "%s", err.text);
	cr_assert_eq(load(absent, &count, &err), -ENOKEY);
	add_text(&scratch, "release.pub", "# put the release key here\n");
	cr_assert_eq(load(scratch.path, &count, &err), -ENOKEY);
	cr_assert(strstr(err.text, "release.pub") != NULL, "%s", err.text);
	add_text(&scratch, "release.pub", "untrusted comment: put the release key here\n");
	cr_assert_eq(load(scratch.path, &count, &err), -ENOKEY);
	add_text(&scratch, "release.pub", "");
	cr_assert_eq(load(scratch.path, &count, &err), -ENOKEY);
	free(absent);
	scratch_remove(&scratch);
}

Test(keys, beside_a_file_that_is_none_are_an_error_that_names_it)
{
	struct scratch scratch = scratch_make();
	struct signing_key good = add_key(&scratch, "good.pub");
	char *broken = scratch_path(&scratch, "broken.pub");
	size_t count = 0;
	struct error err = {0};

	scratch_write(broken, "-----BEGIN PUBLIC KEY-----\n");
	cr_assert_eq(load(scratch.path, &count, &err), -EINVAL);
	cr_assert(strstr(err.text, "broken.pub") != NULL, "%s", err.text);
	cr_assert_eq(unlink(broken), 0);
	cr_assert_eq(mkfifo(broken, 0600), 0);
	cr_assert_eq(load(scratch.path, &count, &err), -EINVAL);
	cr_assert_eq(unlink(broken), 0);
	cr_assert_eq(symlink("good.pub", broken), 0);
	cr_assert_eq(load(scratch.path, &count, &err), -ELOOP);
	free(broken);
	signing_key_free(&good);
	scratch_remove(&scratch);
}

Test(keys, have_a_maximum_in_number_and_size)
{
	struct scratch scratch = scratch_make();
	char *large = scratch_path(&scratch, "large.pub");
	char *bytes = calloc(1, LIMIT_PUBLIC_KEY + 1);
	size_t count = 0;
	struct error err = {0};

	memset(bytes, '#', LIMIT_PUBLIC_KEY + 1);
	scratch_write_bytes(large, bytes, LIMIT_PUBLIC_KEY + 1, 0644);
	cr_assert_eq(load(scratch.path, &count, &err), -E2BIG);
	cr_assert(strstr(err.text, "large.pub") != NULL, "%s", err.text);
	for (unsigned i = 0; i <= LIMIT_KEYS; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%u.pub", i);
		add_text(&scratch, name, "");
	}
	cr_assert_eq(load(scratch.path, &count, &err), -E2BIG);
	free(bytes);
	free(large);
	scratch_remove(&scratch);
}

Test(keys, that_others_could_have_put_there_are_refused_when_trust_is_checked)
{
	struct scratch scratch = scratch_make();
	struct signing_key pair = add_key(&scratch, "good.pub");
	char *path = scratch_path(&scratch, "good.pub");
	struct key_list list = {0};
	struct error err = {0};

	cr_assert_eq(key_list_load(scratch.path, true, &list, &err), 0, "%s", err.text);
	key_list_finish(&list);
	cr_assert_eq(chmod(path, 0666), 0);
	cr_assert_eq(key_list_load(scratch.path, true, &list, &err), -EPERM);
	cr_assert(strstr(err.text, path) != NULL, "%s", err.text);
	cr_assert_eq(key_list_load(scratch.path, false, &list, &err), 0);
	key_list_finish(&list);
	free(path);
	signing_key_free(&pair);
	scratch_remove(&scratch);
}
