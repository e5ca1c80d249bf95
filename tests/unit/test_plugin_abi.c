/*
 * The layout of banger/preflight.h 1.0 on 64-bit machines, frozen: a plugin that was built against
 * it must fit every later 1.x. The other public promises are its numbers.
 */
#include <banger/preflight.h>

#include <criterion/criterion.h>

#include "base/limits.h"
#include "model/verdict.h"

#define AT(type, field, offset)                                                                    \
	_Static_assert(sizeof(void *) != 8 || offsetof(type, field) == (offset), #field " moved")

AT(struct pf_host, size, 0);
AT(struct pf_host, abi_major, 4);
AT(struct pf_host, abi_minor, 6);
AT(struct pf_host, ctx, 8);
AT(struct pf_host, log, 16);
AT(struct pf_host, config, 24);
AT(struct pf_host, subject, 32);
AT(struct pf_host, fact_str, 40);
AT(struct pf_host, fact_i64, 48);
AT(struct pf_host, finding, 56);
AT(struct pf_host, remaining_ms, 64);
AT(struct pf_host, cancelled, 72);

AT(struct pf_option, key, 0);
AT(struct pf_option, fallback, 8);
AT(struct pf_option, help, 16);

AT(struct pf_plugin, size, 0);
AT(struct pf_plugin, abi_major, 4);
AT(struct pf_plugin, min_minor, 6);
AT(struct pf_plugin, option_size, 8);
AT(struct pf_plugin, needs, 12);
AT(struct pf_plugin, name, 16);
AT(struct pf_plugin, version, 24);
AT(struct pf_plugin, summary, 32);
AT(struct pf_plugin, options, 40);
AT(struct pf_plugin, check, 48);

_Static_assert(PF_SKIP == VERDICT_SKIP && PF_COMPATIBLE == VERDICT_COMPATIBLE &&
		       PF_NEEDED == VERDICT_NEEDED && PF_BUSY == VERDICT_BUSY &&
		       PF_ERROR == VERDICT_ERROR && PF_INCOMPATIBLE == VERDICT_INCOMPATIBLE,
	       "the ABI and the updater mean the same verdicts");
_Static_assert(PF_MAX_CODE == LIMIT_FACT_KEY && PF_MAX_TEXT == LIMIT_TEXT - 1 &&
		       PF_MAX_FINDINGS == LIMIT_FINDINGS && PF_MAX_FACTS == LIMIT_FACTS,
	       "the ABI and the updater mean the same limits");

Test(plugin_abi, a_shorter_struct_does_not_have_the_fields_behind_its_end)
{
	struct pf_host host = {.size = offsetof(struct pf_host, cancelled)};

	cr_assert(PF_HAS(struct pf_host, &host, remaining_ms));
	cr_assert_not(PF_HAS(struct pf_host, &host, cancelled));
	host.size = sizeof(host);
	cr_assert(PF_HAS(struct pf_host, &host, cancelled));
}

static char logged[PF_MAX_TEXT + 2];

static void keep(const struct pf_host *h, int32_t level, const char *text)
{
	(void)h;
	cr_assert_eq(level, PF_LOG_WARN);
	(void)snprintf(logged, sizeof(logged), "%s", text);
}

Test(plugin_abi, a_formatted_log_line_is_cut_at_the_limit)
{
	const struct pf_host host = {.size = sizeof(host), .log = keep};

	pf_logf(&host, PF_LOG_WARN, "%s %d", "number", 7);
	cr_assert_str_eq(logged, "number 7");
	pf_logf(&host, PF_LOG_WARN, "%*d", (int)PF_MAX_TEXT + 100, 7);
	cr_assert_eq(strlen(logged), PF_MAX_TEXT);
}
