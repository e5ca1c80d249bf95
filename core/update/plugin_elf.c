/*
 * plugin_elf.c - plugin_elf.h: the head of any ELF file (elf(5)), then the section headers of one
 * that is of our own class and byte order, each offset looked at before it is used.
 */
#include "update/plugin_elf.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#define SYMBOL "pf_plugin_v1"

struct table {
	const char *bytes; /* NULL: not there */
	size_t size;
	size_t link; /* the section that has its strings */
};

struct object {
	const struct buffer *file;
	ElfW(Ehdr) head;
	struct findings *found;
};

static int complain(const struct object *object, const char *code, const char *text,
		    const char *remedy)
{
	return findings_add(object->found, VERDICT_INCOMPATIBLE, code, text, remedy);
}

/* Copies, since nothing in a file need be aligned. */
static bool get(const struct object *object, uint64_t offset, void *ret, size_t size)
{
	if (offset > object->file->length || size > object->file->length - offset) {
		return false;
	}
	memcpy(ret, object->file->data + offset, size);
	return true;
}

static bool section(const struct object *object, size_t index, ElfW(Shdr) * ret)
{
	return index < object->head.e_shnum &&
	       get(object, object->head.e_shoff + index * sizeof(*ret), ret, sizeof(*ret)) &&
	       ret->sh_offset <= object->file->length &&
	       ret->sh_size <= object->file->length - ret->sh_offset;
}

/* The first section of this type. */
static struct table find(const struct object *object, uint32_t type)
{
	ElfW(Shdr) header;

	for (size_t i = 0; section(object, i, &header); i++) {
		if (header.sh_type == type) {
			return (struct table){object->file->data + header.sh_offset, header.sh_size,
					      header.sh_link};
		}
	}
	return (struct table){0};
}

/* "": there is no such text. */
static const char *text_at(const struct object *object, size_t strings, uint64_t offset)
{
	ElfW(Shdr) header;

	if (!section(object, strings, &header) || offset >= header.sh_size) {
		return "";
	}
	const char *text = object->file->data + header.sh_offset + offset;

	return memchr(text, '\0', header.sh_size - offset) != NULL ? text : "";
}

static int lint_symbols(const struct object *object)
{
	struct table table = find(object, SHT_DYNSYM);
	bool is_there = false;
	char text[300];
	int rc = 0;

	for (size_t at = 0; at + sizeof(ElfW(Sym)) <= table.size && rc == 0;
	     at += sizeof(ElfW(Sym))) {
		ElfW(Sym) symbol;

		memcpy(&symbol, table.bytes + at, sizeof(symbol));
		const char *name = text_at(object, table.link, symbol.st_name);

		if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) {
			continue;
		}
		if (strcmp(name, SYMBOL) == 0) {
			is_there = true;
			continue;
		}
		(void)snprintf(text, sizeof(text), "it exports %.200s besides " SYMBOL, name);
		rc = complain(object, "lint.export", text,
			      "build it with -fvisibility=hidden, in C++ also with the version "
			      "script of preflight_plugin()");
	}
	if (rc == 0 && !is_there) {
		rc = complain(object, "lint.symbol", "it does not export " SYMBOL,
			      "declare it with PF_PLUGIN()");
	}
	return rc;
}

static int lint_path(const struct object *object, const char *path)
{
	char text[400];

	if (strncmp(path, "$ORIGIN", 7) == 0) {
		return 0;
	}
	(void)snprintf(text, sizeof(text), "it looks for libraries in %.300s", path);
	return complain(object, "lint.runpath", text,
			"link without -rpath, or with $ORIGIN in front");
}

static int lint_dynamic(const struct object *object)
{
	struct table table = find(object, SHT_DYNAMIC);
	bool is_bound = false;
	int rc = 0;

	for (size_t at = 0; at + sizeof(ElfW(Dyn)) <= table.size && rc == 0;
	     at += sizeof(ElfW(Dyn))) {
		ElfW(Dyn) entry;

		memcpy(&entry, table.bytes + at, sizeof(entry));
		is_bound = is_bound || entry.d_tag == DT_BIND_NOW ||
			   (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW) != 0) ||
			   (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NOW) != 0);
		if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) {
			rc = lint_path(object, text_at(object, table.link, entry.d_un.d_val));
		}
	}
	if (rc == 0 && !is_bound) {
		rc = complain(object, "lint.lazy",
			      "a symbol that is missing would be noticed only when it is called",
			      "link with -Wl,-z,defs,-z,now");
	}
	return rc;
}

/* Of this very program: what the loader would have the plugin be. Defined by the linker. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* What the first bytes of every ELF file say, whatever its class and byte order. */
struct machine {
	unsigned char class;
	unsigned char data;
	uint16_t type;      /* ET_DYN, … */
	uint16_t processor; /* EM_X86_64, … */
};

static uint16_t half(const struct buffer *file, size_t at, unsigned char data)
{
	unsigned first = (unsigned char)file->data[at];
	unsigned second = (unsigned char)file->data[at + 1];

	return (uint16_t)(data == ELFDATA2MSB ? first << 8 | second : second << 8 | first);
}

static bool read_machine(const struct buffer *file, struct machine *ret)
{
	if (file->length < offsetof(Elf32_Ehdr, e_version) ||
	    memcmp(file->data, ELFMAG, SELFMAG) != 0) {
		return false;
	}
	unsigned char data = (unsigned char)file->data[EI_DATA];

	/* Both classes have these at the same place. */
	*ret = (struct machine){(unsigned char)file->data[EI_CLASS], data,
				half(file, offsetof(Elf32_Ehdr, e_type), data),
				half(file, offsetof(Elf32_Ehdr, e_machine), data)};
	return (ret->class == ELFCLASS32 || ret->class == ELFCLASS64) &&
	       (data == ELFDATA2LSB || data == ELFDATA2MSB);
}

static const char *processor_name(uint16_t processor)
{
	static const struct {
		uint16_t processor;
		const char *name;
	} names[] = {
		{EM_X86_64, "x86-64"}, {EM_AARCH64, "AArch64"}, {EM_386, "x86"},
		{EM_ARM, "ARM"},       {EM_RISCV, "RISC-V"},    {EM_PPC64, "PowerPC64"},
		{EM_PPC, "PowerPC"},   {EM_S390, "s390"},       {EM_MIPS, "MIPS"},
		{EM_SPARCV9, "SPARC"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].processor == processor) {
			return names[i].name;
		}
	}
	return "an unknown processor";
}

/* "32-bit, big-endian, PowerPC" */
static const char *machine_text(const struct machine *machine, char text[64])
{
	(void)snprintf(text, 64, "%d-bit, %s-endian, %s", machine->class == ELFCLASS32 ? 32 : 64,
		       machine->data == ELFDATA2MSB ? "big" : "little",
		       processor_name(machine->processor));
	return text;
}

static int lint_machine(const struct object *object, const struct machine *machine, bool *ret_ours)
{
	const struct machine ours = {__ehdr_start.e_ident[EI_CLASS], __ehdr_start.e_ident[EI_DATA],
				     ET_DYN, __ehdr_start.e_machine};
	char text[160];
	char theirs_text[64];
	char ours_text[64];

	*ret_ours = machine->class == ours.class && machine->data == ours.data &&
		    machine->processor == ours.processor;
	if (*ret_ours) {
		return 0;
	}
	(void)snprintf(text, sizeof(text), "it is for another machine: %s; this one is %s",
		       machine_text(machine, theirs_text), machine_text(&ours, ours_text));
	return complain(object, "lint.machine", text, "build it for this one");
}

int plugin_elf_lint(const struct buffer *file, struct findings *ret)
{
	struct object object = {.file = file, .found = ret};
	struct machine machine;
	bool is_ours = false;

	if (!read_machine(file, &machine) || machine.type != ET_DYN) {
		return complain(&object, "lint.format", "it is no shared object",
				"build it with -shared");
	}
	int rc = lint_machine(&object, &machine, &is_ours);

	if (rc < 0 || !is_ours) {
		return rc;
	}
	if (!get(&object, 0, &object.head, sizeof(object.head)) ||
	    object.head.e_shentsize != sizeof(ElfW(Shdr))) {
		return complain(&object, "lint.format", "its tables are damaged, or cut off",
				"build it again, and copy all of it");
	}
	rc = lint_symbols(&object);
	return rc < 0 ? rc : lint_dynamic(&object);
}
