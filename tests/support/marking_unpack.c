/*
 * marking_unpack.c - an unpack helper that does nothing but leave a mark, beside its own file, that
 * it was started.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char self[4000];
	char mark[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length > 0) {
		(void)snprintf(mark, sizeof(mark), "%.*s.started", (int)length, self);
		(void)!open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	}
	return 1;
}
