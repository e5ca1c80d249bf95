/*
 * label.c - label.h: one line of fixed length at the end of the file.
 */
#include "samples/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"

#define LABEL_SIZE 256
#define MARK       "\nsample "

int label_read(struct label *ret, struct error *err)
{
	char text[LABEL_SIZE + 1] = {0};
	auto_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;

	if (end < LABEL_SIZE || pread(fd, text, LABEL_SIZE, end - LABEL_SIZE) != LABEL_SIZE ||
	    strncmp(text, MARK, strlen(MARK)) != 0 ||
	    sscanf(text, MARK "%63s %63s %zu", ret->version, ret->behaviour, &ret->migrations) !=
		    3) {
		return error_set(err, -ENOENT, "this program has no label");
	}
	return 0;
}

int label_write(const char *from, const char *to, const struct label *label, struct error *err)
{
	char text[LABEL_SIZE] = {0};
	auto_close int in = file_open(from, err);

	if (in < 0) {
		return in;
	}
	(void)snprintf(text, sizeof(text), MARK "%s %s %zu\n", label->version, label->behaviour,
		       label->migrations);
	(void)unlink(to);
	auto_close int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	if (out < 0) {
		return error_set(err, -errno, "cannot create %s: %s", to, strerror(errno));
	}
	int rc = file_copy(in, out, to, err);

	if (rc == 0 && lseek(out, 0, SEEK_END) < 0) {
		rc = error_set(err, -errno, "cannot write %s: %s", to, strerror(errno));
	}
	return rc < 0 ? rc : file_write(out, to, text, sizeof(text), err);
}
