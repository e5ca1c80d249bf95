/*
 * transfer.c - transfer.h.
 *
 * Redirects are followed by us, one request each: every hop is checked, and only then made.
 * Whatever libcurl does by itself elsewhere (proxies and passwords of the environment and home
 * directory, cookies, encodings, other protocols) is switched off by name.
 */
#include "release/fetch/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "release/fetch/address.h"
#include "release/fetch/answer.h"
#include "release/fetch/hop.h"
#include "release/fetch/reply.h"

struct transfer {
	const struct fetch_request *request;
	CURL *easy;
	int reply;
	uint64_t deadline;
	struct answer answer;
	uint64_t position;   /* in the document, of the next byte; valid once answered */
	bool answered;       /* the updater has been told */
	bool is_elsewhere;   /* the answer is a redirect */
	struct error fault;  /* why a callback stopped the transfer; code 0: none did */
	struct error astray; /* an address that was refused; others may have been tried */
	char reason[CURL_ERROR_SIZE];
	char frame[REPLY_HEAD_SIZE + CURL_MAX_WRITE_SIZE];
};

static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = data;
	const char *fault =
		address_fault(&address->addr, address->addrlen, transfer->request->near);

	(void)purpose;
	/* A proxy is where the administrator says. */
	if (fault != NULL && transfer->request->proxy[0] == '\0') {
		(void)error_set(&transfer->astray, -EPROTO, "its name leads to %s", fault);
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int tell_header(struct transfer *transfer, const struct reply_header *header)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(REPLY_TEXT_MAX + REPLY_HEAD_SIZE);

	if (reply_add_header(&bytes, header) < 0) {
		return error_no_memory(&transfer->fault);
	}
	transfer->position = header->start;
	transfer->answered = true;
	return file_write(transfer->reply, "reply", bytes.data, bytes.length, &transfer->fault);
}

/* The head of an answer is complete. */
static int judge_head(struct transfer *transfer)
{
	const struct fetch_request *request = transfer->request;
	struct reply_header header;
	curl_off_t length = -1;

	if (transfer->answer.status < 200) {
		return 0;
	}
	if (answer_is_redirect(&transfer->answer)) {
		transfer->is_elsewhere = true;
		return -ECANCELED;
	}
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	const struct question question = {request->offset, request->validator, request->maximum,
					  length};
	int rc = answer_judge(&transfer->answer, &question, &header, &transfer->fault);

	return rc == 0 ? tell_header(transfer, &header) : rc;
}

static size_t take_head(char *line, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	size_t length = size * count;
	int rc = 0;

	/* Behind the document (chunked, trailers) nothing is worth knowing; it only counts. */
	if (!transfer->answered && (line[0] == '\r' || line[0] == '\n')) {
		rc = judge_head(transfer);
	} else {
		rc = answer_add(&transfer->answer, line, length, &transfer->fault);
	}
	return rc == 0 ? length : 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	size_t length = size * count;
	uint64_t maximum = transfer->request->maximum;

	if (!transfer->answered || length > CURL_MAX_WRITE_SIZE) {
		(void)error_set(&transfer->fault, -EPROTO, "the server sends no document");
		return 0;
	}
	if (length == 0) {
		return 0;
	}
	if (length > maximum || transfer->position > maximum - length) {
		(void)error_set(&transfer->fault, -EFBIG,
				"it is larger than the %" PRIu64 " bytes allowed", maximum);
		return 0;
	}
	transfer->position += length;
	reply_data_head(length, (unsigned char *)transfer->frame);
	memcpy(transfer->frame + REPLY_HEAD_SIZE, bytes, length);
	int rc = file_write(transfer->reply, "reply", transfer->frame, REPLY_HEAD_SIZE + length,
			    &transfer->fault);

	return rc == 0 ? length : 0;
}

/* An option of this table that libcurl does not take is a build we do not trust. */
struct long_option {
	CURLoption option;
	long value;
};

struct text_option {
	CURLoption option;
	const char *value;
};

static const struct long_option fixed_numbers[] = {
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_NOPROGRESS, 1},
	{CURLOPT_FOLLOWLOCATION, 0},
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_HTTP09_ALLOWED, 0},
	{CURLOPT_HTTP_CONTENT_DECODING, 0},
	{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
	{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_PROXY_SSL_VERIFYPEER, 1},
	{CURLOPT_PROXY_SSL_VERIFYHOST, 2},
	{CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
};

static const struct text_option fixed_texts[] = {
	{CURLOPT_NOPROXY, ""},
	{CURLOPT_REDIR_PROTOCOLS_STR, "https"},
	{CURLOPT_USERAGENT, "banger-update/" BANGER_VERSION},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static CURLcode set_numbers(CURL *easy, const struct long_option *options, size_t count)
{
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < count && code == CURLE_OK; i++) {
		code = curl_easy_setopt(easy, options[i].option, options[i].value);
	}
	return code;
}

static CURLcode set_texts(CURL *easy, const struct text_option *options, size_t count)
{
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < count && code == CURLE_OK; i++) {
		code = curl_easy_setopt(easy, options[i].option, options[i].value);
	}
	return code;
}

static CURLcode set_callbacks(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);

	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	}
	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	}
	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
	}
	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	}
	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	}
	return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) : code;
}

/* The given certificates alone: the system's are taken away, not added to. */
static CURLcode set_certificates(CURL *easy, const struct buffer *ca)
{
	static const struct text_option none[] = {
		{CURLOPT_CAINFO, NULL},
		{CURLOPT_CAPATH, NULL},
		{CURLOPT_PROXY_CAINFO, NULL},
		{CURLOPT_PROXY_CAPATH, NULL},
	};
	struct curl_blob blob = {ca->data, ca->length, CURL_BLOB_NOCOPY};
	CURLcode code = set_texts(easy, none, COUNT(none));

	if (code == CURLE_OK) {
		code = curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
	}
	return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob) : code;
}

static long at_most_long(uint64_t value)
{
	return value < 2000000000u ? (long)value : 2000000000L;
}

static int set_up(struct transfer *transfer, const struct buffer *ca, struct error *err)
{
	const struct fetch_request *request = transfer->request;
	const struct long_option numbers[] = {
		{CURLOPT_CONNECTTIMEOUT_MS, at_most_long(request->connect_timeout_ms)},
		{CURLOPT_LOW_SPEED_LIMIT, at_most_long(request->min_rate)},
		{CURLOPT_LOW_SPEED_TIME, at_most_long(request->min_rate_window)},
	};
	const struct text_option texts[] = {
		{CURLOPT_PROXY, request->proxy}, /* "" is none, also none of the environment */
		{CURLOPT_PROTOCOLS_STR, request->plain ? "http,https" : "https"},
	};
	CURLcode code = set_numbers(transfer->easy, fixed_numbers, COUNT(fixed_numbers));

	if (code == CURLE_OK) {
		code = set_texts(transfer->easy, fixed_texts, COUNT(fixed_texts));
	}
	if (code == CURLE_OK) {
		code = set_numbers(transfer->easy, numbers, COUNT(numbers));
	}
	if (code == CURLE_OK) {
		code = set_texts(transfer->easy, texts, COUNT(texts));
	}
	if (code == CURLE_OK) {
		code = set_callbacks(transfer);
	}
	if (code == CURLE_OK && ca != NULL) {
		code = set_certificates(transfer->easy, ca);
	}
	return code == CURLE_OK ? 0
				: error_set(err, -EIO, "this libcurl cannot be set up: %s",
					    curl_easy_strerror(code));
}

static int add_line(struct curl_slist **list, const char *line, struct error *err)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (longer == NULL) {
		return error_no_memory(err);
	}
	*list = longer;
	return 0;
}

/* The header lines of one hop. Our secret goes where it was meant to, and only under TLS. */
static int make_lines(const struct fetch_request *request, const char *url,
		      struct curl_slist **list, struct error *err)
{
	char line[REPLY_VALIDATOR_MAX + 16];
	int rc = 0;

	if (request->offset > 0) {
		(void)snprintf(line, sizeof(line), "Range: bytes=%" PRIu64 "-", request->offset);
		rc = add_line(list, line, err);
	}
	if (rc == 0 && request->offset > 0) {
		(void)snprintf(line, sizeof(line), "If-Range: %s", request->validator);
		rc = add_line(list, line, err);
	}
	if (rc == 0 && request->authorization[0] != '\0' && strncmp(url, "https:", 6) == 0 &&
	    hop_same_origin(url, request->origin)) {
		rc = add_line(list, request->authorization, err);
	}
	return rc;
}

/* What libcurl's codes mean to us; the rest is -EIO. */
static const struct {
	CURLcode code;
	int means;
} meanings[] = {
	{CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH},
	{CURLE_COULDNT_RESOLVE_PROXY, -EHOSTUNREACH},
	{CURLE_COULDNT_CONNECT, -EHOSTUNREACH},
	{CURLE_SSL_CONNECT_ERROR, -EHOSTUNREACH},
	{CURLE_PROXY, -EHOSTUNREACH},
	{CURLE_PARTIAL_FILE, -ECONNRESET},
	{CURLE_GOT_NOTHING, -ECONNRESET},
	{CURLE_RECV_ERROR, -ECONNRESET},
	{CURLE_SEND_ERROR, -ECONNRESET},
	{CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT},
	{CURLE_PEER_FAILED_VERIFICATION, -EACCES},
	{CURLE_SSL_CACERT_BADFILE, -EACCES},
	{CURLE_SSL_ISSUER_ERROR, -EACCES},
	{CURLE_SSL_CERTPROBLEM, -EACCES},
	{CURLE_UNSUPPORTED_PROTOCOL, -EPROTO},
	{CURLE_URL_MALFORMAT, -EPROTO},
	{CURLE_WEIRD_SERVER_REPLY, -EPROTO},
	{CURLE_HTTP_RETURNED_ERROR, -EPROTO},
	/* Also what it says to a header of more than 100 KiB. */
	{CURLE_OUT_OF_MEMORY, -EPROTO},
};

/* A connection that was not made in its time may be made the next time; the deadline of all is
 * final. */
static bool was_connecting(const struct transfer *transfer)
{
	curl_off_t reached = 0;

	return curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &reached) ==
		       CURLE_OK &&
	       reached == 0 && clock_left(transfer->deadline) > 0;
}

static int explain(const struct transfer *transfer, CURLcode code, struct error *err)
{
	const char *reason =
		transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(code);
	int means = -EIO;

	if (transfer->fault.code < 0) {
		*err = transfer->fault;
		return err->code;
	}
	if (code == CURLE_COULDNT_CONNECT && transfer->astray.code < 0) {
		*err = transfer->astray;
		return err->code;
	}
	for (size_t i = 0; i < COUNT(meanings); i++) {
		means = meanings[i].code == code ? meanings[i].means : means;
	}
	if (means == -ETIMEDOUT && was_connecting(transfer)) {
		means = -EHOSTUNREACH;
	}
	return error_set(err, means, "%s", reason);
}

/* One request. 0: the document is complete, or is_elsewhere. */
static int make_hop(struct transfer *transfer, const char *url, struct error *err)
{
	struct curl_slist *lines = NULL;
	int left = clock_left(transfer->deadline);
	int rc = make_lines(transfer->request, url, &lines, err);
	CURLcode code = CURLE_OK;

	if (rc == 0) {
		size_t seen = transfer->answer.size;

		transfer->answer = (struct answer){.size = seen};
		transfer->is_elsewhere = false;
		code = curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
	}
	if (rc == 0 && code == CURLE_OK) {
		code = curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, lines);
	}
	if (rc == 0 && code == CURLE_OK) {
		/* 0 would be no limit at all. */
		code = curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS,
					(long)(left > 0 ? left : 1));
	}
	if (rc == 0 && code == CURLE_OK) {
		code = curl_easy_perform(transfer->easy);
	}
	curl_slist_free_all(lines);
	if (rc < 0 || transfer->is_elsewhere) {
		return rc;
	}
	return code != CURLE_OK ? explain(transfer, code, err) : 0;
}

static int make_hops(struct transfer *transfer, struct error *err)
{
	auto_free char *url = strdup(transfer->request->url);
	int rc = url == NULL ? error_no_memory(err) : hop_check(transfer->request, url, err);

	for (unsigned hop = 0; rc == 0; hop++) {
		char *next = NULL;

		rc = make_hop(transfer, url, err);
		if (rc < 0 || !transfer->is_elsewhere) {
			break;
		}
		if (hop == LIMIT_REDIRECTS) {
			return error_set(err, -EPROTO, "the server redirects more than %u times",
					 LIMIT_REDIRECTS);
		}
		rc = hop_follow(transfer->request, url, transfer->answer.location, &next, err);
		if (rc == 0) {
			free(url);
			url = next;
		}
	}
	if (rc == 0 && !transfer->answered) {
		return error_set(err, -EPROTO, "the server sends no document");
	}
	return rc;
}

int transfer_run(const struct fetch_request *request, const struct buffer *ca, int reply,
		 struct error *err)
{
	auto_free struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (transfer == NULL) {
		return error_no_memory(err);
	}
	transfer->request = request;
	transfer->reply = reply;
	transfer->deadline = clock_deadline(request->timeout_ms);
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL) {
		return error_no_memory(err);
	}
	int rc = set_up(transfer, ca, err);

	if (rc == 0) {
		rc = make_hops(transfer, err);
	}
	curl_easy_cleanup(transfer->easy);
	return rc;
}
