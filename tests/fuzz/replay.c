/*
 * replay.c - a fuzz target without libFuzzer: every file of a corpus directory once.
 *
 * A file called accept-* has to be accepted and one called refuse-* refused, so that the corpus
 * also notices a parser that says the same to everything. An empty directory is a failure.
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

#define LIMIT_INPUT (4u * MIB)

/* The input in memory of exactly its size, so that a sanitizer sees the first byte too far. */
static void run(const struct buffer *input)
{
	auto_free uint8_t *bytes = malloc(input->length > 0 ? input->length : 1);

	must(bytes != NULL);
	memcpy(bytes, buffer_text(input), input->length);
	must(LLVMFuzzerTestOneInput(bytes, input->length) == 0);
}

static bool is_as_named(const char *name)
{
	if (text_has_prefix(name, "accept-")) {
		return fuzz_accepted();
	}
	return !text_has_prefix(name, "refuse-") || !fuzz_accepted();
}

static bool replay(const char *directory, const char *name)
{
	auto_buffer struct buffer input = BUFFER_INIT(LIMIT_INPUT);
	auto_free char *path = path_join(directory, name);
	struct error err;

	must(path != NULL);
	if (file_read_path(path, &input, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return false;
	}
	/* Before it runs, so that a crash is seen to belong to it. */
	(void)printf("%s\n", name);
	(void)fflush(stdout);
	run(&input);
	if (!is_as_named(name)) {
		(void)fprintf(stderr, "%s: the answer was the other one\n", path);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	DIR *stream = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned count = 0;
	bool is_well = true;

	if (stream == NULL) {
		(void)fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return EXIT_FAILURE;
	}
	for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
		if (entry->d_name[0] != '.') {
			is_well = replay(argv[1], entry->d_name) && is_well;
			count++;
		}
	}
	(void)closedir(stream);
	(void)printf("%u inputs\n", count);
	return count > 0 && is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
