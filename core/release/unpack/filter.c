/*
 * filter.c - filter.h: rules to BPF. Each rule ends with a verdict or falls through to the next, so
 * that no jump depends on how many rules there are.
 */
#include "release/unpack/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 64 bit and little endian: an argument's low half comes first. */
#if defined(__x86_64__) && defined(__LP64__)
#define FILTER_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define FILTER_MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_MACHINE AUDIT_ARCH_RISCV64
#else
#define FILTER_MACHINE 0u
#endif

#define THIRD_ARGUMENT offsetof(struct seccomp_data, args[2])

/* A rule takes at most five instructions, what surrounds them another five. */
struct program {
	struct sock_filter code[5 * FILTER_RULES_MAX + 5];
	unsigned short length;
};

static void add(struct program *program, struct sock_filter instruction)
{
	program->code[program->length++] = instruction;
}

static void add_load(struct program *program, uint32_t offset)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void add_verdict(struct program *program, uint32_t action)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Runs the next count instructions only if the loaded value is this one. */
static void add_if_equal(struct program *program, uint32_t value, uint8_t count)
{
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
}

/* The number of the system call is loaded before, and after it when it fell through. */
static void add_rule(struct program *program, const struct filter_rule *rule, uint32_t otherwise)
{
	uint32_t action = rule->refused_with == 0
				  ? SECCOMP_RET_ALLOW
				  : SECCOMP_RET_ERRNO | (uint32_t)rule->refused_with;

	add_if_equal(program, (uint32_t)rule->number, rule->unless != 0 ? 4 : 1);
	if (rule->unless != 0) {
		add_load(program, THIRD_ARGUMENT);
		add(program,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, rule->unless, 0, 1));
		add_verdict(program, otherwise);
	}
	add_verdict(program, action);
}

int filter_install(const struct filter_rule *rules, size_t count, uint32_t otherwise)
{
	struct program program = {.length = 0};

	if (FILTER_MACHINE == 0u || count > FILTER_RULES_MAX) {
		return -ENOTSUP;
	}
	add_load(&program, offsetof(struct seccomp_data, arch));
	/* Another convention has other numbers for its calls. */
	add(&program,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_MACHINE, 1, 0));
	add_verdict(&program, SECCOMP_RET_KILL_PROCESS);
	add_load(&program, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		add_rule(&program, &rules[i], otherwise);
	}
	add_verdict(&program, otherwise);
	struct sock_fprog loaded = {program.length, program.code};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) < 0 ? -errno : 0;
}
