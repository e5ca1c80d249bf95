/*
 * test_identity.c - whether the process that runs is the new one, and runs the new file.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "service/manager.h"
#include "support/scratch.h"

static struct scratch scratch;
static struct error err;
static struct service service;
static char *binary;
static struct process daemon_process;
static const struct command_values values = {.root = ""};
static const struct service_context context = {.values = &values};

static void copy_sleep(const char *path)
{
	struct buffer content = BUFFER_INIT(16u << 20);
	char *real = realpath("/bin/sleep", NULL);

	cr_assert(real != NULL && file_read_path(real, &content, &err) == 0);
	scratch_write_bytes(path, content.data, content.length, 0755);
	buffer_finish(&content);
	free(real);
}

static void set_up(void)
{
	char text[32];

	scratch = scratch_make();
	binary = scratch_path(&scratch, "bangerd");
	copy_sleep(binary);
	service = (struct service){
		.name = strdup("bangerd"),
		.binary = strdup("bangerd"),
		.pid_file = scratch_path(&scratch, "pid"),
	};
	const char *const argv[] = {binary, "60", NULL};
	const struct process_options options = {.argv = argv};

	cr_assert(process_spawn(&options, &daemon_process, &err) == 0, "%s", err.text);
	(void)snprintf(text, sizeof(text), "%d\n", daemon_process.pid);
	scratch_write(service.pid_file, text);
}

static void tear_down(void)
{
	process_kill(&daemon_process);
	service_finish(&service);
	free(binary);
	scratch_remove(&scratch);
}

TestSuite(identity, .init = set_up, .fini = tear_down, .timeout = 60);

static int identify(const char *path, const struct service_process *before,
		    struct service_process *ret)
{
	return service_identify(service_manager_command(), &context, &service, path, before, ret,
				&err);
}

Test(identity, a_process_that_runs_the_installed_file_is_the_one)
{
	struct service_process process = {0};

	cr_assert(identify(binary, NULL, &process) == 0, "%s", err.text);
	cr_assert(process.pid == daemon_process.pid && process.start_time > 0);
}

Test(identity, a_file_replaced_under_the_process_is_another_file)
{
	char *next = scratch_path(&scratch, "next");
	struct service_process process = {0};

	copy_sleep(next);
	cr_assert(rename(next, binary) == 0);
	cr_assert(identify(binary, NULL, &process) == -EXDEV);
	cr_assert_not_null(strstr(err.text, binary), "%s", err.text);
	cr_assert(process.pid == 0, "an output was written");
	free(next);
}

/* start-stop-daemon --make-pidfile names the process before that executes the daemon. */
Test(identity, a_process_that_has_yet_to_execute_the_file_is_waited_for)
{
	char *starter = NULL;
	char *text = NULL;
	struct process late = {.pidfd = -1};
	struct service_process process = {0};

	cr_assert(asprintf(&starter, "sleep 0.2; exec %s 60", binary) > 0);
	const char *const argv[] = {"/bin/sh", "-c", starter, NULL};
	const struct process_options options = {.argv = argv};

	cr_assert(process_spawn(&options, &late, &err) == 0, "%s", err.text);
	cr_assert(asprintf(&text, "%d\n", late.pid) > 0);
	scratch_write(service.pid_file, text);
	int rc = identify(binary, NULL, &process);

	process_kill(&late);
	cr_assert(rc == 0, "%s", err.text);
	free(starter);
	free(text);
}

Test(identity, a_service_without_a_binary_may_run_anything)
{
	struct service_process process = {0};

	free(service.binary);
	service.binary = NULL;
	cr_assert(identify("/etc/passwd", NULL, &process) == 0, "%s", err.text);
}

Test(identity, the_old_process_is_not_a_new_one)
{
	struct service_process before = {0};
	struct service_process after = {0};

	cr_assert(identify(binary, NULL, &before) == 0, "%s", err.text);
	cr_assert(identify(binary, &before, &after) == -EEXIST);
}

Test(identity, a_recycled_number_with_another_start_time_is_a_new_process)
{
	struct service_process before = {0};
	struct service_process after = {0};

	cr_assert(identify(binary, NULL, &before) == 0, "%s", err.text);
	before.start_time--;
	cr_assert(identify(binary, &before, &after) == 0, "%s", err.text);
}

Test(identity, a_service_that_is_gone_has_no_identity)
{
	struct service_process process;

	process_kill(&daemon_process);
	cr_assert(identify(binary, NULL, &process) == -ESRCH);
}

Test(identity, a_missing_binary_is_an_error)
{
	struct service_process process;

	cr_assert(unlink(binary) == 0);
	cr_assert(identify(binary, NULL, &process) == -ENOENT);
}
