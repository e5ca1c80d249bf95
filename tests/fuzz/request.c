/* request.c - fuzzes request_decode(): what it accepts can be asked again and means the same. */
#include <string.h>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "preflight/request.h"

static void check_pairs(const struct pairs *pairs, const struct pairs *again)
{
	must(pairs->count == again->count);
	for (size_t i = 0; i < pairs->count; i++) {
		must(strcmp(pairs->items[i].key, again->items[i].key) == 0);
		must(strcmp(pairs->items[i].value, again->items[i].value) == 0);
	}
}

static void check_again(const struct request *request)
{
	auto_buffer struct buffer bytes = BUFFER_INIT(LIMIT_PLUGIN_REQUEST);
	auto_pairs struct pairs options = {0};
	auto_pairs struct pairs subject = {0};
	struct request again;
	struct error err;

	must(request_encode(request, &bytes) == 0);
	must(request_decode(bytes.data, bytes.length, &options, &subject, &again, &err) == 0);
	must(strcmp(request->name, again.name) == 0 && strcmp(request->path, again.path) == 0);
	must(request->timeout_ms == again.timeout_ms && request->grants == again.grants);
	must(request->has_section == again.has_section);
	check_pairs(request->options, &options);
	check_pairs(request->subject, &subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	auto_pairs struct pairs options = {0};
	auto_pairs struct pairs subject = {0};
	struct request request;
	struct error err;
	int rc = request_decode((const char *)bytes, length, &options, &subject, &request, &err);

	fuzz_answer(rc, &err);
	if (rc == 0) {
		check_again(&request);
	}
	return 0;
}
