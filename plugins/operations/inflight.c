/*
 * inflight.c - inflight.h: the answer is outside input; what it quotes is bounded by the sentence.
 */
#include "inflight.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "support/amount.h"
#include "support/subject.h"

#define SHOWN_MAX 10
#define NAMES_MAX 600

static void release_json(json_t **value)
{
	json_decref(*value);
}

#define auto_json __attribute__((cleanup(release_json)))

static int add_operation(const json_t *operation, struct strings *list)
{
	const char *kind = json_string_value(json_object_get(operation, "kind"));
	const json_t *id = json_object_get(operation, "id");
	auto_free char *name = NULL;
	int length = json_is_integer(id)
			     ? asprintf(&name, "%s %lld", kind != NULL ? kind : "operation",
					(long long)json_integer_value(id))
			     : asprintf(&name, "%s %s", kind != NULL ? kind : "operation",
					json_is_string(id) ? json_string_value(id) : "?");

	if (length < 0) {
		name = NULL;
		return -ENOMEM;
	}
	return strings_add(list, name);
}

static int no_answer(struct error *err, const char *why)
{
	return error_set(err, -EPROTO, "the daemon's answer to operations.list %s", why);
}

static int read_result(const json_t *result, struct strings *ret, struct error *err)
{
	auto_strings struct strings list = {0};

	if (!json_is_array(result)) {
		return no_answer(err, "has no list");
	}
	for (size_t i = 0; i < json_array_size(result); i++) {
		const json_t *operation = json_array_get(result, i);

		if (!json_is_object(operation)) {
			return no_answer(err, "lists something that is no operation");
		}
		if (json_is_true(json_object_get(operation, "done"))) {
			continue;
		}
		if (add_operation(operation, &list) < 0) {
			return error_no_memory(err);
		}
	}
	*ret = list;
	list = (struct strings){0};
	return 0;
}

int inflight_parse_reply(const char *text, size_t length, struct strings *ret, struct error *err)
{
	json_error_t wrong;
	auto_json json_t *reply = json_loadb(text, length, JSON_REJECT_DUPLICATES, &wrong);
	const json_t *failure = json_object_get(reply, "error");

	if (reply == NULL) {
		return no_answer(err, "is no JSON");
	}
	if (failure != NULL) {
		const char *why = json_string_value(json_object_get(failure, "text"));

		return error_set(err, -EREMOTEIO, "the daemon refuses operations.list: %s",
				 why != NULL ? why : "without a reason");
	}
	return read_result(json_object_get(reply, "result"), ret, err);
}

int inflight_parse_lines(const char *text, struct strings *ret)
{
	return subject_lines(text, ret);
}

/* "vm.create 17, image.pull 4 and 3 more" */
static const char *names(const struct strings *operations, struct buffer *text)
{
	size_t shown = 0;

	while (shown < operations->count && shown < SHOWN_MAX &&
	       buffer_add_format(text, "%s%.50s", shown > 0 ? ", " : "",
				 operations->items[shown]) == 0) {
		shown++;
	}
	if (shown < operations->count) {
		(void)!buffer_add_format(text, " and %zu more", operations->count - shown);
	}
	return buffer_text(text);
}

void inflight_judge(const struct strings *operations, uint64_t waited_ms, struct judgement *ret)
{
	auto_buffer struct buffer text = BUFFER_INIT(NAMES_MAX + 64);
	char waited[AMOUNT_TEXT_MAX];
	char after[AMOUNT_TEXT_MAX + 32] = "";

	if (waited_ms > 0) {
		(void)snprintf(after, sizeof(after), " after %s of waiting",
			       amount_time(waited_ms, waited));
	}
	if (operations->count == 0) {
		judgement_set(ret, PF_COMPATIBLE, "operations.none", NULL, "nothing is in flight%s",
			      after);
		return;
	}
	judgement_set(ret, PF_BUSY, "operations.busy",
		      "try again when they are done, or raise drain = in section "
		      "[plugin operations]",
		      "%zu operation%s in flight%s, and the update would cut %s off: %s",
		      operations->count, operations->count == 1 ? " is" : "s are", after,
		      operations->count == 1 ? "it" : "them", names(operations, &text));
}
