/*
 * ground.h - a host on which something can be tried again and again: prepared once, put back by a
 * copy before every try, and looked at afterwards.
 *
 * What a try may change (programs, database, pid file, journal) lies below host/ and state/ of a
 * world. The two ways in which it may end are learned from one undisturbed run.
 */
#ifndef CRASH_GROUND_H
#define CRASH_GROUND_H

#include <stdbool.h>

#include "base/buffer.h"
#include "flow/world.h"

/* What is done to the host. */
enum story {
	FIRST_UPDATE,  /* 0.1.0 to 0.2.0, which migrates; the journal is empty */
	SECOND_UPDATE, /* 0.2.0 to 0.3.0, which migrates */
	ROLLBACK,      /* from 0.2.0 back to 0.1.0, by hand, with its database */
	STORIES,
};
extern const char *const story_names[STORIES];

struct disks;

/* A whole release on a host. */
struct side {
	char *programs; /* hashes of what is installed */
	char *database; /* as SQL, times left out */
};

struct ground {
	struct world world;
	enum story story;
	const char *line; /* the words of banger-update */
	char *saved;
	struct side old;
	struct side new;
	char *bangerd;       /* the installed file */
	struct disks *disks; /* when the files lie on disks of their own (disks.h); NULL */
};

/* The quickest place for a scratch directory that may hold programs. */
const char *ground_place(void);

/* Publishes what the story needs and learns its two ends. parent: NULL for the quickest place. The
 * ground is to be zero, so that a failure half-way can be finished, too. */
void ground_make(struct ground *ground, enum story story, const char *parent);
void ground_finish(struct ground *ground);

/* Ends what runs, puts the files back, starts the daemon. */
void ground_reset(const struct ground *ground);

/* The same for the middle of a story: what is there now, and whether the daemon runs. */
struct middle {
	char *saved;
	bool daemon;
};
struct middle ground_save(const struct ground *ground);
void ground_reset_to(const struct ground *ground, const struct middle *middle);
void middle_finish(struct middle *middle);

/* The first of these alone: everything that runs here, and zombies that are ours to reap. */
void ground_quiet(const struct ground *ground);

/* A run of banger-update under crashpt. */
struct
try {
	const char *line; /* NULL: the story's */
	unsigned long at; /* 0: counts only */
	const char *act;  /* of crashpt: "kill" */
	const char *error;
	const char *kinds;  /* NULL: all */
	const char *before; /* a program */
	const char *drops;  /* these syncs claim success and do nothing: "1,5"; NULL: none */
	bool from_on;
	bool spare_daemon;   /* it is not killed */
	bool without_daemon; /* nor are its calls counted */
	bool untraced;       /* sanitizers can work; nobody can be killed (supervise.h) */
};

struct tried {
	struct outcome outcome; /* exit_code 99: killed */
	unsigned long total;
	bool acted;
	char *at;   /* the call; "" when it was not reached */
	char *list; /* every call, one a line, of a try that only counts */
};

struct tried ground_try(const struct ground *ground, const struct try *try);
void tried_free(struct tried *tried);

/* True for the line that says that a phase is over. */
bool tried_is_end_of_phase(const char *line);
/* How many phases the run had ended before it was killed, by what it reported. */
unsigned tried_phases(const struct tried *tried);

/* Which release the host is on, and what is wrong with it. */
enum end {
	END_OLD,
	END_NEW,
	END_MIXED,
};

/* Adds a line to complaints for everything that must not be: programs or a database of neither or
 * both, a daemon that is missing, not well, or runs something else, strange processes. */
enum end ground_look(const struct ground *ground, struct buffer *complaints);
/* The same for files that no finished run leaves, and a lock that still names its holder. */
void ground_look_for_leftovers(const struct ground *ground, struct buffer *complaints);

/* True when the host is on neither side, or nobody serves: there is something to be undone. */
bool ground_is_broken(const struct ground *ground);

/* What happens at boot: recover --boot, which starts nothing, and then the daemon. */
void ground_boot(const struct ground *ground, struct buffer *complaints);

/*
 * banger-update recover, twice: the first must exit with 0, the second too and touch nothing. While
 * a child of a killed run goes on and holds the lock, recover is busy: it is asked again, 5 s long.
 */
void ground_recover(const struct ground *ground, struct buffer *complaints);

#endif
