/*
 * bad-frame.c - writes garbage to every descriptor it can find.
 */
#include <banger/preflight.h>
#include <unistd.h>

static int check(const struct pf_host *h)
{
	static const char garbage[] = "this is no frame at all";

	for (int fd = 3; fd < 64; fd++) {
		(void)!write(fd, garbage, sizeof(garbage));
	}
	return h->finding(h, PF_COMPATIBLE, "frame.fine", "all is well", NULL);
}

PF_PLUGIN(.name = "bad-frame", .version = "1", .summary = "a test", .check = check);
