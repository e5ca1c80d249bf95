/* ini.c - fuzzes the way from an INI file's bytes to a config that is checked and shown. */
#include <errno.h>
#include <string.h>

#include "base/guard.h"
#include "base/text.h"
#include "config/check.h"
#include "config/config.h"
#include "config/document.h"
#include "config/fill.h"
#include "config/reader.h"
#include "fuzz/fuzz.h"

static int visit(void *data, const struct config_value *value)
{
	(void)data;
	must(value->section != NULL && value->key != NULL);
	must(value->text == NULL || text_is_utf8(value->text, strlen(value->text)));
	return 0;
}

static int load(struct config *config, const char *bytes, size_t length, struct error *err)
{
	int rc = reader_read(config->document, bytes, length, err);

	if (rc == 0) {
		rc = config_fill(config, config->document, err);
	}
	return rc == 0 ? config_check(config, config->document, err) : rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	auto_config struct config *config = calloc(1, sizeof(*config));
	struct error err;

	must(config != NULL);
	config->host.root = strdup("");
	config->document = calloc(1, sizeof(*config->document));
	must(config->host.root != NULL && config->document != NULL);
	must(document_init(config->document, "x.ini", &err) == 0);
	int rc = load(config, (const char *)bytes, length, &err);

	fuzz_answer(rc, &err);
	/* Whatever is wrong with it, a person is told where. */
	must(rc != -EINVAL || text_has_prefix(err.text, "x.ini:"));
	if (rc == 0) {
		must(config_visit(config, visit, NULL) == 0);
	}
	return 0;
}
