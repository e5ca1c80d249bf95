/*
 * keys.c - keys.h: the directory is listed by name, every *.pub in it is read.
 */
#include "release/keys.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/trust.h"

void key_list_finish(struct key_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		public_key_finish(&list->items[i].public);
	}
	free(list->items);
	*list = (struct key_list){0};
}

static int read_key(const char *path, bool check_trust, struct public_key *ret, struct error *err)
{
	auto_buffer struct buffer pem = BUFFER_INIT(LIMIT_PUBLIC_KEY);
	int rc = check_trust ? trust_check_chain(path, geteuid(), err) : 0;

	if (rc == 0) {
		rc = file_read_path(path, &pem, err);
	}
	if (rc < 0) {
		return rc;
	}
	rc = public_key_parse(buffer_text(&pem), pem.length, ret, err);
	return rc < 0 ? error_prefix(err, "%s is not a usable key", path) : 0;
}

static int add_key(const char *path, bool check_trust, struct key_list *list, struct error *err)
{
	auto_public_key struct public_key public = {0};
	int rc = read_key(path, check_trust, &public, err);

	if (rc < 0) {
		return rc;
	}
	struct key *items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL) {
		return error_no_memory(err);
	}
	list->items = items;
	char *name = strdup(path_name(path));

	if (name == NULL) {
		return error_no_memory(err);
	}
	list->items[list->count++] = (struct key){name, public};
	public = (struct public_key){0};
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static int list_key_files(const char *directory, struct strings *ret, struct error *err)
{
	auto_directory DIR *stream = opendir(directory);
	int rc = 0;

	if (stream == NULL) {
		return error_set(err, -errno, "cannot list the keys in %s: %s", directory,
				 strerror(errno));
	}
	errno = 0;
	for (struct dirent *entry = readdir(stream); entry != NULL && rc == 0;
	     entry = readdir(stream)) {
		if (entry->d_name[0] == '.' || !text_has_suffix(entry->d_name, ".pub")) {
			continue;
		}
		rc = strings_add(ret, entry->d_name);
		if (rc == 0 && ret->count > LIMIT_KEYS) {
			rc = -E2BIG;
		}
	}
	if (rc == 0 && errno != 0) {
		rc = -errno;
	}
	if (rc == -E2BIG) {
		return error_set(err, rc, "%s holds more than %u keys", directory, LIMIT_KEYS);
	}
	if (rc < 0) {
		return error_set(err, rc, "cannot list the keys in %s: %s", directory,
				 strerror(-rc));
	}
	if (ret->count > 1) {
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_names);
	}
	return 0;
}

/* What a file that is no key means, depends on whether there are good ones beside it. */
static int judge_problem(const struct error *problem, const char *directory,
			 const struct key_list *list, struct error *err)
{
	*err = *problem;
	if (list->count == 0) {
		err->code = -ENOKEY;
		return error_prefix(err, "no usable key in %s", directory);
	}
	return error_set(err, -EINVAL,
			 "%s; remove it, or rename it so that it does not end in .pub",
			 problem->text);
}

static int load_directory(const char *directory, bool check_trust, struct key_list *list,
			  struct error *err)
{
	auto_strings struct strings names = {0};
	struct error problem = {0};
	int rc = list_key_files(directory, &names, err);

	for (size_t i = 0; i < names.count && rc == 0; i++) {
		auto_free char *path = path_join(directory, names.items[i]);

		if (path == NULL) {
			return error_no_memory(err);
		}
		rc = add_key(path, check_trust, list, err);
		if (rc == -EINVAL) {
			problem = problem.code == 0 ? *err : problem;
			rc = 0;
		}
	}
	if (rc == 0 && problem.code != 0) {
		rc = judge_problem(&problem, directory, list, err);
	}
	return rc;
}

static int load_file(const char *path, bool check_trust, struct key_list *list, struct error *err)
{
	int rc = add_key(path, check_trust, list, err);

	if (rc == -EINVAL) {
		err->code = -ENOKEY;
		return error_prefix(err, "no usable key");
	}
	return rc;
}

int key_list_load(const char *path, bool check_trust, struct key_list *ret, struct error *err)
{
	auto_key_list struct key_list list = {0};
	struct stat st;

	if (stat(path, &st) < 0) {
		return error_set(err, -ENOKEY, "no usable key in %s: %s", path, strerror(errno));
	}
	int rc = S_ISDIR(st.st_mode) ? load_directory(path, check_trust, &list, err)
				     : load_file(path, check_trust, &list, err);

	if (rc < 0) {
		return rc;
	}
	if (list.count == 0) {
		return error_set(err, -ENOKEY,
				 "no usable key in %s: put the publisher's public key there as "
				 "NAME.pub; without one every release is refused",
				 path);
	}
	*ret = list;
	list = (struct key_list){0};
	return 0;
}

int key_list_check(const struct key_list *list, const struct signature *signature,
		   const void *bytes, size_t length, const struct key **ret, struct error *err)
{
	int rc = error_set(err, -EKEYREJECTED, "none of %zu trusted keys signed it", list->count);

	for (size_t i = 0; i < list->count; i++) {
		struct error why;
		int one = signature_check(signature, &list->items[i].public, bytes, length, &why);

		if (one == 0) {
			*ret = &list->items[i];
			return 0;
		}
		if (one != -EKEYREJECTED) {
			*err = why;
			rc = one;
		}
	}
	return rc;
}
