/*
 * test_flow_local.c - somebody else on the same host: what he swaps, plants or starts at the same
 * time changes neither what is installed nor a file that is not the updater's.
 *
 * The identifiers are those of the table in tests/README.md.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/expect.h"
#include "flow/gate.h"

#define NOBODY      65534
#define PATIENCE_MS 60000

static struct world world;
static char *victims; /* a directory of files that are nobody else's business */
static char *untouched;

static void begin(void)
{
	world = world_make(&(struct world_options){0});
	victims = scratch_path(&world.scratch, "victims");
	scratch_directory(victims);
	char *secret = path_join(victims, "secret");

	scratch_write_bytes(secret, "root's alone\n", 13, 0600);
	untouched = scratch_listing(victims, NULL);
	free(secret);
}

static void end(void)
{
	free(victims);
	free(untouched);
	world_finish(&world);
}

TestSuite(local, .init = begin, .fini = end);

static void assert_victims_untouched(const char *after)
{
	char *now = scratch_listing(victims, NULL);

	cr_assert_str_eq(now, untouched, "after %s", after);
	free(now);
}

/* A child of the test that does the same again and again until it is ended; *ret_rounds counts. */
static pid_t attack(void (*round_of)(void *data), void *data, unsigned **ret_rounds)
{
	unsigned *rounds = mmap(NULL, sizeof(*rounds), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(rounds, MAP_FAILED);
	*rounds = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;; ++*(volatile unsigned *)rounds) {
			round_of(data);
		}
	}
	*ret_rounds = rounds;
	return pid;
}

static unsigned end_attack(pid_t pid, unsigned *rounds)
{
	unsigned done = *rounds;

	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_assert_eq(munmap(rounds, sizeof(*rounds)), 0);
	return done;
}

/* Two files that take turns under one name. */
struct turns {
	char *path;
	char *good;
	char *evil;
	char *next;
	char *pristine; /* the good one's bytes, out of reach */
};

static void put(const struct turns *turns, const char *what)
{
	(void)!link(what, turns->next);
	(void)rename(turns->next, turns->path);
}

static void take_turns(void *data)
{
	const struct turns *turns = data;

	put(turns, turns->evil);
	put(turns, turns->good);
}

/* Evil bytes, and the good ones again, in the very file. */
static void write_in_place(void *data)
{
	const struct turns *turns = data;
	int fd = open(turns->path, O_RDWR | O_CLOEXEC);
	char good[512];
	char evil[512];

	memset(evil, 'x', sizeof(evil));
	if (fd >= 0 && pread(fd, good, sizeof(good), 4096) == (ssize_t)sizeof(good)) {
		(void)!pwrite(fd, evil, sizeof(evil), 4096);
		(void)!pwrite(fd, good, sizeof(good), 4096);
	}
	(void)close(fd);
}

/* The releases 0.2.0, which is published, and 6.6.6, which another key has signed. */
static struct turns make_turns(struct release_built *ret_built)
{
	struct signing_key other = signing_key_make();
	struct release_built evil =
		world_publish(&world, &(struct world_release){.version = "6.6.6",
							      .migrations = 3,
							      .spec = {.key = &other}});
	struct turns turns = {
		.evil = scratch_path(&world.scratch, "evil"),
		.good = scratch_path(&world.scratch, "good"),
		.next = scratch_path(&world.scratch, "releases/next"),
		.pristine = scratch_path(&world.scratch, "pristine"),
	};

	cr_assert_eq(rename(evil.tarball, turns.evil), 0);
	release_built_free(&evil);
	signing_key_free(&other);
	*ret_built =
		world_publish(&world, &(struct world_release){.version = "0.2.0", .migrations = 3});
	turns.path = ret_built->tarball;
	cr_assert_eq(link(turns.path, turns.good), 0);
	return turns;
}

static void turns_free(struct turns *turns)
{
	free(turns->evil);
	free(turns->good);
	free(turns->next);
	free(turns->pristine);
}

static void copy_bytes(const char *from, const char *to)
{
	char *command = NULL;

	cr_assert(asprintf(&command, "cat %s >%s", from, to) > 0);
	cr_assert_eq(system(command), 0);
	free(command);
}

/* One run with the attacker beside it; how often he has struck. */
static unsigned run_attacked(void (*round_of)(void *data), struct turns *turns, const char *line,
			     int *ret_code)
{
	unsigned *rounds = NULL;
	pid_t attacker = attack(round_of, turns, &rounds);
	struct outcome outcome = world_update(&world, line);
	unsigned done = end_attack(attacker, rounds);

	cr_assert(outcome.exit_code == 0 || outcome.exit_code == 3, "exit %d: %s",
		  outcome.exit_code, outcome.errors);
	*ret_code = outcome.exit_code;
	outcome_free(&outcome);
	put(turns, turns->good);
	copy_bytes(turns->pristine, turns->path);
	return done;
}

static void assert_installed(const char *expected)
{
	char *version = world_version(&world);

	cr_assert_str_eq(version, expected);
	free(version);
}

/* Runs against an attacker of the tarball: each installs what was signed, or nothing. */
static void expect_signed_or_nothing(void (*round_of)(void *data))
{
	struct release_built built;
	struct turns turns = make_turns(&built);
	unsigned strikes = 0;
	int code = 0;

	copy_bytes(turns.good, turns.pristine);
	for (int run = 0; run < 8; run++) {
		strikes += run_attacked(round_of, &turns, "--dry-run", &code);
		assert_installed("banger 0.1.0");
	}
	cr_assert_gt(strikes, 1000, "hardly an attack");
	(void)run_attacked(round_of, &turns, "", &code);
	assert_installed(code == 0 ? "banger 0.2.0" : "banger 0.1.0");
	/* What was refused was refused for the attack. */
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.2.0");
	turns_free(&turns);
	release_built_free(&built);
}

Test(local, L1_a_release_that_is_swapped_all_the_time)
{
	expect_signed_or_nothing(take_turns);
}

Test(local, L1_a_release_that_is_rewritten_all_the_time)
{
	expect_signed_or_nothing(write_in_place);
}

#define SPOIL                                                                                      \
	"for f in %s/.banger-update-banger/*/bangerd\n"                                            \
	"do echo evil >>$f; done\n"

static void publish_without_list(struct release_built *built)
{
	*built = world_publish(&world, &(struct world_release){.version = "0.2.0",
							       .migrations = 2,
							       .without_release_json = true});
}

/* As a plugin it may write nowhere. */
Test(local, L1_a_staged_file_that_a_plugin_s_command_would_change)
{
	char *script = world_script(&world, "check.sh", SPOIL "echo compatible", world.bin);
	struct release_built built = {0};

	publish_without_list(&built);
	world_configure(&world, "[plugin schema-migration]", "command", script);
	expect_exit(&world, "", 0, "0.2.0 is installed and healthy");
	assert_runs(&world, "0.2.0");
	release_built_free(&built);
	free(script);
}

/* The others may look, as plugins have to; they change nothing. */
Test(local, L1_what_is_staged_is_out_of_reach_for_others)
{
	struct gate gate = gate_make(&world);
	char *health = world_script(&world, "health.sh", "%s", gate.words);
	char *command = NULL;

	world_skip_unless(&world, geteuid() == 0, "only root can be somebody else");
	publish_release(&world, "0.2.0", 3, NULL);
	world_configure(&world, "[health]", "command", health);
	cr_assert_eq(chmod(world.scratch.path, 0755), 0);
	struct running running = world_begin(&world, "--dry-run");

	gate_await(&gate);
	cr_assert(asprintf(&command,
			   "d=%s/.banger-update-banger; test -d $d/*Z-* && "
			   "! setpriv --reuid=%d --regid=%d --clear-groups sh -c \"touch $d/x || "
			   "echo evil >>$(echo $d/*/bangerd) || rm -f $d/*/bangerd || "
			   "mv $d $d.gone\" 2>/dev/null",
			   world.bin, NOBODY, NOBODY) > 0);
	cr_assert_eq(system(command), 0, "%s", command);
	gate_open(&gate);
	struct outcome outcome = world_await(&running);

	cr_assert_eq(outcome.exit_code, 0, "%s", outcome.errors);
	outcome_free(&outcome);
	gate_finish(&gate);
	free(command);
	free(health);
}

Test(local, L13_what_is_staged_lies_where_nobody_else_could_exchange_it)
{
	char *staging = scratch_path(&world.scratch, "staging");

	world_skip_unless(&world, geteuid() == 0, "only root can give a directory away");
	publish_release(&world, "0.2.0", 3, NULL);
	cr_assert_eq(chown(world.bin, NOBODY, NOBODY), 0);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "download", "will not stage in", world.bin,
					"belongs to user 65534", "set staging_dir"));
	world_configure(&world, "[update]", "staging_dir", staging);
	expect_exit(&world, "", 0, "0.2.0 is installed and healthy");
	assert_runs(&world, "0.2.0");
	free(staging);
}

/* Every name that a run makes and that can be foreseen, below the scratch directory. */
static const char *const foreseen[] = {
	"host/bin/.banger-update-banger",
	"host/bin/bangerd.update-new",
	"host/bin/bangerd.update-link",
	"host/bin/bangerd.previous",
	"host/bin/bangerd.previous.earlier",
	"host/lib/.banger-update",
	"state/lock",
	"state/journal.db",
	"state/journal.db-journal",
	"state/journal.db-wal",
	"state/journal.db-shm",
};

/* Plants, updates to a release of its own, and takes away what is still there. */
static void update_with(const char *name, const char *target, size_t number)
{
	char *path = scratch_path(&world.scratch, "%s", name);
	char *to = target[0] == '/' ? strdup(target) : path_join(victims, target);
	char *version = NULL;
	struct error err;
	struct stat st;

	cr_assert(asprintf(&version, "0.2.%zu", number) > 0);
	publish_release(&world, version, 3, NULL);
	cr_assert_eq(file_remove_tree(path, &err), 0, "%s", err.text);
	cr_assert_eq(symlink(to, path), 0, "%s", path);
	struct outcome outcome = world_update(&world, "");

	cr_assert(outcome.exit_code == 0 || outcome.exit_code == 3 || outcome.exit_code == 4,
		  "%s -> %s: exit %d: %s", path, to, outcome.exit_code, outcome.errors);
	assert_victims_untouched(path);
	cr_assert(world_daemon_is_installed(&world));
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		cr_assert_eq(unlink(path), 0);
	}
	outcome_free(&outcome);
	free(version);
	free(path);
	free(to);
}

static void expect_links_are_not_followed_to(const char *target)
{
	for (size_t i = 0; i < sizeof(foreseen) / sizeof(foreseen[0]); i++) {
		update_with(foreseen[i], target, i);
	}
	/* Nothing of it stands in the way of the next one. */
	publish_release(&world, "0.3.0", 3, NULL);
	expect_exit(&world, "", 0, NULL);
	assert_runs(&world, "0.3.0");
	assert_victims_untouched("all");
}

Test(local, L2_links_to_a_file_are_not_followed)
{
	expect_links_are_not_followed_to("secret");
}

Test(local, L2_links_to_nothing_are_not_followed)
{
	expect_links_are_not_followed_to("new");
}

Test(local, L2_links_to_a_directory_are_not_followed)
{
	expect_links_are_not_followed_to(victims);
}

/* Returns when only one of the runs goes on. */
static void await_all_but_one(const struct running *runs, size_t count)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);
	size_t ended = 0;

	while (ended < count - 1) {
		cr_assert_gt(clock_left(deadline), 0, "only %zu ended", ended);
		(void)poll(NULL, 0, 20);
		ended = 0;
		for (size_t i = 0; i < count; i++) {
			struct pollfd end = {.fd = runs[i].process.pidfd, .events = POLLIN};

			ended += poll(&end, 1, 0) == 1;
		}
	}
}

Test(local, L8_of_twenty_runs_at_once_exactly_one_goes_ahead)
{
	enum {
		RUNS = 20
	};
	struct gate gate = gate_make(&world);
	char *health =
		world_script(&world, "health.sh",
			     "if %s/banger --version | grep -q 0.1.0; then %s; fi\n"
			     "exec %s/banger doctor --socket %s/socket --database %s",
			     world.bin, gate.words, world.bin, world.scratch.path, world.database);
	struct running runs[RUNS];
	int codes[256] = {0};

	publish_release(&world, "0.2.0", 3, NULL);
	world_configure(&world, "[health]", "command", health);
	world_configure(&world, "[health]", "timeout", "60s");
	for (size_t i = 0; i < RUNS; i++) {
		runs[i] = world_begin(&world, "");
	}
	gate_await(&gate);
	await_all_but_one(runs, RUNS);
	gate_open(&gate);
	for (size_t i = 0; i < RUNS; i++) {
		struct outcome outcome = world_await(&runs[i]);

		cr_assert_geq(outcome.exit_code, 0);
		codes[outcome.exit_code]++;
		outcome_free(&outcome);
	}
	cr_assert_eq(codes[0], 1, "%d went ahead", codes[0]);
	cr_assert_eq(codes[75], RUNS - 1);
	assert_runs(&world, "0.2.0");
	gate_finish(&gate);
	free(health);
}
