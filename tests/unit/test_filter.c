/*
 * test_filter.c - a table of system calls does what it says, call by call.
 *
 * A jump that is one short would let everything through and look like success, so each verdict is
 * seen from a call that gets it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child_case.h"
#include "release/unpack/filter.h"

#define BROKEN 99 /* what a child says when it never got to the call under test */

/* A call under a set of rules; exits with its errno, 0 when it worked. */
struct call {
	struct filter_rule rules[FILTER_RULES_MAX];
	size_t rule_count;
	uint32_t otherwise;
	long number;
	long arguments[6];
};

static int make(const void *argument)
{
	const struct call *call = argument;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
	    filter_install(call->rules, call->rule_count, call->otherwise) < 0) {
		return BROKEN;
	}
	long rc = syscall(call->number, call->arguments[0], call->arguments[1], call->arguments[2],
			  call->arguments[3], call->arguments[4], call->arguments[5]);

	return rc < 0 ? errno : 0;
}

static void expect(const struct call *call, int ending)
{
	cr_assert_eq(child_run(make, call), ending, "call %ld ends with %d", call->number,
		     child_run(make, call));
}

/* Under it a child can end. */
#define WAY_OUT                                                                                    \
	{                                                                                          \
		SYS_exit_group, 0, 0                                                               \
	}

Test(filter, lets_through_what_is_allowed_and_kills_the_rest)
{
	struct call call = {.rules = {{SYS_getppid, 0, 0}, WAY_OUT},
			    .rule_count = 2,
			    .otherwise = SECCOMP_RET_KILL_PROCESS,
			    .number = SYS_getppid};

	expect(&call, 0);
	call.number = SYS_getpid;
	expect(&call, CHILD_KILLED(SIGSYS));
	call.rule_count = 0;
	expect(&call, CHILD_KILLED(SIGSYS));
}

Test(filter, lets_a_call_fail_with_the_errno_of_its_rule)
{
	struct call call = {.rules = {{SYS_getppid, EMFILE, 0}, {SYS_getpid, EXDEV, 0}},
			    .rule_count = 2,
			    .otherwise = SECCOMP_RET_ALLOW,
			    .number = SYS_getppid};

	expect(&call, EMFILE);
	call.number = SYS_getpid;
	expect(&call, EXDEV);
	call.number = SYS_getuid;
	expect(&call, 0);
}

Test(filter, looks_at_the_third_argument_where_a_rule_says_so)
{
	struct call call = {.rules = {{SYS_mmap, 0, PROT_EXEC}, {SYS_getppid, EMFILE, 0}, WAY_OUT},
			    .rule_count = 3,
			    .otherwise = SECCOMP_RET_KILL_PROCESS,
			    .number = SYS_mmap,
			    .arguments = {0, 4096, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}};

	expect(&call, 0);
	call.arguments[2] = PROT_READ | PROT_EXEC;
	expect(&call, CHILD_KILLED(SIGSYS));
	/* The rules behind it are still reached, with the number and not the argument. */
	call.number = SYS_getppid;
	call.arguments[2] = 0;
	expect(&call, EMFILE);
	call.number = SYS_getpid;
	expect(&call, CHILD_KILLED(SIGSYS));
}

Test(filter, has_room_for_as_many_rules_as_it_says)
{
	struct call call = {.rule_count = FILTER_RULES_MAX,
			    .otherwise = SECCOMP_RET_KILL_PROCESS,
			    .number = SYS_getppid};

	for (size_t i = 0; i < FILTER_RULES_MAX; i++) {
		call.rules[i] = (struct filter_rule){SYS_mprotect, 0, PROT_EXEC};
	}
	call.rules[FILTER_RULES_MAX - 2] = (struct filter_rule)WAY_OUT;
	call.rules[FILTER_RULES_MAX - 1] = (struct filter_rule){SYS_getppid, EMFILE, 0};
	expect(&call, EMFILE);
	call.number = SYS_getpid;
	expect(&call, CHILD_KILLED(SIGSYS));
	cr_assert_eq(filter_install(call.rules, FILTER_RULES_MAX + 1, SECCOMP_RET_ALLOW), -ENOTSUP);
}

#if defined(__x86_64__)
/* The 32 bit gate of the same kernel, where 20 is getpid(2) and means something else here. */
static int knock_at_the_other_gate(const void *argument)
{
	long number = 20;

	(void)argument;
	/* A sanitizer would report the fault that a kernel without the gate answers with. */
	if (signal(SIGSEGV, SIG_DFL) == SIG_ERR || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
	    filter_install(NULL, 0, SECCOMP_RET_ALLOW) < 0) {
		return BROKEN;
	}
	__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
	return 0;
}

Test(filter, kills_calls_by_another_architectures_convention)
{
	int ending = child_run(knock_at_the_other_gate, NULL);

	/* Or there is no such gate in this kernel. */
	cr_assert(ending == CHILD_KILLED(SIGSYS) || ending == CHILD_KILLED(SIGSEGV), "%d", ending);
}

Test(filter, kills_calls_by_the_x32_convention)
{
	struct call call = {.rules = {{SYS_getppid, 0, 0}, WAY_OUT},
			    .rule_count = 2,
			    .otherwise = SECCOMP_RET_KILL_PROCESS,
			    .number = SYS_getppid | 0x40000000};

	expect(&call, CHILD_KILLED(SIGSYS));
}
#endif
