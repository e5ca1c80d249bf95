/*
 * test_plugin_elf.c - what is said of a shared object without loading it; and that no file, however
 * cut or bent, leads out of its own bytes.
 */
#include "update/plugin_elf.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>

#include "base/file.h"
#include "base/guard.h"
#include "base/limits.h"

#define PLUGIN BANGER_BUILD_DIR "/test-plugins/ok.so"

static struct buffer read_plugin(void)
{
	struct buffer file = BUFFER_INIT(16 * MIB);
	struct error err;

	cr_assert_eq(file_read_path(PLUGIN, &file, &err), 0, "%s", err.text);
	return file;
}

static bool says(const struct findings *found, const char *code)
{
	for (size_t i = 0; i < found->count; i++) {
		if (strcmp(found->items[i].code, code) == 0) {
			return true;
		}
	}
	return false;
}

Test(plugin_elf, a_plugin_is_known_by_its_symbol)
{
	auto_buffer struct buffer file = read_plugin();
	auto_findings struct findings found = {0};

	cr_assert_eq(plugin_elf_lint(&file, &found), 0);
	cr_assert_not(says(&found, "lint.symbol"));
	cr_assert_not(says(&found, "lint.format"));
}

Test(plugin_elf, what_is_no_object_says_so)
{
	static const char script[] =
		"#!/bin/sh\nexit 0; # as long as the head of an object is, or so";
	auto_buffer struct buffer file = BUFFER_INIT(1 * KIB);
	auto_findings struct findings found = {0};

	cr_assert_eq(plugin_elf_lint(&file, &found), 0);
	cr_assert(says(&found, "lint.format"));
	cr_assert_eq(buffer_add(&file, script, sizeof(script)), 0);
	findings_finish(&found);
	cr_assert_eq(plugin_elf_lint(&file, &found), 0);
	cr_assert(says(&found, "lint.format"));
}

/* The head of an object for some machine, which has nothing behind it. */
static const struct {
	unsigned char class;
	unsigned char data;
	unsigned char processor;
	const char *text;
} machines[] = {
	{ELFCLASS32, ELFDATA2LSB, EM_386, "32-bit, little-endian, x86;"},
	{ELFCLASS32, ELFDATA2LSB, EM_ARM, "32-bit, little-endian, ARM;"},
	{ELFCLASS32, ELFDATA2MSB, EM_PPC, "32-bit, big-endian, PowerPC;"},
	{ELFCLASS64, ELFDATA2MSB, EM_S390, "64-bit, big-endian, s390;"},
	{ELFCLASS64, ELFDATA2MSB, EM_PPC64, "64-bit, big-endian, PowerPC64;"},
	{ELFCLASS64, ELFDATA2LSB, EM_RISCV, "64-bit, little-endian, RISC-V;"},
	{ELFCLASS64, ELFDATA2LSB, 0xfe, "64-bit, little-endian, an unknown processor;"},
	/* x32: our own processor, but pointers of half the size. */
	{ELFCLASS32, ELFDATA2LSB, EM_X86_64, "32-bit, little-endian, x86-64;"},
};

Test(plugin_elf, what_is_for_another_machine_is_told_which)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		bool is_big = machines[i].data == ELFDATA2MSB;
		char bytes[sizeof(Elf32_Ehdr)] = ELFMAG;
		struct buffer file = {.data = bytes, .length = sizeof(bytes)};
		auto_findings struct findings found = {0};

		bytes[EI_CLASS] = (char)machines[i].class;
		bytes[EI_DATA] = (char)machines[i].data;
		bytes[is_big ? 17 : 16] = ET_DYN;
		bytes[is_big ? 19 : 18] = (char)machines[i].processor;
		cr_assert_eq(plugin_elf_lint(&file, &found), 0);
		cr_assert_eq(found.count, 1, "%s %zu findings", machines[i].text, found.count);
		cr_assert_str_eq(found.items[0].code, "lint.machine");
		cr_assert_not_null(strstr(found.items[0].text, machines[i].text), "%s",
				   found.items[0].text);
		findings_finish(&found);
		/* A program of that machine is no plugin at all. */
		bytes[is_big ? 17 : 16] = ET_EXEC;
		cr_assert_eq(plugin_elf_lint(&file, &found), 0);
		cr_assert(says(&found, "lint.format"));
	}
}

Test(plugin_elf, a_class_or_byte_order_that_there_is_not_is_no_object)
{
	static const unsigned char wrong[][2] = {{0, 1}, {3, 1}, {2, 0}, {1, 3}, {0xff, 0xff}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		auto_buffer struct buffer file = read_plugin();
		auto_findings struct findings found = {0};

		file.data[EI_CLASS] = (char)wrong[i][0];
		file.data[EI_DATA] = (char)wrong[i][1];
		cr_assert_eq(plugin_elf_lint(&file, &found), 0);
		cr_assert(says(&found, "lint.format"));
	}
}

/* Behind what the loader maps there may be names for debuggers, which nobody misses. */
static size_t end_of_segments(const struct buffer *file)
{
	Elf64_Ehdr head;
	size_t end = 0;

	memcpy(&head, file->data, sizeof(head));
	for (size_t i = 0; i < head.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file->data + head.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > end) {
			end = segment.p_offset + segment.p_filesz;
		}
	}
	return end;
}

Test(plugin_elf, no_length_leads_out_of_the_file)
{
	auto_buffer struct buffer file = read_plugin();
	const size_t needed = end_of_segments(&file);

	for (size_t length = 0; length < file.length; length += 61) {
		/* Of exactly this size, so that a sanitizer sees the first byte too far. */
		auto_free char *bytes = malloc(length > 0 ? length : 1);
		struct buffer cut = {.data = bytes, .length = length};
		auto_findings struct findings found = {0};

		cr_assert_not_null(bytes);
		memcpy(bytes, file.data, length);
		cr_assert_eq(plugin_elf_lint(&cut, &found), 0);
		cr_assert(found.count > 0 || length >= needed, "%zu bytes are no plugin", length);
	}
}

Test(plugin_elf, no_byte_of_its_tables_leads_out_of_the_file)
{
	auto_buffer struct buffer file = read_plugin();
	const size_t tail = file.length > 4096 ? file.length - 4096 : 0;

	for (size_t at = 0; at < file.length; at += at < 64 || at >= tail ? 1 : 97) {
		auto_findings struct findings found = {0};
		char before = file.data[at];

		file.data[at] = (char)0xff;
		cr_assert_eq(plugin_elf_lint(&file, &found), 0);
		file.data[at] = before;
	}
}
