/*
 * test_flow_host.c - hosts on which an update must not begin: a database that cannot be judged, a
 * health command that fails already, files that cannot be replaced. The daemon is not stopped.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "flow/expect.h"

static struct world world;

static void begin_with(const struct world_options *options)
{
	world = world_make(options);
	publish_release(&world, "0.2.0", 3, NULL);
}

static void begin(void)
{
	begin_with(&(struct world_options){0});
}

static void end(void)
{
	world_finish(&world);
}

static void overwrite(const char *path, off_t offset, const char *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, length, offset), (ssize_t)length);
	cr_assert_eq(close(fd), 0);
}

/* A process that holds the database for itself: no reader may come in. Not this process: its locks
 * would go as soon as it closed any descriptor of that file (fcntl(2)). */
static pid_t lock_database(void)
{
	int ready[2];
	char byte = 0;

	cr_assert_eq(pipe(ready), 0);
	pid_t holder = fork();

	if (holder == 0) {
		sqlite3 *db = NULL;
		bool holds = sqlite3_open(world.database, &db) == SQLITE_OK &&
			     sqlite3_exec(db,
					  "PRAGMA locking_mode = EXCLUSIVE;"
					  "BEGIN EXCLUSIVE; DELETE FROM vms",
					  NULL, NULL, NULL) == SQLITE_OK;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], holds ? "y" : "n", 1);
		(void)pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert_eq(byte, 'y');
	return holder;
}

TestSuite(host, .init = begin, .fini = end);
TestSuite(other_host, .fini = end); /* each begins with one of its own */

Test(host, a_database_that_is_not_there_is_an_error)
{
	char *says = NULL;

	cr_assert_eq(unlink(world.database), 0);
	cr_assert(asprintf(&says, "database state does not exist: there is no %s", world.database) >
		  0);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", says, "write missing = ok",
					"could not find out"));
	free(says);
}

Test(host, a_file_that_is_no_database_is_an_error)
{
	char garbage[100];

	memset(garbage, 'x', sizeof(garbage));
	overwrite(world.database, 0, garbage, sizeof(garbage));
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "database state", "not a database",
					"restore it if it is damaged"));
}

Test(other_host, a_database_that_somebody_has_for_himself_is_an_error)
{
	begin_with(&(struct world_options){.stopped = true});
	world_configure(&world, "[health]", "command", "/bin/true");
	pid_t holder = lock_database();

	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "database state", "locked",
					"try again when whoever holds the lock has finished"));
	cr_assert_eq(kill(holder, SIGKILL), 0);
	cr_assert_eq(waitpid(holder, NULL, 0), holder);
	expect_exit(&world, "", 0, NULL);
}

Test(host, a_database_that_may_not_be_read_is_an_error)
{
	world_skip_unless(&world, geteuid() != 0, "root may read everything");
	cr_assert_eq(chmod(world.database, 0), 0);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "preflight", "database state", "Permission denied",
					"read the database"));
}

Test(host, health_that_fails_already_is_for_later_unless_it_is_waived)
{
	char *health = world_script(&world, "health.sh", "exec %s/bangerd --version | grep 0.2.0",
				    world.bin);

	world_configure(&world, "[health]", "command", health);
	expect_nothing_changed(&world, "",
			       EXPECTED(75, "baseline", "the health command fails already",
					"exited with 1", "--waive baseline"));
	expect_exit(&world, "--waive baseline", 0, NULL);
	free(health);
}

Test(host, what_is_broken_by_name_before_and_after_is_no_obstacle)
{
	char *health = world_script(&world, "health.sh", "echo 'fail disk: it is full'; exit 1");

	world_configure(&world, "[health]", "command", health);
	expect_exit(&world, "", 0, NULL);
	free(health);
}

Test(host, a_health_command_that_cannot_be_run_is_an_error)
{
	world_configure(&world, "[health]", "command", "/no/such/command");
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "baseline", "cannot run the health command",
					"/no/such/command", "No such file or directory"));
}

Test(host, a_target_that_is_a_directory_is_found_before_the_stop)
{
	char *target = path_join(world.bin, "a-directory");

	scratch_directory(target);
	world_configure(&world, "[artifact banger]", "install", target);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "baseline", "artifact banger", target, "is a directory",
					"name the file itself"));
	free(target);
}

Test(host, a_target_that_is_a_link_is_found_before_the_stop)
{
	char *target = path_join(world.bin, "a-link");

	cr_assert_eq(symlink("banger", target), 0);
	world_configure(&world, "[artifact banger]", "install", target);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "baseline", "artifact banger", "a symbolic link",
					"name the file itself"));
	free(target);
}

Test(host, a_target_without_its_directory_is_found_before_the_stop)
{
	char *target = path_join(world.bin, "nowhere/banger");

	world_configure(&world, "[artifact banger]", "install", target);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "baseline", "artifact banger", target,
					"No such file or directory"));
	free(target);
}

Test(host, a_directory_that_may_not_be_written_is_found_before_the_stop)
{
	char *staging = path_join(world.scratch.path, "staging");

	world_skip_unless(&world, geteuid() != 0, "root may write everywhere");
	scratch_directory(staging);
	world_configure(&world, "[update]", "staging_dir", staging);
	cr_assert_eq(chmod(world.bin, 0555), 0);
	expect_nothing_changed(&world, "",
			       EXPECTED(3, "baseline", "artifact bangerd", "cannot write in",
					world.bin, "Permission denied"));
	cr_assert_eq(chmod(world.bin, 0755), 0);
	free(staging);
}

Test(host, a_directory_that_may_not_be_staged_in_is_an_error)
{
	world_skip_unless(&world, geteuid() != 0, "root may write everywhere");
	cr_assert_eq(chmod(world.bin, 0555), 0);
	expect_nothing_changed(&world, "", EXPECTED(3, "download", world.bin, "Permission denied"));
	cr_assert_eq(chmod(world.bin, 0755), 0);
}

Test(host, a_state_directory_that_may_not_be_written_is_an_error)
{
	world_skip_unless(&world, geteuid() != 0, "root may write everywhere");
	scratch_directory(world.state);
	cr_assert_eq(chmod(world.state, 0555), 0);
	expect_nothing_changed(&world, "",
			       EXPECTED_UNRECORDED(3, NULL, "not root", world.state,
						   "Permission denied"));
}
