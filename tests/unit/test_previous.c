/*
 * test_previous.c - can the release before come back, with what the configuration names now?
 */
#include "update/previous.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct error err;
static char a[] = "/bin/a";
static char b[] = "/bin/b";
static char c[] = "/bin/c";
static char here[] = "/";
static char gone[] = "/nonexistent/state.db";

/* Of two, by the paths that tell them apart. */
struct sample {
	struct artifact artifacts[2];
	struct database databases[2];
	struct host host;
};

static struct sample sample_of(char *first, char *second)
{
	return (struct sample){
		.artifacts = {{.name = first, .install = first},
			      {.name = second, .install = second}},
		.databases = {{.name = first, .path = first}, {.name = second, .path = second}},
	};
}

static const struct host *host_of(struct sample *sample, size_t count)
{
	sample->host = (struct host){
		.artifacts = sample->artifacts,
		.artifact_count = count,
		.databases = sample->databases,
		.database_count = count,
	};
	return &sample->host;
}

/* a and b were replaced, and their databases kept. */
static struct plan previous;
static struct sample before;

static void keep(size_t index, char *path)
{
	previous.snapshots[index] = (struct snapshot){.database = &before.databases[index],
						      .existed = true,
						      .path = path};
}

static void set_up(void)
{
	before = sample_of(a, b);
	previous = (struct plan){.host = host_of(&before, 2)};
	cr_assert(plan_allocate(&previous) == 0);
	keep(0, here);
	keep(1, here);
}

static void tear_down(void)
{
	previous.snapshots[0] = (struct snapshot){0};
	previous.snapshots[1] = (struct snapshot){0};
	plan_finish(&previous);
}

TestSuite(previous, .init = set_up, .fini = tear_down, .timeout = 10);

static int check_artifacts(struct sample now, size_t count)
{
	return previous_check_artifacts(&previous, host_of(&now, count), "0.1.0", &err);
}

static int check_databases(struct sample now, size_t count)
{
	return previous_check_databases(&previous, host_of(&now, count), "0.1.0", &err);
}

static void expect_told(const char *part)
{
	cr_assert_not_null(strstr(err.text, part), "%s", err.text);
}

Test(previous, the_same_in_another_order_can_go_back)
{
	cr_assert_eq(check_artifacts(sample_of(b, a), 2), 0);
	cr_assert_eq(check_databases(sample_of(b, a), 2), 0);
}

Test(previous, an_artifact_fewer_or_more_is_refused)
{
	cr_assert_eq(check_artifacts(sample_of(a, NULL), 1), -ESTALE);
	expect_told("/bin/b (artifact /bin/b) was updated");
	previous.host = host_of(&before, 1);
	cr_assert_eq(check_artifacts(sample_of(a, c), 2), -ESTALE);
	expect_told("/bin/c was added");
	previous.host = host_of(&before, 2);
}

Test(previous, a_database_that_was_kept_and_is_not_configured_is_refused)
{
	cr_assert_eq(check_databases(sample_of(a, NULL), 1), -ESTALE);
	expect_told("database /bin/b (/bin/b)");
}

Test(previous, one_that_was_never_kept_is_nobodys)
{
	previous.snapshots[1] = (struct snapshot){0};
	cr_assert_eq(check_databases(sample_of(a, NULL), 1), 0);
}

Test(previous, every_dropped_database_is_found)
{
	struct sample now = sample_of(NULL, NULL);
	const struct host *host = host_of(&now, 0);
	size_t index = 0;

	cr_assert_eq(previous_dropped_database(&previous, host, &index), &before.databases[0]);
	cr_assert_eq(previous_dropped_database(&previous, host, &index), &before.databases[1]);
	cr_assert_null(previous_dropped_database(&previous, host, &index));
}

Test(previous, a_database_without_a_snapshot_is_refused)
{
	previous.snapshots[1] = (struct snapshot){0};
	cr_assert_eq(check_databases(sample_of(a, b), 2), -ENOENT);
	expect_told("no snapshot of database /bin/b: ");
	keep(1, gone);
	cr_assert_eq(check_databases(sample_of(a, b), 2), -ENOENT);
	expect_told(gone);
}

Test(previous, a_database_that_did_not_exist_needs_none)
{
	keep(1, gone);
	previous.snapshots[1].existed = false;
	cr_assert_eq(check_databases(sample_of(a, b), 2), 0);
}
