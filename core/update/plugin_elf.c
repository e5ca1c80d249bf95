/*
 * plugin_elf.c - plugin_elf.h: the section headers of a 64-bit ELF file, each offset looked at
 * before it is used.
 */
#include "update/plugin_elf.h"

#include <elf.h>
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
	Elf64_Ehdr head;
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

static bool section(const struct object *object, size_t index, Elf64_Shdr *ret)
{
	return index < object->head.e_shnum &&
	       get(object, object->head.e_shoff + index * sizeof(*ret), ret, sizeof(*ret)) &&
	       ret->sh_offset <= object->file->length &&
	       ret->sh_size <= object->file->length - ret->sh_offset;
}

/* The first section of this type. */
static struct table find(const struct object *object, uint32_t type)
{
	Elf64_Shdr header;

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
	Elf64_Shdr header;

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

	for (size_t at = 0; at + sizeof(Elf64_Sym) <= table.size && rc == 0;
	     at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

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

	for (size_t at = 0; at + sizeof(Elf64_Dyn) <= table.size && rc == 0;
	     at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;

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

int plugin_elf_lint(const struct buffer *file, struct findings *ret)
{
	struct object object = {.file = file, .found = ret};

	if (!get(&object, 0, &object.head, sizeof(object.head)) ||
	    memcmp(object.head.e_ident, ELFMAG, SELFMAG) != 0 || object.head.e_type != ET_DYN) {
		return complain(&object, "lint.format", "it is no shared object",
				"build it with -shared");
	}
	/* Of the other class the loader says enough. */
	if (object.head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    object.head.e_shentsize != sizeof(Elf64_Shdr)) {
		return 0;
	}
	int rc = lint_symbols(&object);

	return rc < 0 ? rc : lint_dynamic(&object);
}
