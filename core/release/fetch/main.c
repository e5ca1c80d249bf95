/*
 * main.c - the fetch helper: one URL, by a process that could not do anything else.
 *
 * Started by release/remote.c with open descriptors (request.h); answers over one of them
 * (reply.h). The only program here that knows http and TLS.
 */
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/limits.h"
#include "release/fetch/confine.h"
#include "release/fetch/reply.h"
#include "release/fetch/request.h"
#include "release/fetch/transfer.h"

static int read_request(struct buffer *bytes, struct fetch_request *ret, struct error *err)
{
	int rc = file_read(FETCH_FD_REQUEST, "request", bytes, err);

	if (rc == 0 &&
	    (bytes->length == 0 || fetch_request_read(bytes->data, bytes->length, ret) < 0)) {
		rc = error_set(err, -EIO, "the fetch helper is run by banger-update only");
	}
	return rc;
}

static int begin(const struct fetch_request *request, struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(REPLY_TEXT_MAX);
	struct confinement confinement = {
		.first_unused = request->has_ca ? FETCH_FD_CA + 1 : FETCH_FD_CA,
		.needs_system = !request->has_ca,
	};
	char text[CONFINEMENT_TEXT_MAX];
	int rc = fetch_confine(&confinement, text, err);

	if (rc < 0) {
		return rc;
	}
	if (reply_add_confinement(&bytes, text) < 0) {
		return error_no_memory(err);
	}
	return file_write(FETCH_FD_REPLY, "reply", bytes.data, bytes.length, err);
}

static int run(struct error *err)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_FETCH_REQUEST);
	auto_buffer struct buffer ca = BUFFER_INIT(LIMIT_CA_FILE);
	struct fetch_request request;
	int rc = read_request(&bytes, &request, err);

	if (rc == 0) {
		rc = begin(&request, err);
	}
	if (rc == 0 && request.has_ca) {
		rc = file_read(FETCH_FD_CA, "ca_file", &ca, err);
	}
	if (rc == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		rc = error_set(err, -EIO, "libcurl cannot be initialised");
	}
	if (rc == 0) {
		rc = transfer_run(&request, request.has_ca ? &ca : NULL, FETCH_FD_REPLY, err);
		curl_global_cleanup();
	}
	return rc;
}

static int tell_greeting(void)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(REPLY_TEXT_MAX);
	struct error ignored;
	int rc = reply_add_greeting(&bytes);

	return rc == 0 ? file_write(FETCH_FD_REPLY, "reply", bytes.data, bytes.length, &ignored)
		       : rc;
}

static int tell_end(const struct error *failure)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(REPLY_TEXT_MAX + REPLY_HEAD_SIZE);
	struct error ignored;
	int rc = reply_add_end(&bytes, failure);

	return rc == 0 ? file_write(FETCH_FD_REPLY, "reply", bytes.data, bytes.length, &ignored)
		       : rc;
}

int main(void)
{
	struct error err = {0};

	(void)signal(SIGPIPE, SIG_IGN);
	if (tell_greeting() < 0) {
		return EXIT_FAILURE;
	}
	int rc = run(&err);

	if (tell_end(rc < 0 ? &err : NULL) < 0) {
		return EXIT_FAILURE;
	}
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
