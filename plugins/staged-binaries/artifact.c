/*
 * artifact.c - artifact.h: first what the bytes say, then what the loader says, then the program.
 *
 * Libraries are resolved by the file's own dynamic loader with --list, which maps them and runs
 * none of their code; only the loader knows its cache, $ORIGIN and symbol versions. glibc's and
 * musl's both have it.
 */
#include "artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/process.h"
#include "base/text.h"

#define REPORT_RELEASE "do not install this release; report it to whoever publishes it"

/* Everything but the sentence, which the caller writes. */
static void problem_set(struct problem *ret, pf_verdict verdict, const char *code,
			const char *remedy)
{
	*ret = (struct problem){.verdict = verdict, .code = code, .remedy = remedy};
}

#define say(problem, ...) (void)error_set(&(problem)->sentence, -EINVAL, __VA_ARGS__)

static void recognise(const struct artifact_check *check, struct program *program,
		      struct problem *ret)
{
	struct error err;
	struct stat st;
	auto_close int fd = file_open(check->path, &err);

	if (fd < 0 || fstat(fd, &st) < 0) {
		problem_set(ret, PF_ERROR, "binary.unreadable", "run the update again");
		say(ret, "%s: %s", check->name, fd < 0 ? err.text : strerror(errno));
		return;
	}
	size_t length = (size_t)st.st_size;
	void *bytes = length > 0 ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;

	if (bytes == MAP_FAILED) {
		problem_set(ret, PF_ERROR, "binary.unreadable", "run the update again");
		say(ret, "cannot map %s: %s", check->path, strerror(errno));
		return;
	}
	program_recognise(length > 0 ? bytes : "", length, check->own, program);
	if (length > 0) {
		(void)munmap(bytes, length);
	}
}

/* What release and host call a library is loaded, not run. Some linkers give one a place to start.
 */
static bool is_library(const struct artifact_check *check, const struct program *program)
{
	return text_has_suffix(check->name, ".so") &&
	       (program->kind == PROGRAM_LIBRARY || program->kind == PROGRAM_STATIC);
}

static void judge_kind(const struct artifact_check *check, const struct program *program,
		       struct problem *ret)
{
	if (program->kind == PROGRAM_FOREIGN) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.wrong-machine",
			    "choose the release for this machine (uname -m)");
		say(ret, "%s is %s; it cannot run on this host", check->name, program->what);
	} else if (program->kind == PROGRAM_NONE || program->kind == PROGRAM_LIBRARY) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.not-executable", REPORT_RELEASE);
		say(ret, "%s is %s, not a program", check->name, program->what);
	} else if (access(check->path, X_OK) < 0) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.not-executable",
			    "see that the staging directory is not mounted noexec");
		say(ret, "%s may not be executed: %s", check->path, strerror(errno));
	} else if (program->interpreter[0] != '\0' && access(program->interpreter, X_OK) < 0) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.missing-interpreter",
			    "install what provides the interpreter, or choose another release");
		say(ret, "%s is %s that needs %s, which this host cannot run: %s", check->name,
		    program->what, program->interpreter, strerror(errno));
	}
}

const char *artifact_first_line(char *output, char *errors)
{
	char *text = output[strspn(output, "\n")] != '\0' ? output : errors;

	text += strspn(text, "\n");
	text[strcspn(text, "\n")] = '\0';
	return text[0] != '\0' ? text : "nothing";
}

/* Why a program could not be started: for the file's sake, or because this process had no means. */
static void judge_start(int code, struct problem *ret)
{
	if (code == -ENOEXEC || code == -ENOENT || code == -EACCES || code == -ELIBBAD) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.not-executable", REPORT_RELEASE);
	} else {
		problem_set(ret, PF_ERROR, "binary.not-started",
			    "let this plugin's user have more of what is short, and run the update "
			    "again");
	}
}

/* Runs words; a problem when they cannot be started or do not end. */
static bool run(const struct artifact_check *check, const char *program, const char *first,
		const char *second, struct process_result *result, struct problem *ret)
{
	auto_strings struct strings words = {0};
	struct error err;

	if (strings_add(&words, program) < 0 || strings_add(&words, first) < 0 ||
	    (second != NULL && strings_add(&words, second) < 0)) {
		problem_set(ret, PF_ERROR, "binary.unreadable", "free some memory");
		say(ret, "no memory");
		return false;
	}
	int rc = process_run(&words, check->timeout_ms, result, &err);

	if (rc < 0) {
		judge_start(rc, ret);
		say(ret, "%s: %s", check->name, err.text);
		return false;
	}
	if (result->status.timed_out) {
		problem_set(ret, PF_ERROR, "binary.timeout",
			    "raise timeout = in section [plugin staged-binaries], or look why it "
			    "does not end");
		say(ret, "%s %s did not end within %.1f s", program, first,
		    (double)check->timeout_ms / 1000.0);
		return false;
	}
	return true;
}

static void judge_libraries(const struct artifact_check *check, const struct program *program,
			    struct problem *ret)
{
	auto_process_result struct process_result result = {0};

	if (!run(check, program->interpreter, "--list", check->path, &result, ret)) {
		return;
	}
	/* A missing symbol version is on stderr, but not in the exit status. */
	bool is_missing = result.errors.length > 0 ||
			  strstr(buffer_text(&result.output), "not found") != NULL;

	if (process_succeeded(&result.status) && !is_missing) {
		return;
	}
	char nothing[] = "";
	char *errors = result.errors.length > 0 ? result.errors.data : nothing;
	char *output = result.output.length > 0 ? result.output.data : nothing;
	char end[PROCESS_STATUS_TEXT_MAX];

	problem_set(ret, PF_INCOMPATIBLE, "binary.missing-library",
		    "install the library that is missing, or choose a release for this system");
	say(ret, "%s cannot be loaded on this host: the loader %s: %s", check->name,
	    process_status_text(&result.status, end), artifact_first_line(errors, output));
}

static void judge_version(const struct artifact_check *check, struct problem *ret)
{
	auto_process_result struct process_result result = {0};

	if (!run(check, check->path, "--version", NULL, &result, ret)) {
		return;
	}
	bool is_named = text_has_word(buffer_text(&result.output), check->version) ||
			text_has_word(buffer_text(&result.errors), check->version);
	char nothing[] = "";
	char *errors = result.errors.length > 0 ? result.errors.data : nothing;
	char *output = result.output.length > 0 ? result.output.data : nothing;
	char end[PROCESS_STATUS_TEXT_MAX];

	if (!process_succeeded(&result.status)) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.failed",
			    "if the program has no --version, name it in no_version = in section "
			    "[plugin staged-binaries]; else do not install this release");
		say(ret, "%s --version %s and said: %s", check->name,
		    process_status_text(&result.status, end), artifact_first_line(errors, output));
	} else if (!is_named) {
		problem_set(ret, PF_INCOMPATIBLE, "binary.version", REPORT_RELEASE);
		say(ret, "%s --version does not name %s but says: %s", check->name, check->version,
		    artifact_first_line(output, errors));
	}
}

void artifact_check(const struct artifact_check *check, struct problem *ret)
{
	struct program program = {0};

	*ret = (struct problem){0};
	recognise(check, &program, ret);
	if (ret->verdict == 0 && is_library(check, &program)) {
		return;
	}
	if (ret->verdict == 0) {
		judge_kind(check, &program, ret);
	}
	if (ret->verdict == 0 && program.kind == PROGRAM_DYNAMIC) {
		judge_libraries(check, &program, ret);
	}
	if (ret->verdict == 0 && check->version != NULL) {
		judge_version(check, ret);
	}
}
