/*
 * rights.c - needs the databases, and tells what its user has besides: capabilities, its own and
 * those of a program that it runs, and sockets.
 */
#include <banger/preflight.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The capabilities that status names as permitted; -1: it cannot be read. */
static long long permitted(FILE *status)
{
	char line[256];
	long long ret = -1;

	while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
		if (strncmp(line, "CapPrm:", 7) == 0) {
			ret = (long long)strtoull(line + 7, NULL, 16);
		}
	}
	return ret;
}

static long long permitted_to_a_program(void)
{
	FILE *status = popen("exec cat /proc/self/status", "r");
	long long ret = permitted(status);

	return status != NULL && pclose(status) == 0 ? ret : -1;
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? errno : close(fd);
}

static int check(const struct pf_host *h)
{
	const char *file = h->config(h, "file");
	FILE *status = fopen("/proc/self/status", "re");

	(void)h->fact_i64(h, "user", getuid());
	(void)h->fact_i64(h, "capabilities", permitted(status));
	(void)h->fact_i64(h, "capabilities-of-a-program", permitted_to_a_program());
	(void)h->fact_i64(h, "socket", open_socket());
	(void)h->fact_i64(h, "file", open(file, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0);
	if (status != NULL) {
		(void)fclose(status);
	}
	return h->finding(h, PF_COMPATIBLE, "rights.told", "told", NULL);
}

static const struct pf_option options[] = {
	{"file", NULL, "a file to read"},
	{NULL, NULL, NULL},
};

PF_PLUGIN(.name = "rights", .version = "1", .summary = "a test", .options = options,
	  .needs = PF_NEED_DATABASE, .check = check);
