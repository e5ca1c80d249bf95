/*
 * test_remote.c - http through the fetch helper, from a server that lies, stalls and never stops.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/landlock.h"
#include "base/limits.h"
#include "base/sanitizer.h"
#include "release/fetch.h"
#include "support/hostile_server.h"
#include "support/scratch.h"

#define HELPER   BANGER_BUILD_DIR "/core/release/fetch"
#define DOCUMENT (200u * KIB)

struct world {
	struct scratch scratch;
	struct hostile_server server;
	char *content; /* of the file /document */
	int helper;
};

static struct world world;

static void begin(void)
{
	world = (struct world){.scratch = scratch_make(),
			       .helper = open(HELPER, O_PATH | O_CLOEXEC)};
	char *path = scratch_path(&world.scratch, "document");

	world.content = malloc(DOCUMENT + 1);
	for (size_t i = 0; i < DOCUMENT; i++) {
		world.content[i] = (char)('a' + (i * 7 + i / 256) % 26);
	}
	world.content[DOCUMENT] = '\0';
	scratch_write(path, world.content);
	free(path);
	world.server = hostile_server_start(world.scratch.path);
	cr_assert_geq(world.helper, 0);
}

static void end(void)
{
	hostile_server_stop(&world.server);
	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a helper is left");
	(void)close(world.helper);
	free(world.content);
	scratch_remove(&world.scratch);
}

TestSuite(remote, .init = begin, .fini = end, .timeout = 60);

/* As patient as a test can be. */
static struct fetch_options patience(const char *manifest)
{
	return (struct fetch_options){
		.helper_fd = world.helper,
		.manifest = manifest,
		.timeout_ms = 8000,
		.connect_timeout_ms = 2000,
		.min_rate = 1024,
		.min_rate_window_ms = 1000,
		.retries = 2,
		.retry_pause_ms = 1,
	};
}

/* Fetches url with the manifest's address in options. */
static int get(const struct fetch_options *options, const char *url, struct buffer *document,
	       struct error *err)
{
	struct fetcher *fetcher = NULL;
	int rc = fetcher_open(options, &fetcher, err);

	if (rc == 0) {
		rc = fetch_document(fetcher, url, document, err);
	}
	fetcher_close(&fetcher);
	return rc;
}

static char *url_of(const char *mischief)
{
	char *url = NULL;

	cr_assert_gt(asprintf(&url, "http://127.0.0.1:%d/%s/document", world.server.port, mischief),
		     0);
	return url;
}

static int get_mischief(const char *mischief, struct buffer *document, struct error *err)
{
	char *url = url_of(mischief);
	const struct fetch_options options = patience(url);
	int rc = get(&options, url, document, err);

	free(url);
	return rc;
}

static void expect_document(const char *mischief)
{
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};

	cr_assert_eq(get_mischief(mischief, &document, &err), 0, "%s: %s", mischief, err.text);
	cr_assert_eq(document.length, DOCUMENT);
	cr_assert_str_eq(buffer_text(&document), world.content);
	buffer_finish(&document);
}

Test(remote, brings_a_document)
{
	expect_document("plain");
	cr_assert_eq(world.server.counts->requests, 1);
	cr_assert_eq(world.server.counts->encodings, 0, "an encoding was asked for");
	cr_assert_eq(world.server.counts->authorizations, 0);
}

Test(remote, follows_a_redirect)
{
	expect_document("to-plain");
	cr_assert_eq(world.server.counts->requests, 2);
}

Test(remote, tries_again_when_the_server_is_busy)
{
	expect_document("busy-once");
	cr_assert_eq(world.server.counts->requests, 2);
}

Test(remote, goes_on_where_it_was_cut_off)
{
	expect_document("cut");
	cr_assert_eq(world.server.counts->requests, 3);
	cr_assert_eq(world.server.counts->ranges, 2);
	/* Not a byte twice. */
	cr_assert_eq(world.server.counts->body_bytes, DOCUMENT);
}

Test(remote, begins_anew_when_it_is_another_document_by_now)
{
	expect_document("replaced");
	cr_assert_eq(world.server.counts->ranges, 1);
	cr_assert_eq(world.server.counts->body_bytes, DOCUMENT / 2 + DOCUMENT);
}

Test(remote, brings_no_more_than_was_announced)
{
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};

	cr_assert_eq(get_mischief("says-less", &document, &err), 0, "%s", err.text);
	cr_assert_eq(document.length, DOCUMENT / 2);
	buffer_finish(&document);
}

/* What ends how, with which words, after how many requests, and within which time. */
static const struct row {
	const char *mischief;
	int code;
	const char *says;
	unsigned requests;
	unsigned most_ms;
} rows[] = {
	{"endless", -EFBIG, "larger than", 1, 8000},
	{"endless-chunks", -EFBIG, "larger than", 1, 8000},
	{"says-huge", -EFBIG, "has 1099511627776 bytes", 1, 8000},
	{"slow", -ETIMEDOUT, "too slow", 1, 12000},
	{"mute", -ETIMEDOUT, "too slow", 1, 12000},
	{"truncated", -ECONNRESET, "closed", 3, 8000},
	{"says-more", -ECONNRESET, "closed", 3, 8000},
	{"another-part", -ERANGE, "another part", 3, 8000},
	{"turn-around", -EPROTO, "more than 5 times", 6, 8000},
	{"to-file", -EPROTO, "refused a redirect: file:///etc/passwd", 1, 8000},
	{"to-gopher", -EPROTO, "is not https or http", 1, 8000},
	{"to-metadata", -EPROTO, "leads to a metadata service", 1, 8000},
	{"to-password", -EPROTO, "user or password", 1, 8000},
	{"to-nowhere", -EPROTO, "nowhere", 1, 8000},
	{"flood", -EPROTO, "65536 bytes of headers", 1, 8000},
	{"flood-interim", -EPROTO, "65536 bytes of headers", 1, 8000},
	{"long-header", -EPROTO, "", 1, 8000},
	{"control-bytes", -EPROTO, "", 1, 8000},
	{"bomb", -EPROTO, "encoded (gzip)", 1, 8000},
	{"not-there", -ENOENT, "404", 1, 8000},
	{"forbidden", -EPROTO, "authorization_file", 1, 8000},
	{"broken", -EAGAIN, "500", 3, 8000},
	{"bad-chunks", -ECONNRESET, "", 3, 8000},
	{"garbage", -EPROTO, "", 1, 8000},
	{"nothing", -ECONNRESET, "", 3, 8000},
};

static void expect_row(const struct row *row)
{
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	unsigned before = world.server.counts->requests;
	uint64_t started = clock_monotonic_ms();
	int rc = get_mischief(row->mischief, &document, &err);
	uint64_t ms = clock_monotonic_ms() - started;

	cr_assert_eq(rc, row->code, "%s: %d, %s", row->mischief, rc, err.text);
	cr_assert(strstr(err.text, row->says) != NULL, "%s: %s", row->mischief, err.text);
	cr_assert_eq(world.server.counts->requests - before, row->requests, "%s: %u requests",
		     row->mischief, world.server.counts->requests - before);
	cr_assert_leq(ms, row->most_ms, "%s: %lu ms", row->mischief, (unsigned long)ms);
	cr_assert_leq(document.length, document.maximum);
	for (const char *c = err.text; *c != '\0'; c++) {
		cr_assert(*c >= ' ' && *c < 0x7f, "%s: a control byte is told", row->mischief);
	}
	buffer_finish(&document);
}

Test(remote, ends_bounded_whatever_the_server_does)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_row(&rows[i]);
	}
}

Test(remote, reads_no_more_of_an_endless_document_than_it_may)
{
	struct buffer document = BUFFER_INIT(64u * KIB);
	struct error err = {0};

	cr_assert_eq(get_mischief("endless", &document, &err), -EFBIG);
	cr_assert_leq(document.length, 64u * KIB);
	/* What the kernel's buffers and one step of ours hold, and not gigabytes. */
	cr_assert_lt(world.server.counts->body_bytes, 16u * MIB);
	buffer_finish(&document);
}

Test(remote, has_one_deadline_for_all_attempts)
{
	char *url = url_of("mute");
	struct fetch_options options = patience(url);
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	uint64_t started = clock_monotonic_ms();

	options.timeout_ms = 700;
	options.min_rate = 0;
	cr_assert_eq(get(&options, url, &document, &err), -ETIMEDOUT, "%s", err.text);
	uint64_t ms = clock_monotonic_ms() - started;

	cr_assert(ms >= 600 && ms < 6000, "%lu ms", (unsigned long)ms);
	free(url);
}

Test(remote, gives_up_a_handshake_that_is_cut_off)
{
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	char *url = NULL;

	cr_assert_gt(asprintf(&url, "https://127.0.0.1:%d/plain/document", world.server.port), 0);
	const struct fetch_options options = patience(url);

	cr_assert_eq(get(&options, url, &document, &err), -EHOSTUNREACH, "%s", err.text);
	cr_assert_eq(world.server.counts->handshakes, 3);
	free(url);
}

Test(remote, tries_a_port_where_nobody_listens_again_and_gives_up)
{
	struct hostile_server gone = hostile_server_start(world.scratch.path);
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	char *url = NULL;

	hostile_server_stop(&gone);
	cr_assert_gt(asprintf(&url, "http://127.0.0.1:%d/plain/document", gone.port), 0);
	const struct fetch_options options = patience(url);

	cr_assert_eq(get(&options, url, &document, &err), -EHOSTUNREACH, "%s", err.text);
	free(url);
}

/* Counts the ticks, and wants to stop at one of them. */
struct ticker {
	unsigned ticks;
	unsigned stop_at;
};

static int tick(void *data, const struct fetch_progress *progress, struct error *err)
{
	struct ticker *ticker = data;

	(void)progress;
	return ++ticker->ticks == ticker->stop_at ? error_set(err, -EINTR, "stopped") : 0;
}

Test(remote, stops_at_once_when_it_is_told_to)
{
	char *url = url_of("mute");
	struct ticker ticker = {.stop_at = 3};
	struct fetch_options options = patience(url);
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	uint64_t started = clock_monotonic_ms();

	options.tick = tick;
	options.tick_data = &ticker;
	options.min_rate = 0;
	cr_assert_eq(get(&options, url, &document, &err), -EINTR);
	cr_assert_eq(ticker.ticks, 3);
	cr_assert_lt(clock_monotonic_ms() - started, 3000);
	free(url);
}

Test(remote, leaves_this_host_alone_when_the_manifest_is_elsewhere)
{
	char *url = url_of("plain");
	const struct fetch_options options = patience("http://releases.example/manifest.json");
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};

	cr_assert_eq(get(&options, url, &document, &err), -EPROTO);
	cr_assert(strstr(err.text, "leads to this host itself") != NULL, "%s", err.text);
	cr_assert_eq(world.server.counts->requests, 0);
	free(url);
}

/* A name that is not spelled as this host and means it; NULL: there is none here. */
static const char *alias_of_this_host(void)
{
	static char host[256];
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	bool is_alias =
		gethostname(host, sizeof(host)) == 0 && getaddrinfo(host, NULL, &hints, &list) == 0;

	for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
		const struct sockaddr_in *address = (const void *)at->ai_addr;

		is_alias = is_alias && ntohl(address->sin_addr.s_addr) >> 24 == 127;
	}
	if (list != NULL) {
		freeaddrinfo(list);
	}
	return is_alias && strcmp(host, "localhost") != 0 ? host : NULL;
}

Test(remote, looks_at_what_a_name_resolves_to)
{
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	char *url = NULL;
	const char *host = alias_of_this_host();

	if (host == NULL) {
		cr_skip_test("this host's name leads elsewhere");
	}
	cr_assert_gt(asprintf(&url, "http://%s:%d/plain/document", host, world.server.port), 0);
	const struct fetch_options options = patience("http://releases.example/manifest.json");

	cr_assert_eq(get(&options, url, &document, &err), -EPROTO, "%s", err.text);
	cr_assert(strstr(err.text, "its name leads to this host itself") != NULL, "%s", err.text);
	cr_assert_eq(world.server.counts->requests, 0);
	free(url);
}

Test(remote, goes_through_the_proxy_it_was_given)
{
	static const char url[] = "http://releases.example/plain/document";
	char *proxy = NULL;
	struct fetch_options options = patience(url);
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};

	cr_assert_gt(asprintf(&proxy, "http://127.0.0.1:%d", world.server.port), 0);
	options.proxy = proxy;
	cr_assert_eq(get(&options, url, &document, &err), 0, "%s", err.text);
	cr_assert_eq(document.length, DOCUMENT);
	cr_assert_eq(world.server.counts->proxied, 1);
	/* Not even a proxy is asked for what is refused. */
	cr_assert_eq(get(&options, "http://169.254.169.254/plain/document", &document, &err),
		     -EPROTO);
	cr_assert_eq(get(&options, "http://localhost/plain/document", &document, &err), -EPROTO);
	cr_assert_eq(world.server.counts->proxied, 1);
	buffer_finish(&document);
	free(proxy);
}

Test(remote, uses_no_proxy_of_the_environment)
{
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy",
					    "ALL_PROXY"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_assert_eq(setenv(names[i], "http://127.0.0.1:9", 1), 0);
	}
	expect_document("plain");
	cr_assert_eq(world.server.counts->proxied, 0);
}

Test(remote, says_how_the_helper_is_confined)
{
	char *url = url_of("plain");
	const struct fetch_options options = patience(url);
	struct buffer document = BUFFER_INIT(MIB);
	struct fetcher *fetcher = NULL;
	struct error err = {0};
	char expected[64];

	cr_assert_eq(fetcher_open(&options, &fetcher, &err), 0);
	cr_assert_str_eq(fetcher_confinement(fetcher), "");
	cr_assert_eq(fetch_document(fetcher, url, &document, &err), 0, "%s", err.text);
	(void)snprintf(expected, sizeof(expected), ", landlock %d",
		       SANITIZED_ADDRESSES ? 0 : landlock_abi());
	cr_assert(strstr(fetcher_confinement(fetcher), expected) != NULL, "%s",
		  fetcher_confinement(fetcher));
	fetcher_close(&fetcher);
	buffer_finish(&document);
	free(url);
}

Test(remote, believes_no_other_program)
{
	struct buffer document = BUFFER_INIT(MIB);
	struct error err = {0};
	char *url = url_of("plain");
	struct fetch_options options = patience(url);

	options.helper_fd = open("/bin/true", O_PATH | O_CLOEXEC);
	cr_assert_geq(options.helper_fd, 0);
	cr_assert_eq(get(&options, url, &document, &err), -EPROTO);
	cr_assert(strstr(err.text, "exited with 0 without a report") != NULL, "%s", err.text);
	(void)close(options.helper_fd);
	free(url);
}
