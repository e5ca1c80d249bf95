/*
 * cut.c - cut FLAG DIRECTORY...: the power fails for these file systems. 2: what was not written is
 * gone; 1: the log is written, data is not (XFS_IOC_GOINGDOWN, which ext4 has, too).
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

#define SHUTDOWN   _IOR('X', 125, uint32_t)
#define LOOP_MAJOR 7

static int cut(const char *directory, uint32_t flag)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat root;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || stat("/", &root) < 0) {
		perror(directory);
		return 1;
	}
	if (major(st.st_dev) != LOOP_MAJOR || st.st_dev == root.st_dev) {
		(void)fprintf(stderr, "cut: %s is not on a loop device of a test\n", directory);
		return 1;
	}
	if (ioctl(fd, SHUTDOWN, &flag) < 0) {
		perror(directory);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3 || (strcmp(argv[1], "1") != 0 && strcmp(argv[1], "2") != 0)) {
		(void)fprintf(stderr, "usage: cut 1|2 DIRECTORY...\n");
		return 64;
	}
	for (int i = 2; i < argc; i++) {
		if (cut(argv[i], (uint32_t)(argv[1][0] - '0')) != 0) {
			return 1;
		}
	}
	return 0;
}
