/*
 * test_jobs.c - jobs.h: a job is waited for with a bound, also while the connection is lost again
 * and again. bus.h is the test's own here.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/jobs.h"

#define SHORT_MS 200
#define LONG_MS  60000
/* More often nobody has to look in SHORT_MS. */
#define MANY_LOOKS 50

static struct jobs jobs;
static size_t looks; /* how often it was waited for */
static size_t lost;  /* so many of them find the connection lost */
static int answer;   /* to the question after the job */

int bus_wait(struct bus *bus, uint64_t deadline, int interrupts, struct error *err)
{
	(void)bus;
	(void)deadline;
	(void)interrupts;
	if (looks++ < lost) {
		return error_set(err, -ECONNRESET, "lost");
	}
	(void)snprintf(jobs.result, sizeof(jobs.result), "done");
	return 0;
}

int bus_call(struct bus *bus, const struct bus_call *call, sd_bus_message **ret_reply,
	     struct error *err, const char *types, ...)
{
	(void)bus;
	(void)call;
	(void)ret_reply;
	(void)types;
	return answer < 0 ? error_set(err, answer, "no") : 0;
}

void bus_close(struct bus *bus)
{
	(void)bus;
}

void bus_message_free(struct bus *bus, sd_bus_message **message)
{
	(void)bus;
	(void)message;
}

int bus_error(struct error *err, int code, const char *what)
{
	return error_set(err, code, "%s", what);
}

static void follow(size_t how_often_lost, int job)
{
	struct error err;

	jobs_init(&jobs);
	cr_assert(jobs_follow(&jobs, "/org/freedesktop/systemd1/job/7", &err) == 0);
	looks = 0;
	lost = how_often_lost;
	answer = job;
}

TestSuite(jobs, .timeout = 20);

Test(jobs, a_wait_whose_connection_is_lost_again_and_again_ends_in_time)
{
	struct error err = {0};

	follow(SIZE_MAX, -ECONNRESET);
	cr_assert_eq(jobs_wait(&jobs, SHORT_MS, 0, &err), -ETIMEDOUT, "%s", err.text);
	cr_assert_lt(looks, MANY_LOOKS, "it spins");
}

Test(jobs, an_interrupt_ends_such_a_wait)
{
	struct error err = {0};
	int interrupts = eventfd(1, EFD_CLOEXEC);
	uint64_t begun = clock_monotonic_ms();

	cr_assert(interrupts >= 0);
	follow(SIZE_MAX, -ECONNRESET);
	cr_assert_eq(jobs_wait(&jobs, LONG_MS, interrupts, &err), -EINTR, "%s", err.text);
	cr_assert_lt(clock_monotonic_ms() - begun, LONG_MS / 4);
	cr_assert(close(interrupts) == 0);
}

Test(jobs, a_job_that_ended_while_the_connection_was_lost_is_over)
{
	struct error err = {0};

	follow(1, -ESRCH);
	cr_assert_eq(jobs_wait(&jobs, LONG_MS, 0, &err), 0, "%s", err.text);
	cr_assert_str_eq(jobs.result, "", "nobody heard of its end");
}

Test(jobs, a_job_that_outlives_the_connection_is_waited_for)
{
	struct error err = {0};

	follow(2, 0);
	cr_assert_eq(jobs_wait(&jobs, LONG_MS, 0, &err), 0, "%s", err.text);
	cr_assert_str_eq(jobs.result, "done");
	cr_assert_eq(looks, 3);
}
