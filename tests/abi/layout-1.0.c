/*
 * layout-1.0.c - today's header beside the one that was frozen as 1.0, for the compiler to compare:
 * every field where it was and as large, every value as it was (a macro that is defined again must
 * be the same, or this does not compile).
 */
#include <banger/preflight.h>

#undef BANGER_PREFLIGHT_H
#undef PF_ABI_MINOR
/* May set fields that came later. */
#undef PF_PLUGIN
#define pf_host    frozen_host
#define pf_option  frozen_option
#define pf_plugin  frozen_plugin
#define pf_verdict frozen_verdict
#define pf_logf    frozen_logf
#include "preflight-1.0.h"
#undef pf_host
#undef pf_option
#undef pf_plugin
#undef pf_verdict
#undef pf_logf

#define SAME(what, field)                                                                          \
	_Static_assert(offsetof(struct pf_##what, field) ==                                        \
				       offsetof(struct frozen_##what, field) &&                    \
			       sizeof(((struct pf_##what *)0)->field) ==                           \
				       sizeof(((struct frozen_##what *)0)->field),                 \
		       #what "." #field " is no longer what it was in 1.0")
#define GROWS(what)                                                                                \
	_Static_assert(sizeof(struct pf_##what) >= sizeof(struct frozen_##what) &&                 \
			       _Alignof(struct pf_##what) == _Alignof(struct frozen_##what),       \
		       #what " is smaller than in 1.0")

SAME(host, size);
SAME(host, abi_major);
SAME(host, abi_minor);
SAME(host, ctx);
SAME(host, log);
SAME(host, config);
SAME(host, subject);
SAME(host, fact_str);
SAME(host, fact_i64);
SAME(host, finding);
SAME(host, remaining_ms);
SAME(host, cancelled);
GROWS(host);

SAME(option, key);
SAME(option, fallback);
SAME(option, help);
GROWS(option);

SAME(plugin, size);
SAME(plugin, abi_major);
SAME(plugin, min_minor);
SAME(plugin, option_size);
SAME(plugin, needs);
SAME(plugin, name);
SAME(plugin, version);
SAME(plugin, summary);
SAME(plugin, options);
SAME(plugin, check);
GROWS(plugin);

_Static_assert(sizeof(pf_verdict) == sizeof(frozen_verdict) && (pf_verdict)-1 < 0,
	       "a verdict is no longer what it was in 1.0");
