/*
 * guest.h - a machine that has something to update: banger-update as it is installed, bangerd as a
 * service with rows in its database, a web server that publishes signed releases, and an INI file
 * with manager = systemd.
 *
 * world.h's paths are what the machine's files are called from outside, so that its functions that
 * look at files and rows, and that publish, work here too.
 */
#ifndef SYSTEM_GUEST_H
#define SYSTEM_GUEST_H

#include "flow/world.h"
#include "system/machine.h"

/* Where it is found whatever prefix was configured. */
#define GUEST_INI "/usr/lib/banger-update/banger.ini"

struct guest {
	struct machine machine;
	struct world world;
};

struct guest_options {
	const char *disk;         /* see machine_make() */
	const char *version;      /* installed; "0.1.0" when NULL */
	const char *behaviour;    /* of what is installed; "healthy" when NULL */
	const char *type;         /* bangerd.service's Type=; "notify" when NULL */
	const char *unit_lines;   /* more lines for its [Service] */
	const char *unit_head;    /* … for its [Unit] */
	const char *update_keys;  /* more lines for the INI's [update] */
	const char *service_keys; /* … for [service bangerd.service]; "ready_timeout = 2s" */
	const char *sections;     /* more sections */
};

/* Off, bangerd.service wanted by multi-user.target; 0.1.0 knows two migrations. */
void guest_make(struct guest *guest, const struct guest_options *options);
/* guest_make(), and it comes up. */
void guest_boot(struct guest *guest, const struct guest_options *options);
void guest_finish(struct guest *guest);

/* A release on its web server, with a pending migration when it has more than two. */
void guest_publish(struct guest *guest, const char *version, size_t migrations,
		   const char *behaviour);
/* The same of a release with one more file. */
void guest_publish_more(struct guest *guest, const struct world_release *release);

/* banger-update in a unit of its own, as a person's or a timer's would be; words of line follow. */
struct outcome guest_update(const struct guest *guest, const char *line);
/* The same, begun; unit: what it is called. */
struct running guest_begin(const struct guest *guest, const char *unit, const char *line);

/* A property of a unit, as `systemctl show` prints it. The caller frees it. */
char *guest_show(const struct guest *guest, const char *unit, const char *property);
bool guest_is(const struct guest *guest, const char *unit, const char *property,
	      const char *expected);

/* Microseconds since the machine came up; 0 is a failure. */
long guest_moment(const struct guest *guest, const char *unit, const char *property);

/* For unit_lines: 0.2.0 stands at its own start, for as long as it is what is installed, and
 * machine_await() sees "gate". */
#define GUEST_GATE                                                                                 \
	"ExecStartPre=/bin/sh -c 'case $$(/usr/local/bin/banger --version) in *0.2.0*) "           \
	"touch /run/gate; sleep 600 ;; esac'\n"
/* An update begun as an-update.service; it is waiting at the gate. */
struct running guest_begin_to_gate(const struct guest *guest);

/* What there is, and who runs by systemd's account. */
struct guest_sight {
	char *files;    /* what is installed: inodes, times, hashes */
	char *database; /* as SQL */
	char *pid;      /* bangerd.service's MainPID */
	char *invocation;
};
struct guest_sight guest_look(const struct guest *guest);
void guest_sight_free(struct guest_sight *sight);

/* This version is installed, bangerd.service is active, runs what is installed, and is healthy. */
void guest_assert_well(const struct guest *guest, const char *version);
/* guest_assert_well(), and it is another process and invocation than before; nothing is staged. */
void guest_assert_runs(const struct guest *guest, const struct guest_sight *before,
		       const char *version);
/* guest_assert_runs(), and files and rows are those of before. */
void guest_assert_restored(const struct guest *guest, const struct guest_sight *before,
			   const char *version);
/* Not even touched, and the same process runs. */
void guest_assert_unchanged(const struct guest *guest, const struct guest_sight *before);

#endif
