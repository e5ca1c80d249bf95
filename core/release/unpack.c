/*
 * unpack.c - unpack.h: the updater's side. Files are created before and judged after the helper
 * ran; unless all of it is well, none of them stays.
 */
#include "release/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/process.h"
#include "release/unpack/protocol.h"

#define ARTIFACT_MODE 0755
#define NUMBER_MAX    24

/* The artifacts' files while they are ours to take back. */
struct outputs {
	int directory;
	const char *const *names;
	int *fds;     /* for writing; -1 once closed */
	size_t count; /* created */
};
#define auto_outputs __attribute__((cleanup(outputs_discard)))

static void outputs_close(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		guard_close(&outputs->fds[i]);
	}
}

/* Removes what was created, which is nothing once count is 0. */
static void outputs_discard(struct outputs *outputs)
{
	outputs_close(outputs);
	for (size_t i = 0; i < outputs->count; i++) {
		(void)unlinkat(outputs->directory, outputs->names[i], 0);
	}
	free(outputs->fds);
	guard_close(&outputs->directory);
}

static int create_one(struct outputs *outputs, const char *directory, const char *name,
		      struct error *err)
{
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
		return error_set(err, -EINVAL, "'%s' cannot be an artifact's name", name);
	}
	int fd = openat(outputs->directory, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		return error_set(err, -errno, "cannot create %s/%s: %s", directory, name,
				 strerror(errno));
	}
	outputs->fds[outputs->count++] = fd;
	return 0;
}

static int outputs_create(struct outputs *outputs, const struct unpack_options *options,
			  struct error *err)
{
	if (options->name_count == 0 || options->name_count > LIMIT_ARTIFACTS) {
		return error_set(err, -EINVAL, "there are %zu artifacts to unpack, not 1 to %u",
				 options->name_count, LIMIT_ARTIFACTS);
	}
	outputs->names = options->names;
	outputs->fds = calloc(options->name_count, sizeof(*outputs->fds));
	if (outputs->fds == NULL) {
		return error_no_memory(err);
	}
	outputs->directory =
		open(options->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (outputs->directory < 0) {
		return error_set(err, -errno, "cannot open the staging directory %s: %s",
				 options->directory, strerror(errno));
	}
	for (size_t i = 0; i < options->name_count; i++) {
		int rc = create_one(outputs, options->directory, options->names[i], err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

/* What the child sees as which number. */
static struct process_fd *map_descriptors(const struct outputs *outputs, int archive, int report)
{
	struct process_fd *fds = calloc(outputs->count + 2, sizeof(*fds));

	if (fds == NULL) {
		return NULL;
	}
	fds[0] = (struct process_fd){archive, UNPACK_FD_ARCHIVE};
	fds[1] = (struct process_fd){report, UNPACK_FD_REPORT};
	for (size_t i = 0; i < outputs->count; i++) {
		fds[i + 2] = (struct process_fd){outputs->fds[i], UNPACK_FD_FIRST + (int)i};
	}
	return fds;
}

static int start(const struct unpack_options *options, const struct verified *verified,
		 const struct outputs *outputs, int report, struct process *ret, struct error *err)
{
	char maximum[NUMBER_MAX];
	auto_free const char **argv = calloc(outputs->count + 3, sizeof(*argv));
	auto_free struct process_fd *fds = map_descriptors(outputs, verified->fd, report);

	if (argv == NULL || fds == NULL) {
		return error_no_memory(err);
	}
	(void)snprintf(maximum, sizeof(maximum), "%" PRIu64, options->maximum);
	argv[0] = "unpack";
	argv[1] = maximum;
	memcpy(argv + 2, outputs->names, outputs->count * sizeof(*argv));

	struct process_options process = {
		.argv = argv,
		.by_descriptor = true,
		.exec_fd = options->helper_fd,
		.fds = fds,
		.fd_count = outputs->count + 2,
		.interrupts = options->interrupts,
	};

	return process_spawn(&process, ret, err);
}

/* What was said over the pipe, after the helper is gone. */
static int read_report(int fd, unsigned *ret_held, struct error *err)
{
	char text[LIMIT_UNPACK_REPORT + 1];
	ssize_t got = read(fd, text, sizeof(text));

	return protocol_read(text, got > 0 ? (size_t)got : 0, ret_held, err);
}

static int judge(const struct process_status *status, int report, unsigned *ret_held,
		 struct error *err)
{
	char text[PROCESS_STATUS_TEXT_MAX];

	if (status->timed_out) {
		return error_set(err, -ETIMEDOUT, "unpacking %s",
				 process_status_text(status, text));
	}
	if (status->interrupted) {
		return error_set(err, -EINTR, "interrupted");
	}
	if (status->signal == SIGSYS) {
		return error_set(
			err, -EIO,
			"the unpack helper made a system call that it has no right to: the "
			"archive has taken it over, or what runs the updater forbids the "
			"calls of Landlock or seccomp by killing");
	}
	if (status->signal != 0) {
		return error_set(err, -EIO, "the unpack helper %s",
				 process_status_text(status, text));
	}
	int rc = read_report(report, ret_held, err);

	if (rc == 0 && status->exit_code != 0) {
		return error_set(err, -EIO, "the unpack helper reported success and %s",
				 process_status_text(status, text));
	}
	return rc;
}

static int run_helper(const struct unpack_options *options, const struct verified *verified,
		      const struct outputs *outputs, unsigned *ret_held, struct error *err)
{
	int ends[2];
	struct process process = {.pidfd = -1};
	struct process_status status;

	/* The report is far smaller than a pipe, so it is read when the helper is gone. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		return error_set(err, -errno, "cannot create a pipe: %s", strerror(errno));
	}
	auto_close int report = ends[0];
	int rc = start(options, verified, outputs, ends[1], &process, err);

	(void)close(ends[1]);
	if (rc < 0) {
		return rc;
	}
	process_wait(&process, options->timeout_ms, &status);
	return judge(&status, report, ret_held, err);
}

/* One artifact as it lies there now: hashed, given its mode, synced. */
static int collect_one(const struct outputs *outputs, const char *directory, size_t index,
		       struct staged *ret, struct error *err)
{
	const char *name = outputs->names[index];
	auto_close int fd = openat(outputs->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *path = path_join(directory, name);
	auto_free char *copy = strdup(name);

	if (path == NULL || copy == NULL) {
		return error_no_memory(err);
	}
	if (fd < 0 || fchmod(fd, ARTIFACT_MODE) < 0) {
		return error_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	}
	int rc = digest_fd(fd, path, &ret->digest, &ret->size, err);

	if (rc == 0) {
		rc = file_sync(fd, path, err);
	}
	if (rc == 0 && ret->size == 0) {
		rc = error_set(err, -EPROTO, "the unpack helper wrote nothing to %s", path);
	}
	if (rc < 0) {
		return rc;
	}
	ret->name = take_pointer(&copy);
	ret->path = take_pointer(&path);
	return 0;
}

static int collect(const struct unpack_options *options, const struct outputs *outputs,
		   struct staged_list *list, struct error *err)
{
	uint64_t total = 0;

	list->items = calloc(outputs->count, sizeof(*list->items));
	if (list->items == NULL) {
		return error_no_memory(err);
	}
	for (size_t i = 0; i < outputs->count; i++) {
		int rc = collect_one(outputs, options->directory, i, &list->items[i], err);

		if (rc < 0) {
			return rc;
		}
		list->count++;
		total += list->items[i].size;
	}
	if (total > options->maximum) {
		return error_set(err, -EFBIG,
				 "the artifacts have %" PRIu64 " bytes, %" PRIu64 " are allowed",
				 total, options->maximum);
	}
	return 0;
}

int release_unpack(const struct unpack_options *options, const struct verified *verified,
		   struct staged_list *ret, struct error *err)
{
	auto_outputs struct outputs outputs = {.directory = -1};
	struct staged_list list = {0};
	unsigned held = 0;
	int rc = outputs_create(&outputs, options, err);

	if (rc < 0) {
		return rc;
	}
	rc = run_helper(options, verified, &outputs, &held, err);
	/* A file that is open for writing somewhere cannot be executed (ETXTBSY). */
	outputs_close(&outputs);
	if (rc < 0) {
		return error_prefix(err, "the release was not unpacked");
	}
	rc = collect(options, &outputs, &list, err);
	if (rc < 0) {
		staged_list_finish(&list);
		return rc;
	}
	outputs.count = 0;
	_Static_assert(sizeof(list.held_by) >= PROTOCOL_HELD_MAX, "it is written there");
	(void)protocol_held_text(held, list.held_by);
	*ret = list;
	return 0;
}
