/*
 * test_remote_tls.c - https through the fetch helper, from nginx: whose certificates are trusted,
 * where a redirect may lead, and who gets to see the secret.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "release/fetch.h"
#include "support/certificates.h"
#include "support/hostile_server.h"
#include "support/scratch.h"
#include "support/web_server.h"

#define HELPER BANGER_BUILD_DIR "/core/release/fetch"
#define A_DAY  (24L * 60 * 60)
#define SECRET "canary-5f0e7a"

struct world {
	struct scratch scratch;
	struct authority authority;
	struct web_server server;
	char *ca;
	char *other_ca;
	char *secret;
	int helper;
};

static struct world world;

/* A server whose certificate is for names, from and until so many seconds from now. */
static void begin(const char *names, long from, long until)
{
	if (!web_server_is_there()) {
		cr_skip_test("nginx is not installed");
	}
	world = (struct world){.scratch = scratch_make(),
			       .helper = open(HELPER, O_PATH | O_CLOEXEC)};
	char *home = scratch_path(&world.scratch, "nginx");
	char *document = scratch_path(&world.scratch, "document");
	char *certificate = scratch_path(&world.scratch, "server.pem");
	char *key = scratch_path(&world.scratch, "server.key");
	char *rules = NULL;

	cr_assert_geq(world.helper, 0);
	world.ca = scratch_path(&world.scratch, "ca.pem");
	world.other_ca = scratch_path(&world.scratch, "other.pem");
	world.secret = scratch_path(&world.scratch, "authorization");
	struct authority other = authority_make("another authority", world.other_ca);

	world.authority = authority_make("an authority", world.ca);
	authority_issue(&world.authority, names, from, until, certificate, key);
	world.server = web_server_prepare(home);
	cr_assert_gt(asprintf(&rules,
			      "location /down { return 302 http://127.0.0.1:%d/document; }\n"
			      "location /up { return 302 https://127.0.0.1:%d/document; }\n"
			      "location /away { return 302 https://localhost:%d/document; }\n"
			      "location /same { return 302 /document; }\n"
			      "location /up-down { return 302 https://127.0.0.1:%d/down; }\n",
			      world.server.http_port, world.server.https_port,
			      world.server.https_port, world.server.https_port),
		     0);
	scratch_write(document, "hello");
	scratch_write_bytes(world.secret, "Bearer " SECRET "\n", strlen("Bearer " SECRET "\n"),
			    0600);
	web_server_start(&world.server, world.scratch.path, certificate, key, rules);
	authority_free(&other);
	free(rules);
	free(home);
	free(document);
	free(certificate);
	free(key);
}

static void begin_well(void)
{
	begin("IP:127.0.0.1,DNS:localhost", -A_DAY, A_DAY);
}

static void end(void)
{
	free(web_server_stop(&world.server));
	authority_free(&world.authority);
	free(world.ca);
	free(world.other_ca);
	free(world.secret);
	(void)close(world.helper);
	scratch_remove(&world.scratch);
}

TestSuite(tls, .fini = end, .timeout = 60);

static char *url_of(const char *scheme, const char *host, const char *path)
{
	char *url = NULL;
	bool is_plain = strcmp(scheme, "http") == 0;

	cr_assert_gt(asprintf(&url, "%s://%s:%d%s", scheme, host,
			      is_plain ? world.server.http_port : world.server.https_port, path),
		     0);
	return url;
}

static struct fetch_options options_for(const char *manifest)
{
	return (struct fetch_options){
		.helper_fd = world.helper,
		.manifest = manifest,
		.ca_file = world.ca,
		.timeout_ms = 8000,
		.connect_timeout_ms = 4000,
		.retry_pause_ms = 1,
	};
}

/* What a fetch of url, named by a manifest at the same place, comes to. */
static void expect(const struct fetch_options *options, const char *url, int code, const char *says)
{
	struct buffer document = BUFFER_INIT(KIB);
	struct fetcher *fetcher = NULL;
	struct error err = {0};

	cr_assert_eq(fetcher_open(options, &fetcher, &err), 0, "%s", err.text);
	int rc = fetch_document(fetcher, url, &document, &err);

	cr_assert_eq(rc, code, "%s: %d, %s", url, rc, err.text);
	cr_assert(strstr(rc < 0 ? err.text : buffer_text(&document), says) != NULL, "%s", err.text);
	cr_assert_null(strstr(err.text, SECRET), "%s", err.text);
	fetcher_close(&fetcher);
	buffer_finish(&document);
}

static void expect_path(const char *scheme, const char *path, int code, const char *says)
{
	char *url = url_of(scheme, "127.0.0.1", path);
	const struct fetch_options options = options_for(url);

	expect(&options, url, code, says);
	free(url);
}

Test(tls, brings_a_document_under_the_given_certificates)
{
	begin_well();
	expect_path("https", "/document", 0, "hello");
}

Test(tls, trusts_no_other_certificates_than_those_given)
{
	begin_well();
	char *url = url_of("https", "127.0.0.1", "/document");
	struct fetch_options options = options_for(url);

	options.ca_file = world.other_ca;
	expect(&options, url, -EACCES, "certificate");
	options.ca_file = NULL;
	expect(&options, url, -EACCES, "certificate");
	/* The right name is not enough. */
	struct authority impostor = authority_make("an authority", world.other_ca);

	options.ca_file = world.other_ca;
	expect(&options, url, -EHOSTUNREACH, "OpenSSL");
	authority_free(&impostor);
	free(url);
}

Test(tls, refuses_a_certificate_of_the_past)
{
	begin("IP:127.0.0.1", -2 * A_DAY, -A_DAY);
	expect_path("https", "/document", -EACCES, "expired");
}

Test(tls, refuses_a_certificate_of_the_future)
{
	begin("IP:127.0.0.1", A_DAY, 2 * A_DAY);
	expect_path("https", "/document", -EACCES, "not yet valid");
}

Test(tls, refuses_a_certificate_for_another_host)
{
	begin("DNS:releases.example", -A_DAY, A_DAY);
	expect_path("https", "/document", -EACCES, "127.0.0.1");
}

Test(tls, follows_redirects_up_and_never_down)
{
	begin_well();
	expect_path("https", "/same", 0, "hello");
	expect_path("https", "/away", 0, "hello");
	expect_path("http", "/up", 0, "hello");
	expect_path("https", "/down", -EPROTO, "is not https");
	/* http is allowed here, but not from https on. */
	expect_path("http", "/up-down", -EPROTO, "is not https");
}

Test(tls, a_manifest_at_hand_may_name_https)
{
	begin_well();
	char *url = url_of("https", "127.0.0.1", "/document");
	const struct fetch_options options = options_for("file:///srv/manifest.json");

	expect(&options, url, 0, "hello");
	free(url);
}

Test(tls, a_file_of_certificates_must_be_one)
{
	begin_well();
	char *url = url_of("https", "127.0.0.1", "/document");
	struct fetch_options options = options_for(url);
	struct fetcher *fetcher = NULL;
	struct error err = {0};

	options.ca_file = world.secret;
	expect(&options, url, -EACCES, "");
	options.ca_file = "/nonexistent/ca.pem";
	cr_assert_eq(fetcher_open(&options, &fetcher, &err), -ENOENT);
	cr_assert(strstr(err.text, "/nonexistent/ca.pem") != NULL, "%s", err.text);
	free(url);
}

/* Which requests nginx saw: "scheme path status … authorization" lines. */
static unsigned count_lines(const char *log, const char *part, const char *also)
{
	unsigned count = 0;
	char *copy = strdup(log);
	char *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		count += strstr(line, part) != NULL && strstr(line, also) != NULL;
	}
	free(copy);
	return count;
}

Test(tls, shows_the_secret_to_the_server_it_is_meant_for_alone, .fini = NULL)
{
	begin_well();
	char *url = url_of("https", "127.0.0.1", "/document");
	char *same = url_of("https", "127.0.0.1", "/same");
	char *away = url_of("https", "127.0.0.1", "/away");
	char *other = url_of("https", "localhost", "/document");
	struct fetch_options options = options_for(url);

	options.authorization_file = world.secret;
	options.authorization_origin = url;
	expect(&options, same, 0, "hello");
	expect(&options, away, 0, "hello");
	expect(&options, other, 0, "hello");
	char *log = web_server_stop(&world.server);

	cr_assert_eq(count_lines(log, "/same", "Bearer " SECRET), 1, "%s", log);
	cr_assert_eq(count_lines(log, "/away", "Bearer " SECRET), 1, "%s", log);
	/* Behind /same with it, behind /away and at the other name without. */
	cr_assert_eq(count_lines(log, "/document", ""), 3, "%s", log);
	cr_assert_eq(count_lines(log, "/document", SECRET), 1, "%s", log);
	free(log);
	free(url);
	free(same);
	free(away);
	free(other);
	world.server.home = strdup(world.scratch.path);
}

Test(tls, takes_a_secret_for_https_only)
{
	begin_well();
	char *url = url_of("http", "127.0.0.1", "/document");
	struct fetch_options options = options_for(url);
	struct fetcher *fetcher = NULL;
	struct error err = {0};

	options.authorization_file = world.secret;
	options.authorization_origin = url;
	cr_assert_eq(fetcher_open(&options, &fetcher, &err), -EINVAL);
	cr_assert(strstr(err.text, "is for https") != NULL, "%s", err.text);
	free(url);
}

static bool proc_file_has(const char *pid, const char *name, const char *what)
{
	char path[300];
	static char text[1u << 16];

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, sizeof(text), file) : 0;

	if (file != NULL) {
		(void)fclose(file);
	}
	return memmem(text, length, what, strlen(what)) != NULL;
}

/* Looks at every process while a helper waits for its server. */
static int look_at_processes(void *data, const struct fetch_progress *progress, struct error *err)
{
	unsigned *helpers = data;
	DIR *stream = opendir("/proc");

	(void)progress;
	cr_assert_not_null(stream);
	for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9') {
			continue;
		}
		cr_assert_not(proc_file_has(entry->d_name, "cmdline", SECRET));
		cr_assert_not(proc_file_has(entry->d_name, "environ", SECRET));
		*helpers += proc_file_has(entry->d_name, "cmdline", "fetch") &&
			    !proc_file_has(entry->d_name, "cmdline", "/");
	}
	(void)closedir(stream);
	return *helpers >= 3 ? error_set(err, -EINTR, "seen") : 0;
}

Test(tls, shows_the_secret_in_no_argument_and_no_environment)
{
	begin_well();
	struct hostile_server mute = hostile_server_start(world.scratch.path);
	unsigned helpers = 0;
	char *url = NULL;

	cr_assert_gt(asprintf(&url, "http://127.0.0.1:%d/mute/document", mute.port), 0);
	struct fetch_options options = options_for(url);

	options.authorization_file = world.secret;
	options.authorization_origin = "https://127.0.0.1/";
	options.tick = look_at_processes;
	options.tick_data = &helpers;
	expect(&options, url, -EINTR, "seen");
	hostile_server_stop(&mute);
	free(url);
}
