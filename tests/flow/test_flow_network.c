/*
 * test_flow_network.c - updates over https and http, from nginx and from a server that lies, stalls
 * and never stops: what is installed, what is told, and what is left behind.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "flow/world.h"
#include "support/certificates.h"
#include "support/hostile_server.h"
#include "support/web_server.h"

#define UPDATER BANGER_BUILD_DIR "/prefix/bin/banger-update"
#define A_DAY   (24L * 60 * 60)
#define SECRET  "canary-91b2c4"
#define PATIENT "min_rate_window = 1s\nconnect_timeout = 3s\ndownload_timeout = 20s\nretries = 0\n"

/* The network around the host: two servers for the same directory. */
struct net {
	struct scratch scratch;
	struct hostile_server hostile;
	struct web_server web;
	struct authority authority;
	char *site;                 /* the directory */
	char *http, *https, *plain; /* nginx, and the other one at its best, without a '/' */
	char *ca;
};

static struct net net;
static struct world world;

static char *format(const char *text, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *text, ...)
{
	char *result = NULL;
	va_list args;

	va_start(args, text);
	int length = vasprintf(&result, text, args);
	va_end(args);
	cr_assert_geq(length, 0);
	return result;
}

static void set_up_net(const char *rules)
{
	net = (struct net){.scratch = scratch_make()};
	net.site = scratch_path(&net.scratch, "site");
	net.ca = scratch_path(&net.scratch, "ca.pem");
	char *home = scratch_path(&net.scratch, "nginx");
	char *certificate = scratch_path(&net.scratch, "server.pem");
	char *key = scratch_path(&net.scratch, "server.key");

	scratch_directory(net.site);
	net.authority = authority_make("an authority", net.ca);
	authority_issue(&net.authority, "IP:127.0.0.1", -A_DAY, A_DAY, certificate, key);
	net.hostile = hostile_server_start(net.site);
	net.web = web_server_prepare(home);
	web_server_start(&net.web, net.site, certificate, key, rules);
	net.http = format("http://127.0.0.1:%d", net.web.http_port);
	net.https = format("https://127.0.0.1:%d", net.web.https_port);
	net.plain = format("http://127.0.0.1:%d/plain", net.hostile.port);
	free(home);
	free(certificate);
	free(key);
}

/* A host whose INI names manifest, with the CA and more keys; manifest is freed. */
static void begin_with(char *manifest, const char *keys)
{
	char *lines = format("ca_file = %s\n%s%s", net.ca, PATIENT, keys);

	world = world_make(&(struct world_options){.manifest = manifest, .update_keys = lines});
	free(lines);
	free(manifest);
}

static void begin_net(void)
{
	if (!web_server_is_there()) {
		cr_skip_test("nginx is not installed");
	}
	set_up_net(NULL);
}

static void end(void)
{
	world_finish(&world);
	if (net.web.home != NULL) {
		free(web_server_stop(&net.web));
	}
	hostile_server_stop(&net.hostile);
	authority_free(&net.authority);
	free(net.site);
	free(net.http);
	free(net.https);
	free(net.plain);
	free(net.ca);
	scratch_remove(&net.scratch);
}

TestSuite(network, .init = begin_net, .fini = end, .timeout = 300);
TestSuite(own_network, .fini = end, .timeout = 300); /* each begins with rules of its own */

/* Publishes version, and puts it on the site as directory, where base is its address. */
static void offer(const char *version, const char *directory, const char *base)
{
	struct release_built built =
		world_publish(&world, &(struct world_release){.version = version, .migrations = 3});
	char *command = format("cp -r '%s' '%s/%s'", world.releases, net.site, directory);
	char *manifest = format("%s/%s/manifest.json", net.site, directory);
	char *from = format("file://%s", world.releases);
	char *to = format("%s/%s", base, directory);

	cr_assert_eq(system(command), 0);
	scratch_replace(manifest, from, to);
	free(from);
	free(to);
	free(manifest);
	free(command);
	release_built_free(&built);
}

/* The path of the tarball of version on the site. */
static char *tarball_of(const char *directory, const char *version)
{
	char *parent = format("%s/%s/%s", net.site, directory, version);
	char *command = format("ls %s | grep -m1 '\\.tar\\.'", parent);
	FILE *list = popen(command, "re");
	char name[256] = "";

	cr_assert_not_null(list);
	cr_assert_not_null(fgets(name, sizeof(name), list));
	cr_assert_eq(pclose(list), 0);
	name[strcspn(name, "\n")] = '\0';
	char *path = format("%s/%s", parent, name);

	free(command);
	free(parent);
	return path;
}

/* One bit of the tarball is another one. */
static void corrupt(const char *directory, const char *version)
{
	char *path = tarball_of(directory, version);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte = 0;

	cr_assert_eq(pread(fd, &byte, 1, 1000), 1);
	byte = (char)(byte ^ 1);
	cr_assert_eq(pwrite(fd, &byte, 1, 1000), 1);
	cr_assert_eq(close(fd), 0);
	free(path);
}

static struct outcome expect_exit(const char *line, int expected)
{
	struct outcome outcome = world_update(&world, line);

	cr_assert_eq(outcome.exit_code, expected, "'%s' exits with %d:\n%s%s", line,
		     outcome.exit_code, outcome.output, outcome.errors);
	return outcome;
}

static void assert_exit(const char *line, int expected)
{
	struct outcome outcome = expect_exit(line, expected);

	outcome_free(&outcome);
}

static void assert_says(const char *line, int expected, const char *says)
{
	struct outcome outcome = expect_exit(line, expected);

	cr_assert(strstr(outcome.output, says) != NULL || strstr(outcome.errors, says) != NULL,
		  "'%s' does not say '%s':\n%s%s", line, says, outcome.output, outcome.errors);
	outcome_free(&outcome);
}

static void assert_version(const char *expected)
{
	char *version = world_version(&world);

	cr_assert_str_eq(version, expected);
	free(version);
}

/* Nothing but the daemon runs, and nothing is staged. */
static void assert_clean(void)
{
	char *listing = world_files(&world);

	cr_assert_null(strstr(listing, ".banger-update"), "%s", listing);
	free(listing);
	cr_assert_eq(world_processes(&world), 1);
}

Test(network, a_release_is_installed_over_https)
{
	begin_with(format("%s/a/manifest.json", net.https), "");
	offer("0.2.0", "a", net.https);
	assert_exit("--check", 1);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	assert_exit("--check", 0);
	assert_clean();
}

Test(network, a_release_is_installed_over_http_when_the_ini_says_so)
{
	begin_with(format("%s/a/manifest.json", net.http), "");
	offer("0.2.0", "a", net.http);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	assert_clean();
}

Test(network, a_check_asks_for_the_manifest_alone)
{
	begin_with(format("%s/a/manifest.json", net.plain), "");
	offer("0.2.0", "a", net.plain);
	assert_exit("--check", 1);
	cr_assert_eq(net.hostile.counts->requests, 1);
}

Test(network, a_manifest_over_https_leads_nowhere_over_http)
{
	begin_with(format("%s/a/manifest.json", net.https), "");
	offer("0.2.0", "a", net.http);
	assert_says("", 3, "must not lead to http");
	assert_version("banger 0.1.0");
	assert_clean();
}

Test(network, a_manifest_at_hand_leads_nowhere_over_http)
{
	begin_with(format("file://%s/a/manifest.json", net.site), "");
	offer("0.2.0", "a", net.http);
	assert_says("", 3, "must not lead to http");
	assert_clean();
}

Test(network, a_server_under_an_unknown_authority_is_refused)
{
	char *other = scratch_path(&net.scratch, "other.pem");
	struct authority authority = authority_make("another authority", other);

	begin_with(format("%s/a/manifest.json", net.https), "");
	offer("0.2.0", "a", net.https);
	scratch_replace(world.ini, net.ca, other);
	assert_says("", 3, "certificate");
	assert_says("--check", 3, "certificate");
	assert_version("banger 0.1.0");
	assert_clean();
	authority_free(&authority);
	free(other);
}

Test(network, the_next_mirror_is_asked_when_one_is_corrupt)
{
	begin_with(format("%s/bad/manifest.json %s/good/manifest.json", net.https, net.http), "");
	offer("0.2.0", "bad", net.https);
	offer("0.2.0", "good", net.http);
	corrupt("bad", "0.2.0");
	char *bad = format("{\"url\":\"%s/bad/manifest.json\",\"error\":\"", net.https);
	struct outcome outcome = expect_exit("--json", 0);

	cr_assert(strstr(outcome.output, bad) != NULL, "%s", outcome.output);
	cr_assert(strstr(outcome.output, "has SHA-256") != NULL, "%s", outcome.output);
	cr_assert_null(strstr(outcome.output, "/good/manifest.json"), "%s", outcome.output);
	assert_version("banger 0.2.0");
	assert_clean();
	outcome_free(&outcome);
	free(bad);
}

Test(network, what_two_mirrors_say_is_never_mixed)
{
	/* The first one has a newer release, which is broken: the second one's is installed. */
	begin_with(format("%s/bad/manifest.json %s/good/manifest.json", net.https, net.https), "");
	offer("0.2.0", "good", net.https);
	offer("0.3.0", "bad", net.https);
	corrupt("bad", "0.3.0");
	assert_says("", 0, "/bad/manifest.json cannot be used");
	assert_version("banger 0.2.0");
	char *journal =
		format("sqlite3 '%s/journal.db' \"SELECT to_version || ' ' || result FROM run\" "
		       "| grep -qx '0.2.0 updated'",
		       world.state);

	cr_assert_eq(system(journal), 0, "the journal has another version");
	free(journal);
	assert_clean();
}

Test(network, each_document_of_a_mirror_may_be_what_is_wrong_with_it)
{
	static const char *const documents[] = {"manifest.json", "0.2.0/SHA256SUMS",
						"0.2.0/SHA256SUMS.sig", "0.2.0/release.json"};

	begin_with(format("%s/bad/manifest.json %s/good/manifest.json", net.https, net.https), "");
	offer("0.2.0", "bad", net.https);
	offer("0.2.0", "good", net.https);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		char *path = format("%s/bad/%s", net.site, documents[i]);
		char *text = scratch_read(path);

		scratch_write(path, "{}");
		assert_says("--dry-run", 0, "/bad/manifest.json cannot be used");
		scratch_write(path, text);
		free(text);
		free(path);
	}
	cr_assert_eq(world_processes(&world), 1);
}

Test(network, a_mirror_that_is_down_is_passed_over)
{
	struct hostile_server gone = hostile_server_start(net.site);

	hostile_server_stop(&gone);
	begin_with(format("https://127.0.0.1:%d/a/manifest.json %s/a/manifest.json", gone.port,
			  net.https),
		   "");
	offer("0.2.0", "a", net.https);
	assert_exit("--check", 1);
	assert_says("", 0, "cannot be used, the");
	assert_version("banger 0.2.0");
}

Test(network, when_all_mirrors_fail_every_reason_is_told)
{
	begin_with(format("%s/nothing/manifest.json %s/a/manifest.json", net.https, net.http), "");
	offer("0.2.0", "a", net.http);
	corrupt("a", "0.2.0");
	struct outcome outcome = expect_exit("--quiet", 3);

	cr_assert(strstr(outcome.errors, "none of the 2 addresses") != NULL, "%s", outcome.errors);
	cr_assert(strstr(outcome.errors, "404") != NULL, "%s", outcome.errors);
	cr_assert(strstr(outcome.errors, "has SHA-256") != NULL, "%s", outcome.errors);
	cr_assert(strstr(outcome.errors, "nothing was changed") != NULL, "%s", outcome.errors);
	outcome_free(&outcome);
	assert_version("banger 0.1.0");
	assert_clean();
}

Test(network, a_download_that_is_cut_off_goes_on_where_it_was)
{
	struct stat st;

	begin_with(format("%s/a/manifest.json", net.http), "");
	scratch_replace(world.ini, "retries = 0", "retries = 2");
	offer("0.2.0", "a", net.http);
	char *tarball = tarball_of("a", "0.2.0");
	char *manifest = format("%s/a/manifest.json", net.site);
	char *from = format("%s/a/0.2.0/%s", net.http, path_name(tarball));
	char *to =
		format("http://127.0.0.1:%d/cut/a/0.2.0/%s", net.hostile.port, path_name(tarball));

	cr_assert_eq(stat(tarball, &st), 0);
	scratch_replace(manifest, from, to);
	assert_exit("", 0);
	assert_version("banger 0.2.0");
	cr_assert_eq(net.hostile.counts->requests, 3);
	cr_assert_eq(net.hostile.counts->ranges, 2);
	cr_assert_eq(net.hostile.counts->body_bytes, (uint64_t)st.st_size);
	free(from);
	free(to);
	free(manifest);
	free(tarball);
}

/* Everything that the run left: its output, and the files of the host and the state. */
static void assert_not_told(const struct outcome *outcome)
{
	char *command = format("grep -rq " SECRET " '%s' '%s'", world.state, world.bin);

	cr_assert_null(strstr(outcome->output, SECRET), "%s", outcome->output);
	cr_assert_null(strstr(outcome->errors, SECRET), "%s", outcome->errors);
	cr_assert_neq(system(command), 0, "the secret is in a file");
	free(command);
}

Test(own_network, shows_a_secret_to_its_server_and_nobody_else)
{
	static const char rules[] =
		"if ($http_authorization != 'Bearer " SECRET "') { return 401; }";

	if (!web_server_is_there()) {
		cr_skip_test("nginx is not installed");
	}
	set_up_net(rules);
	char *file = scratch_path(&net.scratch, "authorization");
	char *key = format("authorization_file = %s\n", file);

	scratch_write_bytes(file, "Authorization: Bearer wrong\n", 28, 0600);
	begin_with(format("%s/a/manifest.json", net.https), key);
	offer("0.2.0", "a", net.https);
	assert_says("", 3, "401");
	scratch_write_bytes(file, "Authorization: Bearer " SECRET "\n",
			    strlen("Authorization: Bearer " SECRET "\n"), 0644);
	cr_assert_eq(chmod(file, 0644), 0);
	struct outcome outcome = expect_exit("--json", 3);

	cr_assert(strstr(outcome.output, "chmod 0600") != NULL, "%s", outcome.output);
	assert_not_told(&outcome);
	outcome_free(&outcome);
	cr_assert_eq(chmod(file, 0600), 0);
	outcome = expect_exit("--verbose", 0);
	assert_not_told(&outcome);
	outcome_free(&outcome);
	assert_version("banger 0.2.0");
	free(key);
	free(file);
}

Test(network, certificates_that_others_may_write_are_not_trusted_by_root)
{
	if (geteuid() != 0) {
		cr_skip_test("only root asks who could have written a file");
	}
	begin_with(format("%s/a/manifest.json", net.https), "");
	offer("0.2.0", "a", net.https);
	cr_assert_eq(chmod(net.ca, 0666), 0);
	assert_says("", 3, net.ca);
	assert_clean();
}

/* What a server may do instead of serving, and on which document. */
static const char *const mischiefs[] = {
	"endless",   "endless-chunks", "slow",        "mute",          "truncated",
	"says-less", "says-more",      "says-huge",   "another-part",  "turn-around",
	"to-file",   "to-metadata",    "to-gopher",   "to-password",   "to-nowhere",
	"flood",     "flood-interim",  "long-header", "control-bytes", "bomb",
	"not-there", "forbidden",      "broken",      "bad-chunks",    "garbage",
	"nothing",
};

struct before {
	char *files;
	char *dump;
	pid_t daemon;
};

static void expect_refusal(const char *what, const struct before *before)
{
	uint64_t started = clock_monotonic_ms();
	struct outcome outcome = world_update(&world, "");
	char *files = world_files(&world);
	char *dump = world_dump(&world);

	cr_assert_eq(outcome.exit_code, 3, "%s: exit %d:\n%s%s", what, outcome.exit_code,
		     outcome.output, outcome.errors);
	cr_assert(strstr(outcome.errors, "nothing was changed") != NULL, "%s: %s", what,
		  outcome.errors);
	cr_assert_lt(clock_monotonic_ms() - started, 12000, "%s takes long", what);
	cr_assert_str_eq(files, before->files, "%s changes files", what);
	cr_assert_str_eq(dump, before->dump, "%s changes the database", what);
	cr_assert_eq(world_daemon(&world), before->daemon, "%s: another daemon", what);
	cr_assert_eq(world_processes(&world), 1, "%s leaves a process", what);
	outcome_free(&outcome);
	free(files);
	free(dump);
}

/* Tries each mischief on what stands at url_part in the file at path. */
static void try_all(const char *path, const char *document)
{
	struct before before = {world_files(&world), world_dump(&world), world_daemon(&world)};
	char *plain = format("%s/a/%s", net.plain, document);

	for (size_t i = 0; i < sizeof(mischiefs) / sizeof(mischiefs[0]); i++) {
		char *bad = format("http://127.0.0.1:%d/%s/a/%s", net.hostile.port, mischiefs[i],
				   document);
		char *what = format("%s of %s", mischiefs[i], document);

		scratch_replace(path, plain, bad);
		expect_refusal(what, &before);
		scratch_replace(path, bad, plain);
		free(what);
		free(bad);
	}
	free(plain);
	free(before.files);
	free(before.dump);
}

Test(network, nothing_that_a_server_does_with_the_manifest_changes_the_host)
{
	begin_with(format("%s/a/manifest.json", net.plain), "");
	offer("0.2.0", "a", net.plain);
	try_all(world.ini, "manifest.json");
}

Test(network, nothing_that_a_server_does_with_the_signature_changes_the_host)
{
	begin_with(format("%s/a/manifest.json", net.plain), "");
	offer("0.2.0", "a", net.plain);
	char *manifest = format("%s/a/manifest.json", net.site);

	try_all(manifest, "0.2.0/SHA256SUMS.sig");
	free(manifest);
}

Test(network, nothing_that_a_server_does_with_the_tarball_changes_the_host)
{
	begin_with(format("%s/a/manifest.json", net.plain), "");
	offer("0.2.0", "a", net.plain);
	char *tarball = tarball_of("a", "0.2.0");
	char *manifest = format("%s/a/manifest.json", net.site);
	char *document = format("0.2.0/%s", path_name(tarball));

	try_all(manifest, document);
	free(document);
	free(manifest);
	free(tarball);
}

/* An updater that waits for its manifest from a server that says nothing. */
static struct process start_waiting(int terminal)
{
	const char *const argv[] = {UPDATER, "--config", world.ini, NULL};
	const struct process_options options = {.argv = argv, .error_fd = terminal};
	struct process process;
	struct error err;
	struct pollfd nothing = {.fd = -1};

	cr_assert_eq(process_spawn(&options, &process, &err), 0, "%s", err.text);
	for (unsigned i = 0; net.hostile.counts->requests == 0; i++) {
		cr_assert_lt(i, 1000, "it asks for nothing");
		(void)poll(&nothing, 1, 10);
	}
	return process;
}

Test(network, an_interrupt_ends_a_download_at_once)
{
	struct process_status status;

	begin_with(format("http://127.0.0.1:%d/mute/manifest.json", net.hostile.port), "");
	scratch_replace(world.ini, "min_rate_window = 1s", "min_rate_window = 1h");
	struct process process = start_waiting(0);

	cr_assert_eq(kill(process.pid, SIGINT), 0);
	process_wait(&process, 5000, &status);
	cr_assert_eq(status.exit_code, 3);
	cr_assert_not(status.timed_out);
	assert_clean();
}

Test(network, a_terminal_shows_how_far_a_download_is)
{
	struct process_status status;
	char text[8192] = "";
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert_geq(terminal, 0);
	begin_with(format("http://127.0.0.1:%d/slow/manifest.json", net.hostile.port), "");
	scratch_replace(world.ini, "download_timeout = 20s", "download_timeout = 2s");
	scratch_replace(world.ini, "min_rate_window = 1s", "min_rate_window = 1h");
	char *manifest = format("%s/manifest.json", net.site);

	scratch_write(manifest, "slowly arriving");
	struct process process = start_waiting(terminal);

	process_wait(&process, 10000, &status);
	cr_assert_eq(status.exit_code, 3);
	cr_assert_gt(read(master, text, sizeof(text) - 1), 0);
	cr_assert(strstr(text, "\r\033[K  discover   0.0 of 0.0 MiB") != NULL, "%s", text);
	(void)close(terminal);
	(void)close(master);
	free(manifest);
}

Test(network, elsewhere_nothing_is_overwritten)
{
	begin_with(format("http://127.0.0.1:%d/slow/manifest.json", net.hostile.port), "");
	scratch_replace(world.ini, "download_timeout = 20s", "download_timeout = 2s");
	scratch_replace(world.ini, "min_rate_window = 1s", "min_rate_window = 1h");
	char *manifest = format("%s/manifest.json", net.site);

	scratch_write(manifest, "slowly arriving");
	struct outcome outcome = expect_exit("", 3);

	cr_assert_null(strchr(outcome.errors, '\r'), "%s", outcome.errors);
	cr_assert_null(strstr(outcome.errors, "MiB"), "%s", outcome.errors);
	outcome_free(&outcome);
	free(manifest);
}
