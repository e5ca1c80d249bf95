/*
 * runner.c - runner.h: a pool of children over one poll(2).
 *
 * Every entry of the catalog has its report from the start, at the same index; a run ends when
 * each has been judged. Nothing here blocks but poll, and that no longer than the next deadline.
 */
#include "preflight/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "banger/preflight.h"
#include "base/clock.h"
#include "base/guard.h"
#include "base/strays.h"
#include "preflight/catalog.h"
#include "preflight/child.h"
#include "preflight/denial.h"
#include "preflight/judge.h"
#include "preflight/user.h"
#include "preflight/workplace.h"

#define FDS_PER_CHILD   4
#define FIRST_HELPER_FD 10 /* above the numbers that a child is given */

struct pool {
	const struct preflight_options *options;
	int helper_fd;
	int denial[DENIAL_KINDS]; /* filters, by the sockets they leave; -1: not built */
	struct catalog catalog;
	struct preflight_report report;
	size_t next; /* entry to start */
	bool is_last_round;
	struct child *children;
	size_t running;
	size_t maximum;
	struct pollfd *fds;
};

static void plugin_report_finish(struct plugin_report *report)
{
	free(report->name);
	free(report->output);
	free(report->sandbox);
	findings_finish(&report->findings);
	pairs_finish(&report->facts);
}

/* Back to a report of which only the name is known. */
static void plugin_report_clear(struct plugin_report *report)
{
	char *name = report->name;

	report->name = NULL;
	plugin_report_finish(report);
	*report = (struct plugin_report){.name = name};
}

void preflight_report_finish(struct preflight_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		plugin_report_finish(&report->plugins[i]);
	}
	free(report->plugins);
	*report = (struct preflight_report){0};
}

/* Whoever still runs when the run has failed. */
static void end_children(struct pool *pool)
{
	while (pool->running > 0) {
		struct child *child = &pool->children[--pool->running];

		child_finish(child);
		workplace_remove(pool->options->scratch_dir, child->scratch);
		free(child->scratch);
	}
}

static void pool_finish(struct pool *pool)
{
	end_children(pool);
	free(pool->children);
	free(pool->fds);
	guard_close(&pool->helper_fd);
	for (size_t i = 0; i < DENIAL_KINDS; i++) {
		guard_close(&pool->denial[i]);
	}
	catalog_finish(&pool->catalog);
	preflight_report_finish(&pool->report);
}

static const struct preflight_policy *find_policy(const struct preflight_options *options,
						  const char *name)
{
	for (size_t i = 0; i < options->policy_count; i++) {
		if (strcmp(options->policies[i].name, name) == 0) {
			return &options->policies[i];
		}
	}
	return NULL;
}

/* Every policy has its entry: a plugin that is switched off or not there says so. */
static int apply_policies(struct pool *pool)
{
	const struct preflight_options *options = pool->options;

	for (size_t i = 0; i < options->policy_count; i++) {
		const struct preflight_policy *policy = &options->policies[i];
		struct catalog_entry *entry = catalog_find(&pool->catalog, policy->name);
		int rc = 0;

		if (entry != NULL && !policy->enabled) {
			rc = catalog_switch_off(entry);
		} else if (entry == NULL && policy->enabled) {
			rc = catalog_add_missing(&pool->catalog, policy->name, options->plugin_dir);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static size_t pool_size(size_t entries)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t maximum = 2 * (cpus > 0 ? (size_t)cpus : 1);

	return entries < maximum ? entries : maximum;
}

static int pool_reserve(struct pool *pool)
{
	size_t count = pool->catalog.count;

	pool->maximum = pool_size(count);
	struct plugin_report *reports = calloc(count + 1, sizeof(*reports));

	pool->report.plugins = reports;
	pool->children = calloc(pool->maximum + 1, sizeof(*pool->children));
	pool->fds = calloc(FDS_PER_CHILD * (pool->maximum + 1), sizeof(*pool->fds));
	if (reports == NULL || pool->children == NULL || pool->fds == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		reports[i].name = strdup(pool->catalog.items[i].name);
		if (reports[i].name == NULL) {
			return -ENOMEM;
		}
		pool->report.count++;
	}
	return 0;
}

static int pool_init(struct pool *pool, struct error *err)
{
	const struct preflight_options *options = pool->options;

	pool->helper_fd = fcntl(options->helper_fd, F_DUPFD_CLOEXEC, FIRST_HELPER_FD);
	if (pool->helper_fd < 0) {
		return error_set(err, -errno, "cannot use the helper preflight-host: %s",
				 strerror(errno));
	}
	int rc = options->only != NULL ? catalog_read_one(options->plugin_dir, options->only,
							  options->check_trust, &pool->catalog, err)
				       : catalog_read(options->plugin_dir, options->check_trust,
						      &pool->catalog, err);

	if (rc < 0) {
		return rc;
	}
	if (apply_policies(pool) < 0 || pool_reserve(pool) < 0) {
		return error_no_memory(err);
	}
	return 0;
}

/* The report is complete. */
static void announce(const struct pool *pool, const struct plugin_report *report)
{
	if (pool->options->done != NULL) {
		pool->options->done(pool->options->data, report->name, report->verdict);
	}
}

/* Whose plugin it is: the one place where rights are given. */
static int choose_user(const struct pool *pool, const struct preflight_policy *policy,
		       bool as_database, struct preflight_user *ret, struct error *reason)
{
	const struct preflight_options *options = pool->options;
	const char *named = policy != NULL && policy->options != NULL
				    ? pairs_get(policy->options, "database")
				    : NULL;

	*ret = options->user;
	if (!options->user.is_set || (policy != NULL && policy->grant_root)) {
		*ret = (struct preflight_user){0};
		return 0;
	}
	return users_pick(options, named, as_database, ret, reason);
}

static struct request make_request(const struct pool *pool, const struct catalog_entry *entry,
				   const struct preflight_policy *policy)
{
	struct request request = {
		.name = entry->name,
		.path = entry->path,
		.timeout_ms = pool->options->timeout_ms,
		.is_program = entry->is_program,
		.must_be_confined = pool->options->must_be_confined,
		.trial = pool->options->trial,
		.subject = pool->options->subject,
	};

	if (policy != NULL) {
		request.has_section = true;
		request.options = policy->options;
		request.grants = (policy->grant_network ? PF_NEED_NETWORK : 0) |
				 (policy->grant_root ? PF_NEED_ROOT : 0);
		if (policy->timeout_ms > 0) {
			request.timeout_ms = policy->timeout_ms;
		}
	}
	return request;
}

static bool is_last(const struct pool *pool, size_t index)
{
	const struct preflight_policy *policy =
		find_policy(pool->options, pool->catalog.items[index].name);

	return policy != NULL && policy->last;
}

static bool is_refused(const struct pool *pool)
{
	for (size_t i = 0; i < pool->report.count; i++) {
		if (pool->report.plugins[i].verdict == VERDICT_INCOMPATIBLE) {
			return true;
		}
	}
	return false;
}

/* What comes last may wait long; there is nothing to wait for when it is decided. */
static int leave_out(struct catalog_entry *entry)
{
	return findings_add(&entry->fault, VERDICT_SKIP, "plugin.unasked",
			    "not asked: another plugin has refused the update already", NULL);
}

/* The filter that fits, built when the first needs it. One that cannot be built is told by each of
 * its plugins as not in force. */
static int find_filter(struct pool *pool, const struct request *request)
{
	struct error ignored;
	bool is_root = request->change_user && request->uid == 0;
	bool has_network = (request->grants & PF_NEED_NETWORK) != 0;
	unsigned sockets =
		(is_root ? 0 : DENIAL_LEAVES_LOCAL) | (has_network ? DENIAL_LEAVES_NETWORK : 0);

	if (pool->denial[sockets] < 0) {
		pool->denial[sockets] = denial_open(sockets, &ignored);
	}
	return pool->denial[sockets];
}

/* Fills the rest of the request and starts it. */
static int launch(struct pool *pool, size_t index, bool as_database, struct child *ret,
		  struct error *reason)
{
	const struct catalog_entry *entry = &pool->catalog.items[index];
	const struct preflight_policy *policy = find_policy(pool->options, entry->name);
	struct request request = make_request(pool, entry, policy);
	struct preflight_user user;
	auto_free char *scratch = NULL;
	int rc = choose_user(pool, policy, as_database, &user, reason);

	if (rc == 0 && pool->options->scratch_dir != NULL) {
		rc = workplace_make(pool->options->scratch_dir, entry->name, &user, &scratch,
				    reason);
	}
	if (rc < 0) {
		return rc;
	}
	request.scratch = scratch;
	request.change_user = user.is_set;
	request.uid = user.uid;
	request.gid = user.gid;
	/* Nobody but root has another user to offer. */
	request.grants |= as_database || !user.is_set ? PF_NEED_DATABASE : 0;
	rc = child_start(pool->helper_fd, find_filter(pool, &request), &request,
			 &pool->report.plugins[index], ret, reason);
	if (rc < 0) {
		workplace_remove(pool->options->scratch_dir, scratch);
		return rc;
	}
	ret->entry = index;
	ret->as_database = as_database;
	ret->scratch = take_pointer(&scratch);
	return 0;
}

/* Starts the plugin, or writes its report when there is nothing to start. */
static int start_one(struct pool *pool, size_t index, bool as_database, struct error *err)
{
	struct catalog_entry *entry = &pool->catalog.items[index];
	struct plugin_report *report = &pool->report.plugins[index];
	struct child child;
	struct error reason;

	if (pool->is_last_round && entry->fault.count == 0 && is_refused(pool) &&
	    leave_out(entry) < 0) {
		return error_no_memory(err);
	}
	if (entry->fault.count > 0) {
		report->findings = entry->fault;
		entry->fault = (struct findings){0};
		report->verdict = findings_verdict(&report->findings);
		announce(pool, report);
		return 0;
	}
	if (launch(pool, index, as_database, &child, &reason) == 0) {
		pool->children[pool->running++] = child;
		return 0;
	}
	if (judge_unstarted(report, &reason) < 0) {
		return error_no_memory(err);
	}
	announce(pool, report);
	return 0;
}

static int start_more(struct pool *pool, struct error *err)
{
	while (pool->running < pool->maximum && pool->next < pool->catalog.count) {
		size_t index = pool->next++;
		bool is_due = is_last(pool, index) == pool->is_last_round;
		int rc = is_due ? start_one(pool, index, false, err) : 0;

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* Fills fds, behind the children's the one for interrupts, and returns the time until the next
 * deadline. */
static int prepare_poll(struct pool *pool)
{
	int interrupts = pool->options->interrupts;
	int left = -1;

	for (size_t i = 0; i < pool->running; i++) {
		const struct child *child = &pool->children[i];
		struct pollfd *fds = &pool->fds[i * FDS_PER_CHILD];
		int own = clock_left(child->deadline);

		fds[0] = (struct pollfd){.fd = child->process.pidfd, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = child->results, .events = POLLIN};
		fds[2] = (struct pollfd){.fd = child->output, .events = POLLIN};
		fds[3] = (struct pollfd){.fd = child->answer, .events = POLLIN};
		left = left < 0 || own < left ? own : left;
	}
	pool->fds[pool->running * FDS_PER_CHILD] =
		(struct pollfd){.fd = interrupts > 0 ? interrupts : -1, .events = POLLIN};
	return left;
}

/* Handles what poll said of one child. 1: it is over. */
static int serve(struct child *child, const struct pollfd *fds)
{
	int rc = 0;

	if (fds[1].revents != 0) {
		rc = child_read_results(child);
	}
	if (rc == 0 && fds[2].revents != 0) {
		rc = child_read_output(child);
	}
	if (rc == 0 && fds[3].revents != 0) {
		rc = child_read_answer(child);
	}
	if (rc < 0) {
		return rc;
	}
	bool is_late = clock_left(child->deadline) == 0 && child_expire(child);

	return fds[0].revents != 0 || is_late || child_is_broken(child);
}

/* The end of the child in this place, which the last one takes over. One that asked for another
 * user, and said nothing else, is started again. */
static int conclude(struct pool *pool, size_t place, struct error *err)
{
	struct child child = pool->children[place];
	struct plugin_report *report = &pool->report.plugins[child.entry];
	int rc = child_end(&child);

	pool->children[place] = pool->children[--pool->running];
	workplace_remove(pool->options->scratch_dir, child.scratch);
	free(child.scratch);
	if (rc < 0) {
		return error_no_memory(err);
	}
	if (child.wants_database && !child.as_database && report->findings.count == 0) {
		plugin_report_clear(report);
		return start_one(pool, child.entry, true, err);
	}
	announce(pool, report);
	return 0;
}

static int serve_all(struct pool *pool, struct error *err)
{
	/* Backwards: the last child takes the place of one that is over, and was served before. */
	for (size_t i = pool->running; i-- > 0;) {
		int rc = serve(&pool->children[i], &pool->fds[i * FDS_PER_CHILD]);

		if (rc < 0) {
			return error_no_memory(err);
		}
		if (rc > 0) {
			rc = conclude(pool, i, err);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int pool_run(struct pool *pool, struct error *err)
{
	for (;;) {
		int rc = start_more(pool, err);

		if (rc < 0) {
			return rc;
		}
		if (pool->running == 0 && pool->is_last_round) {
			return 0;
		}
		if (pool->running == 0) {
			pool->is_last_round = true;
			pool->next = 0;
			continue;
		}
		int left = prepare_poll(pool);
		size_t count = FDS_PER_CHILD * pool->running;

		rc = poll(pool->fds, count + 1, left);
		if (rc < 0 && errno != EINTR) {
			return error_set(err, -errno, "cannot wait for plugins: %s",
					 strerror(errno));
		}
		if (rc > 0 && pool->fds[count].revents != 0) {
			return error_set(err, -EINTR, "interrupted while plugins ran");
		}
		rc = rc >= 0 ? serve_all(pool, err) : 0;
		if (rc < 0) {
			return rc;
		}
	}
}

static enum verdict worst(const struct preflight_report *report)
{
	enum verdict verdict = VERDICT_SKIP;

	for (size_t i = 0; i < report->count; i++) {
		verdict = verdict_worse(verdict, report->plugins[i].verdict);
	}
	return verdict;
}

int preflight_run(const struct preflight_options *options, struct preflight_report *ret,
		  struct error *err)
{
	__attribute__((cleanup(pool_finish))) struct pool pool = {
		.options = options,
		.helper_fd = -1,
		.denial = {-1, -1, -1, -1},
	};
	struct strays strays;
	int rc = pool_init(&pool, err);

	if (rc == 0) {
		rc = strays_begin(&strays, err);
	}
	if (rc < 0) {
		return rc;
	}
	rc = pool_run(&pool, err);
	end_children(&pool);
	strays_end(&strays);
	if (rc < 0) {
		return rc;
	}
	*ret = pool.report;
	ret->verdict = worst(ret);
	pool.report = (struct preflight_report){0};
	return 0;
}
