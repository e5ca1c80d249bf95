/*
 * foreign-thread.c - makes a finding from a thread of its own.
 */
#include <banger/preflight.h>
#include <pthread.h>
#include <stddef.h>

static void *speak(void *data)
{
	const struct pf_host *const *h = data;

	(void)(*h)->finding(*h, PF_INCOMPATIBLE, "thread.other", "said by a thread", NULL);
	return NULL;
}

static int check(const struct pf_host *h)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, speak, &h);

	if (rc != 0) {
		return -rc;
	}
	(void)pthread_join(thread, NULL);
	return h->finding(h, PF_COMPATIBLE, "thread.own", "said where it may be said", NULL);
}

PF_PLUGIN(.name = "foreign-thread", .version = "1", .summary = "a test", .check = check);
