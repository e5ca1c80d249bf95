/*
 * flood-frames.c - writes frames that are right, of log lines, without an end to every descriptor
 * it can find.
 */
#include <banger/preflight.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 64
#define LOG         2

static int check(const struct pf_host *h)
{
	static const char line[] = "all is well";
	char frame[12 + sizeof(line)];
	const uint32_t size = 4 + sizeof(line);
	const uint16_t head[2] = {LOG, 0};

	memset(frame, 0, sizeof(frame));
	memcpy(frame, &size, sizeof(size));
	memcpy(frame + 4, head, sizeof(head));
	memcpy(frame + 12, line, sizeof(line));
	(void)h->finding(h, PF_COMPATIBLE, "flood.before", "said before the flood", NULL);
	while (h->subject(h, "never") == NULL) {
		for (int fd = 3; fd < DESCRIPTORS; fd++) {
			(void)!write(fd, frame, sizeof(frame));
		}
	}
	return 0;
}

PF_PLUGIN(.name = "flood-frames", .version = "1", .summary = "a test", .check = check);
