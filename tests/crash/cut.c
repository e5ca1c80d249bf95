/*
 * cut.c - cut [FLAG DIRECTORY]...: the power fails for these file systems. 2: what was not written
 * is gone; 1: the log is written, data is not (XFS_IOC_GOINGDOWN, which ext4 has, too); 0: all was
 * written a moment before.
 *
 * Only on a loop device, and never on the root's: the file system can only be unmounted afterwards.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SHUTDOWN   _IOR('X', 125, uint32_t)
#define LOOP_MAJOR 7

#define WRITTEN 0
#define LOST    2

static int open_root(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat root;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || stat("/", &root) < 0) {
		perror(directory);
		exit(1);
	}
	if (major(st.st_dev) != LOOP_MAJOR || st.st_dev == root.st_dev) {
		(void)fprintf(stderr, "cut: %s is not on a loop device of a test\n", directory);
		exit(1);
	}
	return fd;
}

static uint32_t flag_of(const char *word)
{
	if (word[0] < '0' || word[0] > '2' || word[1] != '\0') {
		(void)fprintf(stderr, "usage: cut [0|1|2 DIRECTORY]...\n");
		exit(64);
	}
	return (uint32_t)(word[0] - '0');
}

static void cut(const char *directory, uint32_t flag)
{
	int fd = open_root(directory);

	if (ioctl(fd, SHUTDOWN, &flag) < 0) {
		perror(directory);
		exit(1);
	}
	(void)close(fd);
}

static void write_out(const char *directory)
{
	int fd = open_root(directory);

	if (syncfs(fd) < 0) {
		perror(directory);
		exit(1);
	}
	(void)close(fd);
}

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (flag_of(argv[i]) == WRITTEN) {
			write_out(argv[i + 1]);
		}
	}
	for (int i = 1; i + 1 < argc; i += 2) {
		uint32_t flag = flag_of(argv[i]);

		cut(argv[i + 1], flag == WRITTEN ? LOST : flag);
	}
	return 0;
}
