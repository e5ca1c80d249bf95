/*
 * machine.h - a machine of the test's own: a real systemd as process 1 of a container, on a
 * copy-on-write view of this machine's files, with loopback alone for a network.
 *
 * What it writes lies in memory, or on a disk whose power can be cut. Everything of it is mounted
 * in a mount namespace of the test and runs in a control group of its own, which the janitor
 * empties when the test ends, however it ends. A failure in here ends the test.
 *
 * Where root or the kernel's help is missing the test is skipped, and fails instead when
 * BANGER_REQUIRE_SYSTEM is set.
 */
#ifndef SYSTEM_MACHINE_H
#define SYSTEM_MACHINE_H

#include <sys/types.h>

#include "base/process.h"
#include "crash/disks.h"
#include "flow/world.h"
#include "system/cgroup.h"

struct machine {
	struct scratch scratch;
	char *root;       /* its /, as we see it; written to while it is off or on */
	const char *type; /* of its disk's file system; NULL: memory */
	char *disk;       /* what it writes */
	char *image;
	struct cgroups cgroups;
	int notices;
	struct process container;
	pid_t leader; /* its process 1, as we number it; 0: it is off */
};

/* Off, with nothing enabled but what a host needs to come up; disk: "ext4", "xfs", or NULL. */
void machine_make(struct machine *machine, const char *disk);
void machine_finish(struct machine *machine);

/* Until everything that is started with it has started, or failed to. */
void machine_boot(struct machine *machine);
/* As a person would turn it off. */
void machine_off(struct machine *machine);
/* Nobody has time for anything; what the disk had not got is gone. Off afterwards. */
void machine_power_cut(struct machine *machine, enum cut cut);

/* What was written to its files from outside is on the disk. */
void machine_sync(const struct machine *machine);

/* Waits until there is /run/NAME in it, which is gone with the power. */
void machine_await(const struct machine *machine, const char *name);

/* /name as we see it. The caller frees it. */
char *machine_path(const struct machine *machine, const char *name);
/* Writes a file below its root, and the directories on the way. */
void machine_write(const struct machine *machine, const char *name, const char *text);
/* Copies one of ours, or a directory, to there. */
void machine_copy(const struct machine *machine, const char *from, const char *name);
/* A unit below /etc/systemd/system, wanted by that target (NULL: by none). */
void machine_unit(const struct machine *machine, const char *name, const char *target,
		  const char *text);

/* Runs the words of line, split at blanks, as root in it, as from a console. */
struct outcome machine_run(const struct machine *machine, const char *line);
/* The same for a shell's command. */
struct outcome machine_shell(const struct machine *machine, const char *command);
/* The same where only exit 0 will do; what it printed, without a line end. The caller frees it. */
char *machine_ask(const struct machine *machine, const char *command);
/* The same, begun: world_await() ends it. */
struct running machine_begin(const struct machine *machine, const char *command);

#endif
