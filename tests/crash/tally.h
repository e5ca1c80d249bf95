/*
 * tally.h - the calls of a program and of all it starts, counted from 1, and the one at which
 * something is to happen. Who stops them and makes it happen: trace.h, supervise.h.
 */
#ifndef CRASH_TALLY_H
#define CRASH_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum tally_act {
	TALLY_COUNT,      /* nothing */
	TALLY_KILL,       /* SIGKILL for everybody, before the call */
	TALLY_KILL_FIRST, /* … for the program itself; its children go on */
	TALLY_FAIL,       /* the call is left out and returns -error; 0: it claims success */
};

struct tally_options {
	char *const *argv;
	const char *below;     /* counts only calls that change something there; NULL: everywhere */
	const char *spared;    /* who executes this file is not killed; or NULL */
	bool spared_uncounted; /* … and what it calls is not counted */
	unsigned kinds;        /* of enum call_kind */
	unsigned long at;      /* 0: never */
	bool from_on;          /* TALLY_FAIL: every call from there on */
	/* Of the syncs these do nothing and claim success: how many-eth they are, ended by 0; NULL.
	 */
	const unsigned long *drops;
	enum tally_act act;
	int error;
	char *const *before; /* a program that runs while all stand still, before the act; NULL */
	unsigned seconds;    /* the deadline */
	FILE *list;          /* every call counted; NULL */
};

struct tally_result {
	unsigned long total;
	unsigned long syncs;
	char at[1536]; /* the call where it happened; "" when there were not so many */
	int status;    /* of the program, as wait(2) has it */
	bool acted;
	bool expired; /* killed at the deadline */
	int broken;   /* errno of what made counting impossible, 0 when nothing */
};

struct tally {
	const struct tally_options *options;
	struct tally_result result;
	pid_t first;     /* the program itself; 0: it is over */
	time_t deadline; /* of the monotonic clock */
};

/* Told when the program itself is over; those that it left running may go on. */
typedef void (*tally_ended)(const struct tally_result *result, void *data);

struct tally tally_begin(const struct tally_options *options);

enum tally_word {
	TALLY_GO,   /* nothing happens */
	TALLY_DROP, /* a sync that is to claim success */
	TALLY_NOW,  /* options->act */
};
/* One call, of a process that stands still before it. */
enum tally_word tally_call(struct tally *tally, pid_t pid, uint64_t number,
			   const uint64_t *arguments);

/* Time is up, and the program still runs. */
bool tally_is_late(const struct tally *tally);

/* In the child: promises what a filter asks for. False: errno. */
bool tally_may_filter(void);

#endif
