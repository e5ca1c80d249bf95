/*
 * own-number.c - is it a process like any other? Not process 1, and known to its libc by the number
 * that the kernel knows it by: a lock with priority inheritance, which another thread waits for,
 * can be given back only by who has that number.
 */
#include <banger/preflight.h>

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

static pthread_mutex_t lock;

static void *wait_for_lock(void *data)
{
	(void)data;
	return pthread_mutex_lock(&lock) == 0 && pthread_mutex_unlock(&lock) == 0 ? &lock : NULL;
}

/* The bit that the kernel's waiters set in the lock's word, which glibc has in front. */
static int is_waited_for(void)
{
	const volatile unsigned *word = (const volatile unsigned *)(const void *)&lock;

	return (*word & FUTEX_WAITERS) != 0;
}

static int hand_over(void)
{
	pthread_mutexattr_t attributes;
	pthread_t thread;
	void *result = NULL;

	if (pthread_mutexattr_init(&attributes) != 0 ||
	    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) != 0 ||
	    pthread_mutex_init(&lock, &attributes) != 0 || pthread_mutex_lock(&lock) != 0 ||
	    pthread_create(&thread, NULL, wait_for_lock, NULL) != 0) {
		return 0;
	}
	while (!is_waited_for()) {
		(void)sched_yield();
	}
	return pthread_mutex_unlock(&lock) == 0 && pthread_join(thread, &result) == 0 &&
	       result != NULL;
}

static int check(const struct pf_host *h)
{
	if (getpid() == 1) {
		return h->finding(h, PF_INCOMPATIBLE, "number.first", "it is process 1", NULL);
	}
	if (!hand_over()) {
		return h->finding(h, PF_INCOMPATIBLE, "number.wrong",
				  "a lock of its own was not its own", NULL);
	}
	return h->finding(h, PF_COMPATIBLE, "number.own", "it is who it thinks it is", NULL);
}

PF_PLUGIN(.name = "own-number", .version = "1", .summary = "a test", .check = check);
