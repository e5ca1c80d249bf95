/*
 * test_runners.c - who executes a file, and their end.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "service/runners.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct error err;
static char *program;

static void set_up(void)
{
	struct buffer content = BUFFER_INIT(16u << 20);
	char *real = realpath("/bin/dash", NULL);

	scratch = scratch_make();
	program = scratch_path(&scratch, "program");
	cr_assert(real != NULL && file_read_path(real, &content, &err) == 0);
	scratch_write_bytes(program, content.data, content.length, 0755);
	buffer_finish(&content);
	free(real);
}

static void tear_down(void)
{
	free(program);
	scratch_remove(&scratch);
}

TestSuite(runners, .init = set_up, .fini = tear_down, .timeout = 60);

/* A process that executes program and waits for ever. It has begun to, when this returns. */
static struct process run(const char *before)
{
	struct process process = {.pidfd = -1};
	char *ready = scratch_path(&scratch, "ready");
	char *script = NULL;

	cr_assert_eq(mkfifo(ready, 0600), 0);
	cr_assert(asprintf(&script, "%s\n: > %s; mkfifo %s.$$; : < %s.$$", before, ready, ready,
			   ready) > 0);
	const char *const argv[] = {program, "-c", script, NULL};
	const struct process_options options = {.argv = argv};

	cr_assert(process_spawn(&options, &process, &err) == 0, "%s", err.text);
	/* Opens once the other end is opened, too. */
	(void)close(open(ready, O_RDONLY | O_CLOEXEC));
	cr_assert_eq(unlink(ready), 0);
	free(ready);
	free(script);
	return process;
}

static struct process_status end_of(struct process *process)
{
	struct process_status status;

	process_wait(process, 10000, &status);
	return status;
}

Test(runners, a_process_is_found_by_its_file_even_when_the_name_is_gone)
{
	struct process process = run("");
	char *moved = scratch_path(&scratch, "moved");
	pid_t pid = 0;

	cr_assert(rename(program, moved) == 0);
	cr_assert(runners_find(moved, &pid, &err) == 0, "%s", err.text);
	cr_assert(pid == process.pid);
	process_kill(&process);
	cr_assert(runners_find(moved, &pid, &err) == 0 && pid == 0);
	free(moved);
}

Test(runners, a_copy_of_the_file_is_another_file)
{
	struct process process = run("");
	pid_t pid = -1;
	char *moved = scratch_path(&scratch, "moved");

	cr_assert(rename(program, moved) == 0);
	scratch_write(program, "another");
	cr_assert(runners_find(program, &pid, &err) == 0, "%s", err.text);
	cr_assert(pid == 0);
	process_kill(&process);
	free(moved);
}

Test(runners, all_are_asked_to_end)
{
	struct process one = run("");
	struct process two = run("");
	size_t ended = 0;

	cr_assert(runners_end(program, 10000, &ended, &err) == 0, "%s", err.text);
	cr_assert(ended >= 2);
	cr_assert(end_of(&one).signal == SIGTERM);
	cr_assert(end_of(&two).signal == SIGTERM);
}

Test(runners, who_does_not_end_in_time_is_killed)
{
	struct process process = run("trap '' TERM");
	size_t ended = 0;

	cr_assert(runners_end(program, 50, &ended, &err) == 0, "%s", err.text);
	cr_assert(end_of(&process).signal == SIGKILL);
}

Test(runners, nobody_to_end_is_fine_and_a_missing_file_is_not)
{
	size_t ended = 7;

	cr_assert(runners_end(program, 50, &ended, &err) == 0 && ended == 0);
	cr_assert(unlink(program) == 0);
	cr_assert(runners_end(program, 50, &ended, &err) == -ENOENT);
}
