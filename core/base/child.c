/*
 * child.c - child.h: a servant that is told nothing and does the one thing it was made for.
 */
#include "base/child.h"

#include "base/servant.h"

struct job {
	child_work work;
	void *data;
	size_t maximum;
};

static void serve_job(int line, void *data)
{
	const struct job *job = data;
	struct error err = {0};
	struct buffer output = BUFFER_INIT(job->maximum);
	int rc = job->work(job->data, &output, &err);

	servant_answer(line, rc, &output, &err);
	buffer_finish(&output);
}

int child_run(const struct child_user *user, uint64_t timeout_ms, child_work work, void *data,
	      struct buffer *output, struct error *err)
{
	struct job job = {work, data, output->maximum};
	struct servant servant = SERVANT_NONE;
	int rc = servant_start(user, SERVANT_ENDS_WITH_US, serve_job, &job, &servant, err);

	if (rc == 0) {
		rc = servant_hear(&servant, timeout_ms, output, err);
	}
	servant_end(&servant, 0);
	return rc;
}
