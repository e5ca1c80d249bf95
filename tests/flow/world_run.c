/*
 * world_run.c - world.h: programs run in the world, above all banger-update.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "flow/world_parts.h"

#define RUN_TIMEOUT_MS 60000
#define OUTPUT_MAX     ((size_t)1 << 20)

static int memory_file(void)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	must(fd >= 0);
	return fd;
}

struct running begin_words(const struct strings *words)
{
	struct running running = {.output = memory_file(), .errors = memory_file()};
	union {
		char *const *in;
		const char *const *out;
	} argv = {.in = words->items};
	const struct process_options options = {
		.argv = argv.out,
		.output_fd = running.output,
		.error_fd = running.errors,
	};
	struct error err;

	cr_assert_eq(process_spawn(&options, &running.process, &err), 0, "%s", err.text);
	return running;
}

static char *take_text(int fd)
{
	struct buffer text = BUFFER_INIT(OUTPUT_MAX);
	struct error err;

	must(lseek(fd, 0, SEEK_SET) == 0 && file_read(fd, "output", &text, &err) == 0);
	must(close(fd) == 0);
	return buffer_detach(&text);
}

struct outcome world_await(struct running *running)
{
	struct process_status status;

	process_wait(&running->process, RUN_TIMEOUT_MS, &status);
	return (struct outcome){
		.exit_code = status.timed_out || status.signal != 0 ? -1 : status.exit_code,
		.output = take_text(running->output),
		.errors = take_text(running->errors),
	};
}

struct outcome run_words(const struct strings *words)
{
	struct running running = begin_words(words);

	return world_await(&running);
}

struct outcome run_program(const char *const *argv)
{
	struct strings words = {0};

	for (; *argv != NULL; argv++) {
		must(strings_add(&words, *argv) == 0);
	}
	struct outcome outcome = run_words(&words);

	strings_finish(&words);
	return outcome;
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->output);
	free(outcome->errors);
	*outcome = (struct outcome){0};
}

void run_or_fail(const char *const *argv)
{
	struct outcome outcome = run_program(argv);

	cr_assert_eq(outcome.exit_code, 0, "%s: exit %d: %s%s", argv[0], outcome.exit_code,
		     outcome.output, outcome.errors);
	outcome_free(&outcome);
}

static void add_words(struct strings *words, const char *line)
{
	char *copy = strdup(line);

	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		must(strings_add(words, word) == 0);
	}
	free(copy);
}

static void add_updater(struct strings *words, const struct world *world, const char *line)
{
	must(strings_add(words, PREFIX "/bin/banger-update") == 0);
	must(strings_add(words, "--config") == 0 && strings_add(words, world->ini) == 0);
	add_words(words, line);
}

/* The host's package managers know nothing of a world, and would take a third of a run's time. Who
 * means them has a --root with some of its own, or comes from a shell. */
static bool asks_in_vain(const char *line)
{
	return line[0] == '\0' || strcmp(line, "--json") == 0 || text_has_prefix(line, "--to ") ||
	       text_has_prefix(line, "rollback");
}

struct running world_begin(const struct world *world, const char *line)
{
	struct strings words = {0};

	add_updater(&words, world, asks_in_vain(line) ? "--waive packages" : "");
	add_words(&words, line);
	struct running running = begin_words(&words);

	strings_finish(&words);
	return running;
}

struct outcome world_update(const struct world *world, const char *line)
{
	struct running running = world_begin(world, line);

	return world_await(&running);
}

struct outcome world_update_from(const struct world *world, const char *shell, const char *line)
{
	struct strings words = {0};

	must(strings_add(&words, "/bin/sh") == 0 && strings_add(&words, "-c") == 0);
	must(strings_add(&words, shell) == 0 && strings_add(&words, "sh") == 0);
	add_updater(&words, world, line);
	struct outcome outcome = run_words(&words);

	strings_finish(&words);
	return outcome;
}

void world_add_side_service(struct world *world)
{
	char *pid_file = scratch_path(&world->scratch, "side.pid");
	char *start =
		world_script(world, "side.sh",
			     "cp /bin/sleep %s/side\nexec /sbin/start-stop-daemon --start --quiet "
			     "--background --make-pidfile --pidfile %s --exec %s/side -- 600",
			     world->scratch.path, pid_file, world->scratch.path);
	char *stop =
		world_script(world, "unside.sh",
			     "exec /sbin/start-stop-daemon --stop --quiet --pidfile %s", pid_file);

	world_configure(world, "[service side]", "pid_file", pid_file);
	world_configure(world, "[service side]", "start", start);
	world_configure(world, "[service side]", "stop", stop);
	must(system(start) == 0);
	free(pid_file);
	free(start);
	free(stop);
}
