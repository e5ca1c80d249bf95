/*
 * unpacking.c - unpacking.h: the descriptors are made once and emptied for each archive.
 */
#include "fuzz/unpacking.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "release/unpack/reader.h"

#define MAXIMUM (256u * KIB) /* of both artifacts */

static const char *const names[] = {"bangerd", "banger"};

/* Numbers far above those that libFuzzer and the sanitizers use. */
enum {
	FD_ARCHIVE = 100,
	FD_FIRST = 101,
	FD_END = 103,
};

/* The helper lives below LIMIT_UNPACK_MEMORY; a larger allocation fails here as it does there. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=96";
}

static void make_descriptors(void)
{
	static bool is_made;

	for (int wanted = FD_ARCHIVE; wanted < FD_END && !is_made; wanted++) {
		int fd = memfd_create("fuzz", MFD_CLOEXEC);

		must(fd >= 0 && dup2(fd, wanted) == wanted);
		(void)close(fd);
	}
	if (!is_made) {
		/* As the helper's main() does. */
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	}
	is_made = true;
}

static void empty_descriptors(void)
{
	for (int fd = FD_ARCHIVE; fd < FD_END; fd++) {
		must(ftruncate(fd, 0) == 0);
		must(lseek(fd, 0, SEEK_SET) == 0);
	}
}

static void check_outputs(void)
{
	off_t total = 0;

	for (int fd = FD_FIRST; fd < FD_END; fd++) {
		struct stat st;

		must(fstat(fd, &st) == 0 && st.st_size > 0);
		total += st.st_size;
	}
	must(total <= (off_t)MAXIMUM);
}

int unpacking_run(const uint8_t *bytes, size_t length, struct error *err)
{
	static const struct reader_job job = {
		.archive = FD_ARCHIVE,
		.names = names,
		.first_output = FD_FIRST,
		.count = FD_END - FD_FIRST,
		.maximum = MAXIMUM,
	};

	make_descriptors();
	empty_descriptors();
	must(file_write(FD_ARCHIVE, "archive", bytes, length, err) == 0);
	int rc = reader_run(&job, err);

	if (rc == 0) {
		check_outputs();
	}
	return rc;
}
