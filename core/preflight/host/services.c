/*
 * services.c - services.h: the functions behind struct pf_host.
 */
#include "preflight/host/services.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/text.h"
#include "preflight/host/options.h"

/* Set by the signal handler, which has no other way to say it. */
static volatile sig_atomic_t is_cancelled;

static void on_sigterm(int number)
{
	(void)number;
	is_cancelled = 1;
}

static struct services *of(const struct pf_host *h)
{
	return h->ctx;
}

bool services_are_ours(const struct services *services)
{
	return getpid() == services->process;
}

static bool may_speak(const struct services *services)
{
	return services_are_ours(services) && pthread_equal(pthread_self(), services->thread);
}

/* A copy of the plugin's text with what is no UTF-8 replaced. NULL: no memory. */
static char *clean(const char *text)
{
	char *copy = strdup(text);

	if (copy != NULL) {
		text_sanitize(copy);
	}
	return copy;
}

static void host_log(const struct pf_host *h, int32_t level, const char *text)
{
	struct services *services = of(h);

	if (!may_speak(services) || text == NULL) {
		return;
	}
	auto_free char *copy = clean(text);
	const struct frame frame = {.type = FRAME_LOG, .level = level, .text = copy};

	/* A log line that does not fit is dropped, as the header says. */
	if (copy != NULL && report_send(services->report, &frame) < 0) {
		return;
	}
}

static const char *host_config(const struct pf_host *h, const char *key)
{
	const struct services *services = of(h);

	return key != NULL ? options_value(services->plugin, services->request->options, key)
			   : NULL;
}

static const char *host_subject(const struct pf_host *h, const char *key)
{
	const struct request *request = of(h)->request;

	if (key == NULL) {
		return NULL;
	}
	return strcmp(key, "scratch.dir") == 0 ? request->scratch
					       : pairs_get(request->subject, key);
}

static int host_fact_str(const struct pf_host *h, const char *key, const char *value)
{
	if (key == NULL || value == NULL) {
		return -EINVAL;
	}
	if (!may_speak(of(h))) {
		return -EPERM;
	}
	auto_free char *copy = clean(value);
	const struct frame frame = {.type = FRAME_FACT, .code = key, .text = copy};

	return copy != NULL ? report_send(of(h)->report, &frame) : -ENOMEM;
}

static int host_fact_i64(const struct pf_host *h, const char *key, int64_t value)
{
	const struct frame frame = {
		.type = FRAME_FACT,
		.code = key,
		.is_number = true,
		.number = value,
	};

	if (key == NULL) {
		return -EINVAL;
	}
	return may_speak(of(h)) ? report_send(of(h)->report, &frame) : -EPERM;
}

static int send_finding(struct services *services, pf_verdict verdict, const char *code,
			const char *text, const char *remedy)
{
	if (code == NULL || text == NULL || text_has_prefix(code, "plugin.")) {
		return -EINVAL;
	}
	if (!may_speak(services)) {
		return -EPERM;
	}
	auto_free char *clean_text = clean(text);
	auto_free char *clean_remedy = clean(remedy != NULL ? remedy : "");
	const struct frame frame = {
		.type = FRAME_FINDING,
		.verdict = verdict,
		.code = code,
		.text = clean_text,
		.remedy = clean_remedy,
	};

	if (clean_text == NULL || clean_remedy == NULL) {
		return -ENOMEM;
	}
	return report_send(services->report, &frame);
}

static int host_finding(const struct pf_host *h, pf_verdict verdict, const char *code,
			const char *text, const char *remedy)
{
	struct services *services = of(h);
	int rc = send_finding(services, verdict, code, text, remedy);

	if (rc < 0 && services->refused == 0) {
		services->refused = rc;
	}
	return rc;
}

static int64_t host_remaining_ms(const struct pf_host *h)
{
	return clock_left(of(h)->soft_deadline);
}

static int host_cancelled(const struct pf_host *h)
{
	(void)h;
	return is_cancelled;
}

void services_init(struct services *ret, struct report *report, const struct request *request)
{
	/* No SA_RESTART: a plugin that is blocked in a system call shall notice. */
	const struct sigaction action = {.sa_handler = on_sigterm};

	(void)sigaction(SIGTERM, &action, NULL);
	is_cancelled = request->trial == TRIAL_CANCELLED;
	*ret = (struct services){
		.table =
			{
				.size = sizeof(struct pf_host),
				.abi_major = PF_ABI_MAJOR,
				.abi_minor = PF_ABI_MINOR,
				.ctx = ret,
				.log = host_log,
				.config = host_config,
				.subject = host_subject,
				.fact_str = host_fact_str,
				.fact_i64 = host_fact_i64,
				.finding = host_finding,
				.remaining_ms = host_remaining_ms,
				.cancelled = host_cancelled,
			},
		.report = report,
		.request = request,
		.soft_deadline = clock_deadline(
			request->trial == TRIAL_NO_TIME ? 0 : request->timeout_ms / 10 * 9),
		.thread = pthread_self(),
		.process = getpid(),
	};
}
