/*
 * test_fetch.c - bytes from a URL, never more than allowed.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "release/fetch.h"
#include "support/scratch.h"

struct taker {
	int append_to; /* -1: nothing */
	int answer;
	uint64_t taken;
};

static int take(void *data, const void *bytes, size_t length, struct error *err)
{
	struct taker *taker = data;

	taker->taken += length;
	if (taker->answer < 0) {
		return error_set(err, taker->answer, "enough");
	}
	return taker->append_to >= 0 ? file_write(taker->append_to, "source", bytes, length, err)
				     : 0;
}

Test(fetch, stops_at_the_maximum_of_a_file_that_grows_as_it_is_read, .timeout = 30)
{
	struct scratch scratch = scratch_make();
	char *path = scratch_path(&scratch, "log");
	struct taker taker = {.append_to = -1};
	struct fetch_sink sink = {take, &taker, 3u * MIB};
	struct error err = {0};

	scratch_write(path, "begin");
	taker.append_to = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	cr_assert_geq(taker.append_to, 0);
	/* Whatever is read is written behind the end again. */
	for (unsigned i = 0; i < 100u * KIB; i++) {
		cr_assert_eq(write(taker.append_to, "0123456789", 10), 10);
	}
	cr_assert_eq(fetch(path, &sink, &err), -EFBIG, "%s", err.text);
	cr_assert_leq(taker.taken, sink.maximum);
	cr_assert(strstr(err.text, path) != NULL, "%s", err.text);
	(void)close(taker.append_to);
	free(path);
	scratch_remove(&scratch);
}

Test(fetch, ends_with_what_the_taker_says)
{
	struct scratch scratch = scratch_make();
	char *path = scratch_path(&scratch, "document");
	struct taker taker = {.append_to = -1, .answer = -ENOSPC};
	struct fetch_sink sink = {take, &taker, 100};
	struct error err = {0};

	scratch_write(path, "content");
	cr_assert_eq(fetch(path, &sink, &err), -ENOSPC);
	cr_assert_str_eq(err.text, "enough");
	free(path);
	scratch_remove(&scratch);
}

Test(fetch, reads_a_document_of_exactly_the_maximum)
{
	struct scratch scratch = scratch_make();
	char *path = scratch_path(&scratch, "a document");
	char *url = NULL;
	struct error err = {0};

	scratch_write(path, "12345678");
	cr_assert_geq(asprintf(&url, "file://localhost%s/a%%20document", scratch.path), 0);
	struct buffer fits = BUFFER_INIT(8);
	struct buffer short_by_one = BUFFER_INIT(7);

	cr_assert_eq(fetch_document(url, &fits, &err), 0, "%s", err.text);
	cr_assert_str_eq(buffer_text(&fits), "12345678");
	cr_assert_eq(fetch_document(url, &short_by_one, &err), -EFBIG);
	cr_assert_eq(short_by_one.length, 0);
	buffer_finish(&fits);
	buffer_finish(&short_by_one);
	free(url);
	free(path);
	scratch_remove(&scratch);
}

Test(fetch, knows_only_local_files)
{
	static const char *const urls[] = {"https://host/a", "http://host/a", "ftp://host/a",
					   "files:///a", "fil:///a"};
	struct taker taker = {.append_to = -1};
	struct fetch_sink sink = {take, &taker, 100};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct error err = {0};

		cr_assert_eq(fetch(urls[i], &sink, &err), -ENOTSUP, "%s", urls[i]);
		cr_assert(strstr(err.text, "this build fetches only file://") != NULL, "%s",
			  err.text);
		cr_assert(strstr(err.text, urls[i]) != NULL, "%s", err.text);
	}
	cr_assert_eq(taker.taken, 0);
}
