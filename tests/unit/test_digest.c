/*
 * test_digest.c - digest.h against the examples of FIPS 180-4 and of NIST's test vectors.
 */
#include "base/digest.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "support/scratch.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_SHA256   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define MILLION_A    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static struct scratch scratch;

static void set_up(void)
{
	scratch = scratch_make();
}

static void tear_down(void)
{
	scratch_remove(&scratch);
}

TestSuite(digest, .init = set_up, .fini = tear_down);

static void assert_is(const struct digest *digest, const char *expected)
{
	char text[DIGEST_HEX_SIZE];

	cr_assert_str_eq(digest_text(digest, text), expected);
}

static void hash_pieces(size_t piece, struct digest *ret)
{
	auto_hasher struct hasher hasher = {0};
	char chunk[1000];
	struct error err;

	memset(chunk, 'a', sizeof(chunk));
	cr_assert_eq(hasher_init(&hasher, &err), 0);
	for (size_t left = 1000000; left > 0;) {
		size_t step = piece < left ? piece : left;

		cr_assert_eq(hasher_add(&hasher, chunk, step, &err), 0);
		left -= step;
	}
	cr_assert_eq(hasher_result(&hasher, ret, &err), 0);
}

Test(digest, pieces_of_any_size_give_the_same_hash)
{
	struct digest digest;

	hash_pieces(1000, &digest);
	assert_is(&digest, MILLION_A);
	hash_pieces(63, &digest);
	assert_is(&digest, MILLION_A);
}

Test(digest, nothing_has_a_hash_too)
{
	auto_hasher struct hasher hasher = {0};
	struct digest digest;
	struct error err;

	cr_assert_eq(hasher_init(&hasher, &err), 0);
	cr_assert_eq(hasher_add(&hasher, "", 0, &err), 0);
	cr_assert_eq(hasher_result(&hasher, &digest, &err), 0);
	assert_is(&digest, EMPTY_SHA256);
}

Test(digest, a_hasher_that_was_never_started_can_be_finished)
{
	struct hasher hasher = {0};

	hasher_finish(&hasher);
	hasher_finish(&hasher);
}

Test(digest, a_descriptor_is_hashed_from_its_start_and_stays_where_it_was)
{
	auto_free char *path = scratch_path(&scratch, "file");
	struct digest digest;
	uint64_t size = 0;
	struct error err;

	scratch_write(path, "abc");
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	cr_assert_eq(lseek(fd, 2, SEEK_SET), 2);
	cr_assert_eq(digest_fd(fd, path, &digest, &size, &err), 0);
	assert_is(&digest, ABC_SHA256);
	cr_assert_eq(size, 3);
	cr_assert_eq(lseek(fd, 0, SEEK_CUR), 2);
	cr_assert_eq(digest_fd(fd, path, &digest, NULL, &err), 0);
}

Test(digest, a_file_of_more_than_one_chunk_is_hashed_whole)
{
	auto_free char *path = scratch_path(&scratch, "million");
	auto_free char *content = malloc(1000000);
	struct digest digest;
	struct error err;

	cr_assert_not_null(content);
	memset(content, 'a', 1000000);
	scratch_write_bytes(path, content, 1000000, 0644);
	cr_assert_eq(digest_path(path, &digest, &err), 0);
	assert_is(&digest, MILLION_A);
}

Test(digest, only_regular_files_have_one)
{
	auto_free char *file = scratch_path(&scratch, "file");
	auto_free char *link = scratch_path(&scratch, "link");
	auto_free char *fifo = scratch_path(&scratch, "fifo");
	auto_free char *missing = scratch_path(&scratch, "missing");
	struct digest digest;
	struct error err;

	scratch_write(file, "abc");
	cr_assert_eq(symlink(file, link), 0);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	cr_assert_eq(digest_path(link, &digest, &err), -ELOOP);
	cr_assert_eq(digest_path(fifo, &digest, &err), -EINVAL);
	cr_assert_eq(digest_path(scratch.path, &digest, &err), -EISDIR);
	cr_assert_eq(digest_path(missing, &digest, &err), -ENOENT);
	cr_assert_not_null(strstr(err.text, missing));
}

Test(digest, a_pipe_cannot_be_hashed)
{
	int ends[2];
	struct digest digest;
	struct error err;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_lt(digest_fd(ends[0], "the pipe", &digest, NULL, &err), 0);
	cr_assert_not_null(strstr(err.text, "the pipe"));
	cr_assert_eq(close(ends[0]), 0);
	cr_assert_eq(close(ends[1]), 0);
}

Test(digest, hexadecimal_text_of_either_case_is_read_back)
{
	static const char upper[] =
		"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
	struct digest digest;

	cr_assert_eq(digest_parse(ABC_SHA256, 64, &digest), 0);
	assert_is(&digest, ABC_SHA256);
	cr_assert_eq(digest_parse(upper, 64, &digest), 0);
	assert_is(&digest, ABC_SHA256);
}

Test(digest, anything_but_64_digits_is_refused_and_writes_nothing)
{
	struct digest digest;
	struct digest before;
	char text[] = ABC_SHA256 "00";

	memset(&before, 0x5a, sizeof(before));
	digest = before;
	cr_assert_eq(digest_parse(text, 63, &digest), -EINVAL);
	cr_assert_eq(digest_parse(text, 65, &digest), -EINVAL);
	cr_assert_eq(digest_parse(text, 0, &digest), -EINVAL);
	for (const char *bad = "gG/:@` -\n"; *bad != '\0'; bad++) {
		text[63] = *bad;
		cr_assert_eq(digest_parse(text, 64, &digest), -EINVAL, "'%c'", *bad);
	}
	text[63] = '\0';
	cr_assert_eq(digest_parse(text, 64, &digest), -EINVAL);
	cr_assert_eq(memcmp(&digest, &before, sizeof(digest)), 0);
}
