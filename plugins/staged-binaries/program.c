/*
 * program.c - program.h: ELF (System V ABI, chapter 4; elf(5)) and #! (execve(2)).
 */
#include "program.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

/* The file's bytes. */
struct image {
	const unsigned char *bytes;
	size_t length;
};

static bool contains(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->length && size <= image->length - offset;
}

static const char *machine_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{EM_X86_64, "x86-64"},  {EM_AARCH64, "AArch64"}, {EM_386, "32-bit x86"},
		{EM_ARM, "32-bit ARM"}, {EM_RISCV, "RISC-V"},    {EM_PPC64, "PowerPC64"},
		{EM_S390, "s390x"},     {EM_MIPS, "MIPS"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].type == type) {
			return names[i].name;
		}
	}
	return "an unknown machine";
}

bool program_machine(const void *bytes, size_t length, struct machine *ret)
{
	const unsigned char *at = bytes;
	const size_t type_at = offsetof(Elf32_Ehdr, e_machine);

	if (length < sizeof(Elf32_Ehdr) || memcmp(at, ELFMAG, SELFMAG) != 0) {
		return false;
	}
	bool is_little = at[EI_DATA] == ELFDATA2LSB;
	unsigned low = at[type_at + (is_little ? 0 : 1)];
	unsigned high = at[type_at + (is_little ? 1 : 0)];

	*ret = (struct machine){at[EI_CLASS], at[EI_DATA], (uint16_t)(low | high << 8)};
	return true;
}

static void describe(struct program *ret, enum program_kind kind, const char *what)
{
	ret->kind = kind;
	(void)snprintf(ret->what, sizeof(ret->what), "%s", what);
}

/* Copies the interpreter's path out of its segment; false: there is none that could be a path. */
static bool copy_interpreter(const struct image *image, const ElfW(Phdr) * segment,
			     struct program *ret)
{
	if (segment->p_filesz < 2 || segment->p_filesz > sizeof(ret->interpreter)) {
		return false;
	}
	memcpy(ret->interpreter, image->bytes + segment->p_offset, segment->p_filesz);
	return ret->interpreter[segment->p_filesz - 1] == '\0' && ret->interpreter[0] == '/';
}

/* Walks the program headers; NULL, or what is wrong with them. */
static const char *read_segments(const struct image *image, const ElfW(Ehdr) * header,
				 struct program *ret)
{
	if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 ||
	    !contains(image, header->e_phoff, (uint64_t)header->e_phnum * sizeof(ElfW(Phdr)))) {
		return "a damaged ELF file (its program headers are outside of it)";
	}
	for (size_t i = 0; i < header->e_phnum; i++) {
		ElfW(Phdr) segment;

		memcpy(&segment, image->bytes + header->e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD && segment.p_type != PT_INTERP) {
			continue;
		}
		if (!contains(image, segment.p_offset, segment.p_filesz)) {
			return "an ELF file that was cut off";
		}
		if (segment.p_type == PT_INTERP && !copy_interpreter(image, &segment, ret)) {
			return "a damaged ELF file (its interpreter is no path)";
		}
	}
	return NULL;
}

static bool is_same(const struct machine *a, const struct machine *b)
{
	return a->elf_class == b->elf_class && a->order == b->order && a->type == b->type;
}

static void recognise_elf(const struct image *image, const struct machine *machine,
			  const struct machine *own, struct program *ret)
{
	ElfW(Ehdr) header;

	if (!is_same(machine, own)) {
		ret->kind = PROGRAM_FOREIGN;
		(void)snprintf(ret->what, sizeof(ret->what), "an ELF file for %s (%d bits)",
			       machine_name(machine->type),
			       machine->elf_class == ELFCLASS64 ? 64 : 32);
		return;
	}
	if (image->length < sizeof(header)) {
		describe(ret, PROGRAM_NONE, "an ELF file that was cut off");
		return;
	}
	memcpy(&header, image->bytes, sizeof(header));
	/* A position-independent executable has the type of a library, but a place to start. */
	bool is_library = header.e_type == ET_DYN && header.e_entry == 0;

	if (!is_library &&
	    (header.e_entry == 0 || (header.e_type != ET_EXEC && header.e_type != ET_DYN))) {
		describe(ret, PROGRAM_NONE, "an ELF file, but no executable");
		return;
	}
	const char *fault = read_segments(image, &header, ret);

	if (fault != NULL) {
		describe(ret, PROGRAM_NONE, fault);
	} else if (is_library) {
		describe(ret, PROGRAM_LIBRARY, "a library and no executable");
	} else if (ret->interpreter[0] != '\0') {
		describe(ret, PROGRAM_DYNAMIC, "an ELF executable");
	} else {
		describe(ret, PROGRAM_STATIC, "a static ELF executable");
	}
}

static void recognise_script(const struct image *image, struct program *ret)
{
	const char *line = (const char *)image->bytes + 2;
	size_t left = image->length - 2;
	size_t length = 0;

	while (left > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		left--;
	}
	while (length < left && strchr(" \t\r\n", line[length]) == NULL) {
		length++;
	}
	if (length == 0 || line[0] != '/' || length >= sizeof(ret->interpreter)) {
		describe(ret, PROGRAM_NONE, "a script whose #! line names no absolute path");
		return;
	}
	memcpy(ret->interpreter, line, length);
	ret->interpreter[length] = '\0';
	describe(ret, PROGRAM_SCRIPT, "a script");
}

static const char *describe_other(const struct image *image)
{
	if (image->length == 0) {
		return "an empty file";
	}
	size_t looked = image->length < 512 ? image->length : 512;

	return memchr(image->bytes, '\0', looked) == NULL ? "text without a #! line"
							  : "neither an ELF file nor a script";
}

void program_recognise(const void *bytes, size_t length, const struct machine *own,
		       struct program *ret)
{
	const struct image image = {bytes, length};
	struct machine machine;

	*ret = (struct program){0};
	if (program_machine(bytes, length, &machine)) {
		recognise_elf(&image, &machine, own, ret);
	} else if (length > 2 && memcmp(bytes, "#!", 2) == 0) {
		recognise_script(&image, ret);
	} else {
		describe(ret, PROGRAM_NONE, describe_other(&image));
	}
}
