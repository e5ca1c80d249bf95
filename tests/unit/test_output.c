/*
 * test_output.c - streams whose readers read, do not read, read again or are gone.
 */
#include "base/output.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_MS 50

static int ends[2];
static struct output output;
static FILE *stream;

static void begin(void)
{
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	stream = output_open(&output, ends[1], PATIENCE_MS);
	cr_assert_not_null(stream);
}

static void end(void)
{
	(void)fclose(stream);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void set_nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	cr_assert_eq(fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), 0);
}

static void fill_pipe(void)
{
	char block[4096] = {0};

	set_nonblocking(ends[1], true);
	while (write(ends[1], block, sizeof(block)) > 0) {
	}
	set_nonblocking(ends[1], false);
}

static void drain_pipe(void)
{
	char block[4096];

	set_nonblocking(ends[0], true);
	while (read(ends[0], block, sizeof(block)) > 0) {
	}
	set_nonblocking(ends[0], false);
}

static void assert_read(const char *expected)
{
	char text[64] = {0};

	set_nonblocking(ends[0], true);
	(void)!read(ends[0], text, sizeof(text) - 1);
	cr_assert_str_eq(text, expected);
}

TestSuite(output, .init = begin, .fini = end, .timeout = 60);

Test(output, a_line_is_there_when_it_is_complete)
{
	(void)fputs("one ", stream);
	assert_read("");
	(void)fputs("line\n", stream);
	assert_read("one line\n");
}

Test(output, what_is_unfinished_can_be_flushed)
{
	(void)fputs("waiting ...", stream);
	cr_assert_eq(fflush(stream), 0);
	assert_read("waiting ...");
}

Test(output, a_reader_that_does_not_read_costs_our_patience_once)
{
	fill_pipe();
	uint64_t before = clock_monotonic_ms();

	for (int i = 0; i < 100; i++) {
		cr_assert_geq(fprintf(stream, "line %d\n", i), 0);
	}
	uint64_t took = clock_monotonic_ms() - before;

	cr_assert_geq(took, PATIENCE_MS);
	cr_assert_lt(took, 50 * PATIENCE_MS);
}

Test(output, a_reader_that_reads_again_gets_what_comes_then)
{
	fill_pipe();
	(void)fputs("lost\n", stream);
	drain_pipe();
	(void)fputs("found\n", stream);
	assert_read("found\n");
}

Test(output, more_than_a_pipe_holds_arrives_in_its_order)
{
	static char text[200000];
	static char got[sizeof(text)];
	size_t length = 0;

	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i % 23);
	}
	pid_t writer = fork();

	if (writer == 0) {
		(void)fwrite(text, 1, sizeof(text), stream);
		(void)fflush(stream);
		_exit(0);
	}
	(void)close(ends[1]);
	ends[1] = -1;
	for (ssize_t n = 1; n > 0; length += (size_t)n) {
		n = read(ends[0], got + length, sizeof(got) - length);
		cr_assert_geq(n, 0);
	}
	cr_assert_eq(length, sizeof(text));
	cr_assert_eq(memcmp(got, text, sizeof(text)), 0);
}

Test(output, a_reader_that_is_gone_is_no_error)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)close(ends[0]);
	cr_assert_geq(fputs("to nobody\n", stream), 0);
	cr_assert_eq(ferror(stream), 0);
}

Test(output, a_terminal_that_was_stopped_does_not_hold_us_up)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct output typed;
	char name[64];

	cr_assert_geq(terminal, 0);
	cr_assert_eq(grantpt(terminal), 0);
	cr_assert_eq(unlockpt(terminal), 0);
	cr_assert_eq(ptsname_r(terminal, name, sizeof(name)), 0);
	int fd = open(name, O_RDWR | O_NOCTTY);
	FILE *shown = output_open(&typed, fd, PATIENCE_MS);

	/* Nobody reads the other end, so that it fills up as it would after Ctrl-S. */
	for (int i = 0; i < 10000; i++) {
		cr_assert_geq(fprintf(shown, "line %d of a long report\n", i), 0);
	}
	(void)fclose(shown);
	(void)close(fd);
	(void)close(terminal);
}
