/*
 * main.c - the unpack helper: reads a verified archive without any right to do harm.
 *
 * Started by release/unpack.c with open descriptors (protocol.h). It reports over one of them; its
 * exit code says the same.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "release/unpack/confine.h"
#include "release/unpack/protocol.h"
#include "release/unpack/reader.h"

/* MAXIMUM NAME... */
static int parse_arguments(int argc, const char *const *argv, struct reader_job *job,
			   struct error *err)
{
	if (argc < 3 || (unsigned)argc - 2 > LIMIT_ARTIFACTS ||
	    text_parse_u64(argv[1], &job->maximum) < 0) {
		return error_set(err, -EIO, "the unpack helper is run by banger-update only");
	}
	job->archive = UNPACK_FD_ARCHIVE;
	job->names = argv + 2;
	job->count = (size_t)argc - 2;
	job->first_output = UNPACK_FD_FIRST;
	return 0;
}

static int unpack(int argc, const char *const *argv, unsigned *held, struct error *err)
{
	struct reader_job job = {0};
	int rc = parse_arguments(argc, argv, &job, err);

	if (rc == 0) {
		rc = confine(job.first_output + (int)job.count, job.maximum, held, err);
	}
	return rc == 0 ? reader_run(&job, err) : rc;
}

static int report(unsigned held, const struct error *failure)
{
	auto_buffer struct buffer text = BUFFER_INIT(LIMIT_UNPACK_REPORT);
	struct error ignored;
	int rc = protocol_add_start(&text, held);

	if (rc == 0) {
		rc = protocol_add_outcome(&text, failure);
	}
	return rc == 0 ? file_write(UNPACK_FD_REPORT, "report", text.data, text.length, &ignored)
		       : rc;
}

int main(int argc, char **argv)
{
	struct error err;
	union {
		char **in;
		const char *const *out;
	} words = {.in = argv};

	/* A write beyond the limit is an error to report, not a death. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Names in PAX headers are UTF-8; in the "C" locale only ASCII could be read. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	unsigned held = 0;
	int rc = unpack(argc, words.out, &held, &err);

	if (report(held, rc < 0 ? &err : NULL) < 0) {
		rc = -EIO;
	}
	/* What others registered for the end (profilers write files) has no right to run any more;
	 * only AddressSanitizer, which confine() spares, looks for leaks there. */
	if (!CONFINE_IS_PARTIAL) {
		_exit(rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
