/*
 * Requests: the helper reads what the updater wrote, or says that it cannot.
 */
#include "preflight/request.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

static void fill(struct pairs *options, struct pairs *subject)
{
	cr_assert_eq(pairs_set(options, "colour", "blue"), 0);
	cr_assert_eq(pairs_set(subject, "artifacts", "one\ntwo"), 0);
	cr_assert_eq(pairs_set(subject, "root", ""), 0);
}

static struct request request_of(const struct pairs *options, const struct pairs *subject)
{
	return (struct request){
		.name = "disk",
		.path = "/plugins/disk.so",
		.timeout_ms = 30000,
		.grants = 3,
		.has_section = true,
		.trial = TRIAL_NO_TIME,
		.options = options,
		.subject = subject,
	};
}

/* Decodes and forgets the pairs. */
static int decode(const char *bytes, size_t length)
{
	auto_pairs struct pairs options = {0};
	auto_pairs struct pairs subject = {0};
	struct request request;
	struct error err = {0};

	return request_decode(bytes, length, &options, &subject, &request, &err);
}

static struct buffer encoded(void)
{
	auto_pairs struct pairs options = {0};
	auto_pairs struct pairs subject = {0};
	struct buffer bytes = BUFFER_INIT(LIMIT_PLUGIN_REQUEST);

	fill(&options, &subject);
	const struct request request = request_of(&options, &subject);

	cr_assert_eq(request_encode(&request, &bytes), 0);
	return bytes;
}

Test(request, what_goes_in_comes_out)
{
	auto_buffer struct buffer bytes = encoded();
	auto_pairs struct pairs options = {0};
	auto_pairs struct pairs subject = {0};
	struct request request;
	struct error err = {0};

	cr_assert_eq(request_decode(bytes.data, bytes.length, &options, &subject, &request, &err),
		     0, "%s", err.text);
	cr_assert_str_eq(request.name, "disk");
	cr_assert_str_eq(request.path, "/plugins/disk.so");
	cr_assert_eq(request.timeout_ms, 30000);
	cr_assert_eq(request.grants, 3);
	cr_assert(request.has_section);
	cr_assert_eq(request.trial, TRIAL_NO_TIME);
	cr_assert_str_eq(pairs_get(request.options, "colour"), "blue");
	cr_assert_str_eq(pairs_get(request.subject, "artifacts"), "one\ntwo");
	cr_assert_str_eq(pairs_get(request.subject, "root"), "");
	cr_assert_null(pairs_get(request.subject, "colour"));
}

Test(request, every_beginning_and_every_continuation_is_refused)
{
	auto_buffer struct buffer bytes = encoded();

	for (size_t length = 0; length < bytes.length; length++) {
		cr_assert_eq(decode(bytes.data, length), -EPROTO, "%zu bytes", length);
	}
	cr_assert_eq(buffer_add(&bytes, "", 1), 0);
	cr_assert_eq(decode(bytes.data, bytes.length), -EPROTO);
}

Test(request, another_build_is_refused_with_both_names)
{
	static const char other[] = "banger preflight request 2\0"
				    "0.0.0-other\0";
	auto_pairs struct pairs none = {0};
	struct request request;
	struct error err = {0};

	cr_assert_eq(request_decode(other, sizeof(other), &none, &none, &request, &err), -EPROTO);
	cr_assert_not_null(strstr(err.text, "0.0.0-other"));
	cr_assert_not_null(strstr(err.text, PREFLIGHT_BUILD));
}

Test(request, a_relative_path_is_refused)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_PLUGIN_REQUEST);
	struct pairs none = {0};
	struct request request = request_of(&none, &none);

	request.path = "disk.so";
	cr_assert_eq(request_encode(&request, &bytes), 0);
	cr_assert_eq(decode(bytes.data, bytes.length), -EPROTO);
}

Test(request, more_than_fits_is_an_error_and_not_cut)
{
	auto_pairs struct pairs subject = {0};
	auto_free char *huge = calloc(1, LIMIT_PLUGIN_REQUEST + 1);
	struct error err = {0};

	cr_assert_not_null(huge);
	memset(huge, 'x', LIMIT_PLUGIN_REQUEST);
	cr_assert_eq(pairs_set(&subject, "product", huge), 0);
	const struct request request = request_of(NULL, &subject);

	cr_assert_eq(request_open(&request, &err), -E2BIG);
}

Test(request, the_file_cannot_be_changed_by_who_reads_it)
{
	auto_pairs struct pairs options = {0};
	auto_pairs struct pairs subject = {0};
	struct error err = {0};

	fill(&options, &subject);
	const struct request request = request_of(&options, &subject);
	auto_close int fd = request_open(&request, &err);

	cr_assert_geq(fd, 0, "%s", err.text);
	cr_assert_eq(write(fd, "x", 1), -1);
	cr_assert_eq(ftruncate(fd, 0), -1);
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_PLUGIN_REQUEST);

	cr_assert_eq(file_read(fd, "request", &bytes, &err), 0, "%s", err.text);
	cr_assert_eq(decode(bytes.data, bytes.length), 0);
}
