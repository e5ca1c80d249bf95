/*
 * swap_case.c - swap_case.h: built in a scratch directory whose name has a blank.
 */
#include "swap_case.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct scratch scratch;
struct error err;
char *bin;
struct artifact artifact;
struct staged staged;

void stage_at(const char *path, const char *content)
{
	free(staged.path);
	staged.path = strdup(path);
	staged.size = strlen(content);
	scratch_write_bytes(path, content, strlen(content), 0755);
	cr_assert(digest_path(path, &staged.digest, &err) == 0, "%s", err.text);
}

void stage(const char *content)
{
	char *path = scratch_path(&scratch, "bin dir/.staging/bangerd");

	stage_at(path, content);
	free(path);
}

void set_up(void)
{
	scratch = scratch_make();
	bin = scratch_path(&scratch, "bin dir");
	char *staging = scratch_path(&scratch, "bin dir/.staging");

	scratch_directory(staging);
	free(staging);
	artifact = (struct artifact){.name = strdup("bangerd"),
				     .install = scratch_path(&scratch, "bin dir/bangerd"),
				     .mode = HOST_MODE_KEEP};
	stage(NEW);
}

void tear_down(void)
{
	artifact_finish(&artifact);
	free(staged.path);
	free(bin);
	scratch_remove(&scratch);
}

char *beside(const char *suffix)
{
	char *path = NULL;

	cr_assert(asprintf(&path, "%s%s", artifact.install, suffix) >= 0);
	return path;
}

void install_old(void)
{
	scratch_write_bytes(artifact.install, OLD, strlen(OLD), 0750);
}

void install_earlier(void)
{
	char *previous = beside(".previous");

	scratch_write(previous, EARLIER);
	free(previous);
}

struct swap_plan plan(void)
{
	struct swap_plan made;

	cr_assert(swap_plan(&artifact, &staged, &made, &err) == 0, "%s", err.text);
	return made;
}

void forward(const struct swap_plan *made)
{
	cr_assert(swap_forward(made, &err) == 0, "%s", err.text);
}

void back(const struct swap_plan *made)
{
	char *aside = NULL;

	cr_assert(swap_back(made, &aside, &err) == 0, "%s", err.text);
	cr_assert_null(aside);
}

char *listing(void)
{
	return scratch_listing(bin, ".staging");
}

void expect_content(const char *path, const char *content)
{
	char *real = scratch_read(path);

	cr_assert_str_eq(real, content);
	free(real);
}

/* Runs what as an ordinary user in a child; its result, negated. */
int as_nobody(int (*what)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (geteuid() == 0 &&
		    (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)) {
			_exit(255);
		}
		_exit(-what());
	}
	cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return -WEXITSTATUS(status);
}
