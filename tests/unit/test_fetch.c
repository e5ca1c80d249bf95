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

Test(fetch, stops_at_the_maximum_of_a_file_that_grows_as_it_is_read, .timeout = 60)
{
	struct scratch scratch = scratch_make();
	char *path = scratch_path(&scratch, "log");
	struct taker taker = {.append_to = -1};
	struct fetch_sink sink = {.take = take, .data = &taker, .maximum = 3u * MIB};
	struct error err = {0};

	scratch_write(path, "begin");
	taker.append_to = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	cr_assert_geq(taker.append_to, 0);
	/* Whatever is read is written behind the end again. */
	for (unsigned i = 0; i < 100u * KIB; i++) {
		cr_assert_eq(write(taker.append_to, "0123456789", 10), 10);
	}
	cr_assert_eq(fetch(NULL, path, &sink, &err), -EFBIG, "%s", err.text);
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
	struct fetch_sink sink = {.take = take, .data = &taker, .maximum = 100};
	struct error err = {0};

	scratch_write(path, "content");
	cr_assert_eq(fetch(NULL, path, &sink, &err), -ENOSPC);
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

	cr_assert_eq(fetch_document(NULL, url, &fits, &err), 0, "%s", err.text);
	cr_assert_str_eq(buffer_text(&fits), "12345678");
	cr_assert_eq(fetch_document(NULL, url, &short_by_one, &err), -EFBIG);
	cr_assert_eq(short_by_one.length, 0);
	buffer_finish(&fits);
	buffer_finish(&short_by_one);
	free(url);
	free(path);
	scratch_remove(&scratch);
}

/* What a document may name, by where the manifest came from. */
static const struct {
	const char *manifest; /* NULL: a local release */
	const char *url;
	int code;
	const char *says;
} pairs[] = {
	{NULL, "https://host/a", -EPROTO, "names only local files"},
	{NULL, "http://host/a", -EPROTO, "names only local files"},
	{NULL, "ftp://host/a", -ENOTSUP, "only https, http and file"},
	{NULL, "files:///a", -ENOTSUP, "only https, http and file"},
	{NULL, "fil:///a", -ENOTSUP, "only https, http and file"},
	{"https://host/m", "http://host/a", -EPROTO, "must not lead to http"},
	{"https://host/m", "HTTP://host/a", -EPROTO, "must not lead to http"},
	{"https://host/m", "file:///etc/passwd", -EPROTO, "must not lead to file"},
	{"https://host/m", "/etc/passwd", -EPROTO, "must not lead to file"},
	{"https://host/m", "gopher://host/a", -ENOTSUP, "only https, http and file"},
	{"http://host/m", "file:///etc/passwd", -EPROTO, "must not lead to file"},
	{"file:///m", "http://host/a", -EPROTO, "must not lead to http"},
	/* These are let through, and end where there is no helper. */
	{"https://host/m", "https://host/a", -ENOTSUP, "fetch is not installed"},
	{"http://host/m", "http://host/a", -ENOTSUP, "fetch is not installed"},
	{"http://host/m", "https://host/a", -ENOTSUP, "fetch is not installed"},
	{"file:///m", "https://host/a", -ENOTSUP, "fetch is not installed"},
};

Test(fetch, a_manifest_leads_only_where_it_came_from_or_somewhere_safer)
{
	struct taker taker = {.append_to = -1};
	struct fetch_sink sink = {.take = take, .data = &taker, .maximum = 100};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct fetch_options options = {.helper_fd = -1,
						      .manifest = pairs[i].manifest,
						      .timeout_ms = 1000};
		struct fetcher *fetcher = NULL;
		struct error err = {0};

		if (pairs[i].manifest != NULL) {
			cr_assert_eq(fetcher_open(&options, &fetcher, &err), 0, "%s", err.text);
		}
		cr_assert_eq(fetch(fetcher, pairs[i].url, &sink, &err), pairs[i].code, "%zu: %s", i,
			     err.text);
		cr_assert(strstr(err.text, pairs[i].says) != NULL, "%s", err.text);
		cr_assert(strstr(err.text, pairs[i].url) != NULL, "%s", err.text);
		fetcher_close(&fetcher);
	}
	cr_assert_eq(taker.taken, 0);
}
