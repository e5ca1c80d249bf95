/*
 * preflight-test.h - a host that records: calls a plugin's check() from a test of its author's.
 *
 * Needs nothing but libc, and no test framework in particular; C11 and newer, C++17 and newer. It
 * refuses what the real host refuses and concludes what the updater would, but runs the plugin in
 * the test's own process: no sandbox, no timeout, no signal.
 *
 *	static struct pf_test t;
 *
 *	pf_test_init(&t, &pf_plugin_v1);
 *	pf_test_set(&t, "limit", "2");
 *	pf_test_subject(&t, "version.to", "1.2.3");
 *	assert(pf_test_run(&t) == PF_BUSY);
 *	assert(pf_test_find(&t, "load.high") != NULL);
 *
 * A struct pf_test is large: make it static, not a local. Strings that are set are borrowed.
 */
#ifndef BANGER_PREFLIGHT_TEST_H
#define BANGER_PREFLIGHT_TEST_H

#include <banger/preflight.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PF_TEST_PAIRS 256u

struct pf_test_finding {
	pf_verdict verdict;
	int has_remedy;
	char code[PF_MAX_CODE + 1];
	char text[PF_MAX_TEXT + 1];
	char remedy[PF_MAX_TEXT + 1];
};

struct pf_test_fact {
	char key[PF_MAX_CODE + 1];
	char value[PF_MAX_TEXT + 1]; /* a number in decimal digits */
};

struct pf_test_pair {
	const char *key;
	const char *value;
};

struct pf_test {
	struct pf_host host; /* what check() is given */
	const struct pf_plugin *plugin;

	/* What the host says; set with pf_test_set() and pf_test_subject(), or directly. */
	struct pf_test_pair options[PF_TEST_PAIRS];
	unsigned option_count;
	struct pf_test_pair subjects[PF_TEST_PAIRS];
	unsigned subject_count;
	int64_t remaining_ms; /* 30000 unless changed */
	int cancelled;

	/* What the plugin said. */
	struct pf_test_finding findings[PF_MAX_FINDINGS];
	unsigned finding_count;
	struct pf_test_fact facts[PF_MAX_FACTS];
	unsigned fact_count;
	int refused; /* the first reason why a finding was not accepted; 0: none */
	int result;  /* what check() returned */
	int quiet;   /* not 0: log lines are not written to stderr */
};

static inline struct pf_test *pf_test_of(const struct pf_host *h)
{
	return (struct pf_test *)h->ctx;
}

static inline const char *pf_test_lookup(const struct pf_test_pair *pairs, unsigned count,
					 const char *key)
{
	unsigned i;

	/* The last one counts. */
	for (i = count; i-- > 0;) {
		if (strcmp(pairs[i].key, key) == 0) {
			return pairs[i].value;
		}
	}
	return NULL;
}

/* The option of the plugin with this key; NULL: not declared. The stride is the plugin's. */
static inline const struct pf_option *pf_test_option(const struct pf_plugin *plugin,
						     const char *key)
{
	const char *at = (const char *)(const void *)plugin->options;

	for (; at != NULL; at += plugin->option_size) {
		const struct pf_option *option = (const struct pf_option *)(const void *)at;

		if (option->key == NULL) {
			return NULL;
		}
		if (strcmp(option->key, key) == 0) {
			return option;
		}
	}
	return NULL;
}

/* [A-Za-z0-9][A-Za-z0-9._-]*, at most PF_MAX_CODE bytes. 0, -EINVAL, -E2BIG. */
static inline int pf_test_check_code(const char *code)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = code != NULL ? strlen(code) : 0;

	if (length == 0 || strchr(first, code[0]) == NULL ||
	    strspn(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		    length) {
		return -EINVAL;
	}
	return length > PF_MAX_CODE ? -E2BIG : 0;
}

static inline int pf_test_check_verdict(pf_verdict verdict)
{
	switch (verdict) {
	case PF_SKIP:
	case PF_COMPATIBLE:
	case PF_NEEDED:
	case PF_BUSY:
	case PF_ERROR:
	case PF_INCOMPATIBLE:
		return 0;
	default:
		return -EINVAL;
	}
}

static inline void pf_test_log(const struct pf_host *h, int32_t level, const char *text)
{
	if (!pf_test_of(h)->quiet && text != NULL) {
		(void)fprintf(stderr, "log %d: %s\n", (int)level, text);
	}
}

static inline const char *pf_test_config(const struct pf_host *h, const char *key)
{
	const struct pf_test *t = pf_test_of(h);
	const struct pf_option *option = key != NULL ? pf_test_option(t->plugin, key) : NULL;
	const char *value;

	if (option == NULL) {
		return NULL;
	}
	value = pf_test_lookup(t->options, t->option_count, key);
	return value != NULL ? value : option->fallback;
}

static inline const char *pf_test_get_subject(const struct pf_host *h, const char *key)
{
	const struct pf_test *t = pf_test_of(h);

	return key != NULL ? pf_test_lookup(t->subjects, t->subject_count, key) : NULL;
}

static inline int pf_test_fact_str(const struct pf_host *h, const char *key, const char *value)
{
	struct pf_test *t = pf_test_of(h);
	int rc = pf_test_check_code(key);
	unsigned i = 0;

	if (rc < 0 || value == NULL) {
		return rc < 0 ? rc : -EINVAL;
	}
	while (i < t->fact_count && strcmp(t->facts[i].key, key) != 0) {
		i++;
	}
	if (i == PF_MAX_FACTS || strlen(value) > PF_MAX_TEXT) {
		return -E2BIG;
	}
	(void)snprintf(t->facts[i].key, sizeof(t->facts[i].key), "%s", key);
	(void)snprintf(t->facts[i].value, sizeof(t->facts[i].value), "%s", value);
	t->fact_count += i == t->fact_count;
	return 0;
}

static inline int pf_test_fact_i64(const struct pf_host *h, const char *key, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	return pf_test_fact_str(h, key, text);
}

static inline int pf_test_check_finding(const struct pf_test *t, pf_verdict verdict,
					const char *code, const char *text, const char *remedy)
{
	int rc = pf_test_check_verdict(verdict);

	rc = rc < 0 ? rc : pf_test_check_code(code);
	if (rc < 0) {
		return rc;
	}
	/* Codes in "plugin." are the host's own. */
	if (text == NULL || text[0] == '\0' || strncmp(code, "plugin.", 7) == 0) {
		return -EINVAL;
	}
	if (t->finding_count == PF_MAX_FINDINGS || strlen(text) > PF_MAX_TEXT ||
	    (remedy != NULL && strlen(remedy) > PF_MAX_TEXT)) {
		return -E2BIG;
	}
	return 0;
}

static inline void pf_test_record(struct pf_test *t, pf_verdict verdict, const char *code,
				  const char *text, const char *remedy)
{
	struct pf_test_finding *finding = &t->findings[t->finding_count];

	if (t->finding_count == PF_MAX_FINDINGS) {
		return;
	}
	t->finding_count++;
	finding->verdict = verdict;
	finding->has_remedy = remedy != NULL;
	(void)snprintf(finding->code, sizeof(finding->code), "%s", code);
	(void)snprintf(finding->text, sizeof(finding->text), "%s", text);
	(void)snprintf(finding->remedy, sizeof(finding->remedy), "%s",
		       remedy != NULL ? remedy : "");
}

static inline int pf_test_make_finding(const struct pf_host *h, pf_verdict verdict,
				       const char *code, const char *text, const char *remedy)
{
	struct pf_test *t = pf_test_of(h);
	int rc = pf_test_check_finding(t, verdict, code, text, remedy);

	if (rc < 0) {
		t->refused = t->refused != 0 ? t->refused : rc;
		return rc;
	}
	pf_test_record(t, verdict, code, text, remedy);
	return 0;
}

static inline int64_t pf_test_remaining_ms(const struct pf_host *h)
{
	return pf_test_of(h)->remaining_ms;
}

static inline int pf_test_cancelled(const struct pf_host *h)
{
	return pf_test_of(h)->cancelled;
}

/* Forgets everything. */
static inline void pf_test_init(struct pf_test *t, const struct pf_plugin *plugin)
{
	memset(t, 0, sizeof(*t));
	t->plugin = plugin;
	t->remaining_ms = 30000;
	t->host.size = sizeof(t->host);
	t->host.abi_major = PF_ABI_MAJOR;
	t->host.abi_minor = PF_ABI_MINOR;
	t->host.ctx = t;
	t->host.log = pf_test_log;
	t->host.config = pf_test_config;
	t->host.subject = pf_test_get_subject;
	t->host.fact_str = pf_test_fact_str;
	t->host.fact_i64 = pf_test_fact_i64;
	t->host.finding = pf_test_make_finding;
	t->host.remaining_ms = pf_test_remaining_ms;
	t->host.cancelled = pf_test_cancelled;
}

/* A key of the plugin's section. */
static inline void pf_test_set(struct pf_test *t, const char *key, const char *value)
{
	if (t->option_count < PF_TEST_PAIRS) {
		t->options[t->option_count].key = key;
		t->options[t->option_count++].value = value;
	}
}

/* An entry of the subject. */
static inline void pf_test_subject(struct pf_test *t, const char *key, const char *value)
{
	if (t->subject_count < PF_TEST_PAIRS) {
		t->subjects[t->subject_count].key = key;
		t->subjects[t->subject_count++].value = value;
	}
}

/* The first finding with this code; NULL: there is none. */
static inline const struct pf_test_finding *pf_test_find(const struct pf_test *t, const char *code)
{
	unsigned i;

	for (i = 0; i < t->finding_count; i++) {
		if (strcmp(t->findings[i].code, code) == 0) {
			return &t->findings[i];
		}
	}
	return NULL;
}

/* The value of a fact; NULL: there is none. */
static inline const char *pf_test_fact(const struct pf_test *t, const char *key)
{
	unsigned i;

	for (i = 0; i < t->fact_count; i++) {
		if (strcmp(t->facts[i].key, key) == 0) {
			return t->facts[i].value;
		}
	}
	return NULL;
}

/* Does the section fit the plugin? What the host would say instead of calling check(), else 0. */
static inline pf_verdict pf_test_refuse(struct pf_test *t)
{
	const struct pf_plugin *plugin = t->plugin;
	const char *at = (const char *)(const void *)plugin->options;
	unsigned i;

	for (i = 0; i < t->option_count; i++) {
		if (pf_test_option(plugin, t->options[i].key) == NULL) {
			pf_test_record(t, PF_ERROR, "plugin.option", "a key is not declared", NULL);
			return PF_ERROR;
		}
	}
	for (; at != NULL; at += plugin->option_size) {
		const struct pf_option *option = (const struct pf_option *)(const void *)at;

		if (option->key == NULL) {
			break;
		}
		if (pf_test_config(&t->host, option->key) == NULL) {
			pf_verdict verdict = t->option_count == 0 ? PF_SKIP : PF_ERROR;

			pf_test_record(t, verdict,
				       verdict == PF_SKIP ? "plugin.unconfigured" : "plugin.option",
				       "a required key is not set", NULL);
			return verdict;
		}
	}
	return 0;
}

/* Calls check() and concludes as the updater would: the largest verdict; PF_ERROR when check()
 * failed, made no finding, or made one that was refused. Findings and facts of an earlier run are
 * forgotten, what was set stays. */
static inline pf_verdict pf_test_run(struct pf_test *t)
{
	pf_verdict worst;
	unsigned i;

	t->finding_count = 0;
	t->fact_count = 0;
	t->refused = 0;
	worst = pf_test_refuse(t);
	if (worst != 0) {
		return worst;
	}
	t->result = t->plugin->check(&t->host);
	if (t->result != 0 || t->refused != 0 || t->finding_count == 0) {
		worst = PF_ERROR;
	}
	for (i = 0; i < t->finding_count; i++) {
		worst = t->findings[i].verdict > worst ? t->findings[i].verdict : worst;
	}
	return worst;
}

#ifdef __cplusplus
}
#endif
#endif
