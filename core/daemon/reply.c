/*
 * reply.c - reply.h: the table of methods. Every line gets an answer, whatever it is.
 */
#include "daemon/reply.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"

static void release_json(json_t **value)
{
	json_decref(*value);
}

#define auto_json __attribute__((cleanup(release_json)))

static json_t *ping(const struct daemon_release *release)
{
	(void)release;
	return json_string("pong");
}

static json_t *version(const struct daemon_release *release)
{
	return json_string(release->version);
}

/* An operation is {"id","kind","done"}; this daemon starts none that outlives its request. */
static json_t *list_operations(const struct daemon_release *release)
{
	(void)release;
	return json_array();
}

static const struct {
	const char *name;
	json_t *(*result)(const struct daemon_release *release);
} methods[] = {
	{"ping", ping},
	{"version", version},
	{"operations.list", list_operations},
};

static json_t *failure(const char *code, const char *text)
{
	return json_pack("{s:{s:s,s:s}}", "error", "code", code, "text", text);
}

static json_t *call(const struct daemon_release *release, const char *method)
{
	if (release->hooks != NULL && release->hooks->answer != NULL) {
		json_t *own = release->hooks->answer(method);

		if (own != NULL) {
			return own;
		}
	}
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, method) == 0) {
			return json_pack("{s:o}", "result", methods[i].result(release));
		}
	}
	return failure("unknown-method", "there is no such method");
}

static json_t *answer(const struct daemon_release *release, const char *line, size_t length)
{
	json_error_t wrong;
	auto_json json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &wrong);

	if (request == NULL) {
		/* It quotes the request, which need not be UTF-8. */
		text_sanitize(wrong.text);
		return failure("bad-request", wrong.text);
	}
	const char *method = json_string_value(json_object_get(request, "method"));

	if (method == NULL) {
		return failure("bad-request", "a request is an object with a string \"method\"");
	}
	return call(release, method);
}

static int add(struct buffer *into, json_t *reply)
{
	auto_free char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT) : NULL;

	if (text == NULL) {
		return -ENOMEM;
	}
	return buffer_add_format(into, "%s\n", text);
}

int reply_to(const struct daemon_release *release, const char *line, size_t length,
	     struct buffer *into)
{
	auto_json json_t *reply = answer(release, line, length);

	return add(into, reply);
}

int reply_too_long(struct buffer *into)
{
	auto_json json_t *reply = failure("too-long", "a request has at most 64 KiB");

	return add(into, reply);
}
