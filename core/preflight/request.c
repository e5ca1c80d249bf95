/*
 * request.c - request.h: encoding and decoding, and the memory file that carries it.
 */
#include "preflight/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"

#define MAGIC "banger preflight request 2"

static int put_text(struct buffer *buffer, const char *text)
{
	return buffer_add(buffer, text, strlen(text) + 1);
}

static int put_number(struct buffer *buffer, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	return put_text(buffer, text);
}

static int put_pairs(struct buffer *buffer, const struct pairs *pairs)
{
	size_t count = pairs != NULL ? pairs->count : 0;
	int rc = count > LIMIT_PLUGIN_PAIRS ? -E2BIG : put_number(buffer, count);

	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = put_text(buffer, pairs->items[i].key);
		if (rc == 0) {
			rc = put_text(buffer, pairs->items[i].value);
		}
	}
	return rc;
}

int request_encode(const struct request *request, struct buffer *buffer)
{
	const char *scratch = request->scratch != NULL ? request->scratch : "";
	const char *const head[] = {MAGIC, PREFLIGHT_BUILD, request->name, request->path, scratch};
	const uint64_t numbers[] = {
		request->timeout_ms,
		request->grants,
		request->has_section,
		request->is_program,
		request->must_be_confined,
		request->change_user,
		request->uid,
		request->gid,
		request->trial,
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]) && rc == 0; i++) {
		rc = put_text(buffer, head[i]);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && rc == 0; i++) {
		rc = put_number(buffer, numbers[i]);
	}
	if (rc == 0) {
		rc = put_pairs(buffer, request->options);
	}
	return rc < 0 ? rc : put_pairs(buffer, request->subject);
}

/* The bytes that have not been read yet; at is NULL once a read failed. */
struct cursor {
	const char *at;
	size_t left;
};

static const char *take_text(struct cursor *cursor)
{
	const char *text = cursor->at;
	const char *end = text != NULL ? memchr(text, '\0', cursor->left) : NULL;

	if (end == NULL) {
		cursor->at = NULL;
		return "";
	}
	cursor->left -= (size_t)(end - text) + 1;
	cursor->at = end + 1;
	return text;
}

static uint64_t take_number(struct cursor *cursor)
{
	uint64_t number = 0;

	if (text_parse_u64(take_text(cursor), &number) < 0) {
		cursor->at = NULL;
		return 0;
	}
	return number;
}

/* A number that is no larger than most. */
static uint64_t take_bounded(struct cursor *cursor, uint64_t most)
{
	uint64_t number = take_number(cursor);

	if (number > most) {
		cursor->at = NULL;
		return 0;
	}
	return number;
}

static bool take_bool(struct cursor *cursor)
{
	return take_bounded(cursor, 1) == 1;
}

static void take_fields(struct cursor *cursor, struct request *request)
{
	request->name = take_text(cursor);
	request->path = take_text(cursor);
	request->scratch = take_text(cursor);
	request->timeout_ms = take_number(cursor);
	request->grants = take_number(cursor);
	request->has_section = take_bool(cursor);
	request->is_program = take_bool(cursor);
	request->must_be_confined = take_bool(cursor);
	request->change_user = take_bool(cursor);
	request->uid = (uint32_t)take_bounded(cursor, UINT32_MAX);
	request->gid = (uint32_t)take_bounded(cursor, UINT32_MAX);
	request->trial = (enum trial)take_bounded(cursor, TRIAL_COUNT - 1);
	if (request->scratch[0] == '\0') {
		request->scratch = NULL;
	}
}

static int take_pairs(struct cursor *cursor, struct pairs *ret)
{
	uint64_t count = take_number(cursor);

	if (count > LIMIT_PLUGIN_PAIRS) {
		cursor->at = NULL;
	}
	for (uint64_t i = 0; i < count && cursor->at != NULL; i++) {
		const char *key = take_text(cursor);
		const char *value = take_text(cursor);
		int rc = cursor->at != NULL ? pairs_set(ret, key, value) : 0;

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int check_origin(struct cursor *cursor, struct error *err)
{
	const char *magic = take_text(cursor);
	const char *build = take_text(cursor);

	if (strcmp(magic, MAGIC) != 0) {
		return error_set(err, -EPROTO, "this is no request: start banger-update instead");
	}
	if (strcmp(build, PREFLIGHT_BUILD) != 0) {
		return error_set(err, -EPROTO, "the helper is of build %s, the updater of build %s",
				 PREFLIGHT_BUILD, build);
	}
	return 0;
}

int request_decode(const char *bytes, size_t length, struct pairs *options, struct pairs *subject,
		   struct request *ret, struct error *err)
{
	struct cursor cursor = {bytes, length};
	int rc = check_origin(&cursor, err);

	if (rc < 0) {
		return rc;
	}
	struct request request = {.options = options, .subject = subject};

	take_fields(&cursor, &request);
	if (take_pairs(&cursor, options) < 0 || take_pairs(&cursor, subject) < 0) {
		return error_no_memory(err);
	}
	if (cursor.at == NULL || cursor.left != 0 || request.path[0] != '/') {
		return error_set(err, -EPROTO, "the request is malformed");
	}
	*ret = request;
	return 0;
}

int request_open(const struct request *request, struct error *err)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_PLUGIN_REQUEST);
	int rc = request_encode(request, &bytes);

	if (rc < 0) {
		return error_set(err, rc, "cannot put the subject into %u bytes: %s",
				 LIMIT_PLUGIN_REQUEST, strerror(-rc));
	}
	auto_close int fd = memfd_create("preflight-request", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		return error_set(err, -errno, "cannot make a memory file: %s", strerror(errno));
	}
	rc = file_write(fd, "the request", bytes.data, bytes.length, err);
	if (rc < 0) {
		return rc;
	}
	if (lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0) {
		return error_set(err, -errno, "cannot seal a memory file: %s", strerror(errno));
	}
	return take_fd(&fd);
}
