/*
 * unsteady.c - looks well when it is asked once: it finds something else each time, and crashes
 * when it is cancelled.
 */
#include <banger/preflight.h>

#include <stdlib.h>
#include <sys/random.h>

static int check(const struct pf_host *h)
{
	char code[64];
	uint64_t number = 0;

	if (h->cancelled(h)) {
		abort();
	}
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
		return -1;
	}
	(void)snprintf(code, sizeof(code), "unsteady.%llx", (unsigned long long)number);
	return h->finding(h, PF_COMPATIBLE, code, "all is well", NULL);
}

PF_PLUGIN(.name = "unsteady", .version = "1", .summary = "a test", .check = check);
