/*
 * calls.h - the system calls that change what survives: files, directories, and signals to others.
 *
 * What a call is about is read from the process that makes it, while that one stands still. Writes
 * into memory that is mapped are no calls and are not seen; SQLite maps its -shm alone, which no
 * recovery reads.
 */
#ifndef CRASH_CALLS_H
#define CRASH_CALLS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum call_kind {
	CALL_FILES = 1,   /* changes a file or a directory */
	CALL_SYNCS = 2,   /* makes earlier changes durable */
	CALL_SIGNALS = 4, /* ends or disturbs a process */
	CALL_SPACE = 8,   /* besides one of these: may need more of the disk */
};

/* Where a call finds a file: a descriptor, or a path below one. -1: there is none. */
struct call_place {
	signed char directory; /* argument with a descriptor */
	signed char path;      /* argument with a string */
};

struct call {
	int number;
	const char *name;
	unsigned kind; /* of enum call_kind */
	struct call_place places[2];
	signed char flags; /* argument with open flags: counts only when it creates or empties */
};

/* Does this (SECCOMP_RET_…) with these calls and lets all others through. */
struct sock_fprog calls_filter(uint32_t action);

/* NULL: not one of them. */
const struct call *call_find(uint64_t number);

/* Up to size bytes of a process's memory; how many, fewer where a string or the memory ends. */
size_t calls_peek(pid_t pid, uint64_t address, void *bytes, size_t size);

/* What a stopped process is about to do. */
#define CALL_TEXT_MAX 1024
struct call_sight {
	const struct call *call;
	char program[512]; /* the path of what it executes */
	char text[CALL_TEXT_MAX];
	bool changes; /* nothing but looks, or a descriptor that is no file: false */
	bool below;   /* one of its places is below the given directory, or it is a signal */
};

/* below: NULL for everywhere. */
struct call_sight call_look(pid_t pid, uint64_t number, const uint64_t *arguments,
			    const char *below);

#endif
