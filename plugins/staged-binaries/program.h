/*
 * program.h - what kind of program the bytes of a file are. Pure: it opens and runs nothing.
 *
 * The file is outside input: every offset in it is checked against its length before it is used.
 */
#ifndef STAGED_PROGRAM_H
#define STAGED_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an ELF header says of the machine: file, class (32 or 64 bits), byte order, e_machine. */
struct machine {
	uint8_t elf_class;
	uint8_t order;
	uint16_t type;
};

enum program_kind {
	PROGRAM_NONE,    /* nothing that can be run; what says what it is */
	PROGRAM_FOREIGN, /* an ELF file for another machine; what says for which */
	PROGRAM_STATIC,  /* an ELF executable that needs nobody */
	PROGRAM_DYNAMIC, /* an ELF executable with an interpreter, the dynamic loader */
	PROGRAM_SCRIPT,  /* begins with #! and an interpreter */
	PROGRAM_LIBRARY, /* an ELF file to be loaded by others: it has no place to start */
};

#define PROGRAM_WHAT_MAX        96
#define PROGRAM_INTERPRETER_MAX 256 /* with the NUL; the kernel takes no longer one after #! */

struct program {
	enum program_kind kind;
	char what[PROGRAM_WHAT_MAX]; /* for a sentence: "an ELF executable for AArch64" */
	char interpreter[PROGRAM_INTERPRETER_MAX];
};

/* The machine an ELF header is for; false: no ELF header. */
bool program_machine(const void *bytes, size_t length, struct machine *ret);

/* Recognises the file's whole content, for a host of the machine own. */
void program_recognise(const void *bytes, size_t length, const struct machine *own,
		       struct program *ret);

#endif
