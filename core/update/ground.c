/*
 * ground.c - ground.h: descriptors, limits, signals, environment, umask.
 *
 * None of it can fail a run: what cannot be had here is missed where it is needed, with a sentence.
 */
#include "update/ground.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "update/phases.h"

/* Whoever starts us may have closed 0, 1 or 2: then the next file opened would be our stdout. And
 * it may have left others open: so many, perhaps, that none of ours would fit. */
static void open_standard_descriptors(void)
{
	(void)close_range(STDERR_FILENO + 1, ~0u, 0);
	int fd = open("/dev/null", O_RDWR);

	while (fd >= 0 && fd <= STDERR_FILENO) {
		fd = open("/dev/null", O_RDWR);
	}
	if (fd > STDERR_FILENO) {
		(void)close(fd);
	}
}

static void lift_limit(int resource, rlim_t wanted)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0 || limit.rlim_cur >= wanted) {
		return;
	}
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	(void)setrlimit((__rlimit_resource_t)resource, &limit);
}

/* The soft limits are what a shell happened to have. Some of them kill, in the middle of a swap or
 * a month later in the daemon that we started. */
static void lift_limits(void)
{
	static const struct {
		int resource;
		rlim_t wanted; /* what a host has when nobody sets anything */
	} limits[] = {
		{RLIMIT_CPU, RLIM_INFINITY},   {RLIMIT_FSIZE, RLIM_INFINITY},
		{RLIMIT_DATA, RLIM_INFINITY},  {RLIMIT_AS, RLIM_INFINITY},
		{RLIMIT_NPROC, RLIM_INFINITY}, {RLIMIT_STACK, (rlim_t)8 << 20},
		{RLIMIT_NOFILE, 1024},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		lift_limit(limits[i].resource, limits[i].wanted);
	}
}

/* What a shell ignores for its jobs in the background stays ignored; SIGTERM is always heard. A
 * signal that is blocked becomes pending, ignored or not. */
static sigset_t heard_interrupts(void)
{
	static const int of_the_keyboard[] = {SIGINT, SIGQUIT};
	sigset_t interrupts = phases_interrupts();
	struct sigaction inherited;

	for (size_t i = 0; i < sizeof(of_the_keyboard) / sizeof(of_the_keyboard[0]); i++) {
		if (sigaction(of_the_keyboard[i], NULL, &inherited) == 0 &&
		    inherited.sa_handler == SIG_IGN) {
			(void)sigdelset(&interrupts, of_the_keyboard[i]);
		}
	}
	return interrupts;
}

/* Interrupts are asked for between the phases. What else would end or stop the run where it stands,
 * with the daemon down, does nothing: a closed terminal or pipe, a limit on file sizes (its
 * write(2) fails then), a key that sends to the background. */
static void set_up_signals(void)
{
	static const int ignored[] = {
		SIGHUP,  SIGPIPE, SIGALRM, SIGUSR1,   SIGUSR2, SIGTSTP,
		SIGTTIN, SIGTTOU, SIGXFSZ, SIGVTALRM, SIGPROF,
	};
	sigset_t interrupts = heard_interrupts();

	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		(void)signal(ignored[i], SIG_IGN);
	}
	(void)sigprocmask(SIG_SETMASK, &interrupts, NULL);
}

/* Libraries read theirs, too: OPENSSL_CONF could decide how a signature is checked. */
static void clear_environment(void)
{
	static const char *const kept[] = {"TERM", "NO_COLOR"};
	char *values[sizeof(kept) / sizeof(kept[0])];

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		values[i] = getenv(kept[i]);
	}
	/* Forgets the strings; it does not free them. */
	(void)clearenv();
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (values[i] != NULL) {
			(void)setenv(kept[i], values[i], 1);
		}
	}
}

void ground_make_firm(void)
{
	open_standard_descriptors();
	lift_limits();
	set_up_signals();
	clear_environment();
	(void)umask(022);
}
