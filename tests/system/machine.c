/*
 * machine.c - machine.h: made, booted, and turned off in several ways.
 */
#include "system/machine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "crash/loop.h"
#include "flow/world_parts.h"

#define NSPAWN      "/usr/bin/systemd-nspawn"
#define JANITOR     BANGER_BUILD_DIR "/tests/system/janitor"
#define DISK_SIZE   "512M" /* sparse */
#define PATIENCE_MS 60000
#define POWER_OFF   (SIGRTMIN + 4) /* systemd(1) */

/* What of this machine is none of that one's: there they are empty. */
static const char *const hidden[] = {
	"etc/banger-update",
	"etc/init.d",
	"etc/rc2.d",
	"etc/rc3.d",
	"etc/rcS.d",
	"etc/systemd/network",
	"etc/systemd/system",
	"etc/systemd/user",
	"mnt",
	"root",
	"run",
	"tmp",
	"usr/lib/systemd/system-generators",
	"usr/lib/tmpfiles.d",
	"usr/local",
	"var/lib/banger",
	"var/lib/banger-update",
	"var/lib/dpkg", /* to look for owners of files takes a second a run */
	"var/lib/pacman",
	"var/lib/rpm",
	"var/log",
	"var/tmp",
};

/* What costs time at a boot and shows nothing here. */
static const char *const masked[] = {
	"dev-hugepages.mount",
	"dev-mqueue.mount",
	"getty.target",
	"ldconfig.service",
	"systemd-ask-password-console.path",
	"systemd-ask-password-wall.path",
	"systemd-hwdb-update.service",
	"systemd-initctl.socket",
	"systemd-journal-catalog-update.service",
	"systemd-modules-load.service",
	"systemd-pcrphase-sysinit.service",
	"systemd-pcrphase.service",
	"systemd-remount-fs.service",
	"systemd-sysctl.service",
	"systemd-sysusers.service",
	"systemd-timesyncd.service",
	"systemd-tmpfiles-clean.timer",
	"systemd-tmpfiles-setup-dev.service",
	"systemd-udevd.service",
	"systemd-update-done.service",
	"systemd-update-utmp-runlevel.service",
	"systemd-update-utmp.service",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- made -------------------------------------------------------------------------------------
 */

static void skip(const char *why)
{
	cr_assert_null(getenv("BANGER_REQUIRE_SYSTEM"), "no machine: %s", why);
	/* Criterion says nothing of it; ctest looks for this line. */
	(void)fprintf(stderr, "skipped, no machine: %s\n", why);
	cr_skip_test("no machine: %s", why);
}

static const char *missing(const char *disk)
{
	if (geteuid() != 0) {
		return "only root may boot one";
	}
	if (access(NSPAWN, X_OK) < 0) {
		return "systemd-nspawn is not installed";
	}
	return disk != NULL ? loop_missing(disk) : NULL;
}

/* Before the mounts are our own: the janitor shall not keep them. */
static void start_janitor(const struct machine *machine)
{
	const char *argv[2 + CGROUPS_MAX + 1] = {JANITOR, machine->scratch.path};
	const struct process_options options = {.argv = argv, .starts_daemon = true};
	struct process_status status;
	struct process janitor;
	struct error err;

	for (size_t i = 0; i < machine->cgroups.count; i++) {
		argv[2 + i] = machine->cgroups.paths[i];
	}
	cr_assert_eq(process_spawn(&options, &janitor, &err), 0, "%s", err.text);
	process_wait(&janitor, PATIENCE_MS, &status);
	must(process_succeeded(&status));
}

static void make_directory(const char *parent, const char *name)
{
	char *path = path_join(parent, name);

	scratch_directory(path);
	free(path);
}

static void hide(const struct machine *machine, const char *name)
{
	char *upper = NULL;

	must(asprintf(&upper, "%s/upper/%s", machine->disk, name) > 0);
	scratch_directory(upper);
	must(setxattr(upper, "trusted.overlay.opaque", "y", 1, 0) == 0);
	must(strstr(name, "tmp") == NULL || chmod(upper, 01777) == 0);
	free(upper);
}

static void mount_root(const struct machine *machine)
{
	char *options = NULL;

	must(asprintf(&options, "lowerdir=/,upperdir=%s/upper,workdir=%s/work", machine->disk,
		      machine->disk) > 0);
	cr_assert_eq(mount("overlay", machine->root, "overlay", 0, options), 0, "overlay: %s",
		     strerror(errno));
	free(options);
}

static void mount_disk(const struct machine *machine)
{
	if (machine->type != NULL) {
		loop_mount(machine->type, machine->image, machine->disk);
	}
}

static void write_identity(const struct machine *machine)
{
	machine_write(machine, "etc/machine-id", "5f0e7c1b4a2d4c8e9b3a6d7f1c2e4b5a\n");
	machine_write(machine, "etc/hostname", "machine\n");
	machine_write(machine, "etc/fstab", "");
	machine_write(machine, "etc/systemd/system.conf.d/test.conf",
		      "[Manager]\nDefaultTimeoutStopSec=10s\nLogLevel=notice\n");
	machine_write(machine, "etc/systemd/journald.conf.d/test.conf",
		      "[Journal]\nRateLimitBurst=0\nSystemMaxUse=16M\n");
}

static void choose_units(const struct machine *machine)
{
	for (size_t i = 0; i < LENGTH(masked); i++) {
		char *path = NULL;

		must(asprintf(&path, "%s/etc/systemd/system/%s", machine->root, masked[i]) > 0);
		must(symlink("/dev/null", path) == 0);
		free(path);
	}
	char *target = machine_path(machine, "etc/systemd/system/default.target");

	must(symlink("/lib/systemd/system/multi-user.target", target) == 0);
	free(target);
}

static void make_files(struct machine *machine)
{
	must(mount("tmpfs", machine->scratch.path, "tmpfs", 0, "mode=755") == 0);
	machine->root = scratch_path(&machine->scratch, "root");
	machine->disk = scratch_path(&machine->scratch, "disk");
	machine->image = scratch_path(&machine->scratch, "image");
	scratch_directory(machine->root);
	scratch_directory(machine->disk);
	if (machine->type != NULL) {
		loop_make(machine->type, DISK_SIZE, machine->image);
	}
	mount_disk(machine);
	make_directory(machine->disk, "upper");
	make_directory(machine->disk, "work");
	for (size_t i = 0; i < LENGTH(hidden); i++) {
		hide(machine, hidden[i]);
	}
	mount_root(machine);
	write_identity(machine);
	choose_units(machine);
}

/* Where systemd-nspawn says how far it is. */
static void open_notices(struct machine *machine)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notices",
		       machine->scratch.path);
	machine->notices = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(machine->notices >= 0);
	must(bind(machine->notices, (struct sockaddr *)&address, sizeof(address)) == 0);
}

void machine_make(struct machine *machine, const char *disk)
{
	const char *why = missing(disk);

	*machine = (struct machine){.notices = -1, .container = {.pidfd = -1}};
	if (why != NULL) {
		skip(why);
	}
	machine->type = disk;
	machine->scratch = scratch_make();
	why = cgroups_make(&machine->cgroups, path_name(machine->scratch.path));
	if (machine->cgroups.count > 0) {
		start_janitor(machine);
	} else {
		must(rmdir(machine->scratch.path) == 0);
	}
	why = why != NULL ? why : loop_own_mounts();
	if (why != NULL) {
		skip(why);
	}
	/* systemd-nspawn keeps books there, which no other machine is in. */
	must(mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0);
	make_files(machine);
	open_notices(machine);
}

/* ---- on and off -------------------------------------------------------------------------------
 */

/* A shell that enters the groups and becomes systemd-nspawn. */
static const char enter[] = "while [ \"$1\" != -- ]; do echo $$ >\"$1/cgroup.procs\" || exit; "
			    "shift; done; shift; exec \"$@\"";

static void add(struct strings *words, const char *const *more)
{
	for (; *more != NULL; more++) {
		must(strings_add(words, *more) == 0);
	}
}

static void add_container(struct strings *words, const struct machine *machine)
{
	add(words, (const char *const[]){"/bin/sh", "-c", enter, "sh", NULL});
	for (size_t i = 0; i < machine->cgroups.count; i++) {
		must(strings_add(words, machine->cgroups.paths[i]) == 0);
	}
	add(words,
	    (const char *const[]){"--", NSPAWN, "--quiet", "--boot", "--register=no", "--keep-unit",
				  "--notify-ready=yes", "--private-network", "--console=pipe",
				  "--settings=no", "--link-journal=no", "--timezone=off",
				  "--resolv-conf=off",
				  /* Its default does not let plugins confine themselves. */
				  "--system-call-filter=landlock_create_ruleset landlock_add_rule "
				  "landlock_restrict_self",
				  "--machine", path_name(machine->scratch.path), "--directory",
				  machine->root, NULL});
}

static char *console_path(const struct machine *machine)
{
	return scratch_path(&machine->scratch, "console");
}

static void start_container(struct machine *machine)
{
	struct strings words = {0};
	char *console = console_path(machine);
	char *notify = NULL;
	int output = open(console, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct error err;

	must(output >= 0 &&
	     asprintf(&notify, "NOTIFY_SOCKET=%s/notices", machine->scratch.path) > 0);
	add_container(&words, machine);
	const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
					   notify,
					   machine->cgroups.is_unified
						   ? "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1"
						   : "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0",
					   NULL};
	union {
		char *const *in;
		const char *const *out;
	} argv = {.in = words.items};
	const struct process_options options = {.argv = argv.out,
						.environment = environment,
						.output_fd = output,
						.own_session = true};

	cr_assert_eq(process_spawn(&options, &machine->container, &err), 0, "%s", err.text);
	must(close(output) == 0);
	strings_finish(&words);
	free(console);
	free(notify);
}

static void fail_to_boot(const struct machine *machine)
{
	char *console = console_path(machine);
	char *text = scratch_read(console);

	cr_assert_fail("the machine does not come up: %s", text);
}

/* One message; X_NSPAWN_LEADER_PID names process 1, READY=1 says that it has started all. */
static bool read_notice(struct machine *machine)
{
	char text[1024];
	ssize_t length = recv(machine->notices, text, sizeof(text) - 1, 0);

	must(length >= 0);
	text[length] = '\0';
	const char *leader = strstr(text, "X_NSPAWN_LEADER_PID=");

	if (leader != NULL) {
		machine->leader = (pid_t)strtol(strchr(leader, '=') + 1, NULL, 10);
	}
	return strncmp(text, "READY=1", strlen("READY=1")) == 0 ||
	       strstr(text, "\nREADY=1") != NULL;
}

void machine_boot(struct machine *machine)
{
	uint64_t deadline = clock_deadline(PATIENCE_MS);
	bool is_ready = false;

	must(machine->leader == 0);
	machine_sync(machine);
	start_container(machine);
	while (!is_ready) {
		struct pollfd fds[] = {{.fd = machine->notices, .events = POLLIN},
				       {.fd = machine->container.pidfd, .events = POLLIN}};
		int left = (int)clock_left(deadline);

		if (poll(fds, LENGTH(fds), left) <= 0 || fds[0].revents == 0) {
			fail_to_boot(machine);
		}
		is_ready = read_notice(machine);
	}
	must(machine->leader > 0);
}

static void await_end(struct machine *machine)
{
	struct process_status status;

	process_wait(&machine->container, PATIENCE_MS, &status);
	cr_assert_not(status.timed_out, "the machine does not go off");
	machine->leader = 0;
}

void machine_off(struct machine *machine)
{
	must(machine->leader > 0 && kill(machine->leader, POWER_OFF) == 0);
	await_end(machine);
}

static void pull_the_plug(struct machine *machine)
{
	must(kill(machine->leader, SIGKILL) == 0);
	await_end(machine);
}

static void unmount_root(const struct machine *machine)
{
	loop_let_go(machine->root);
	if (machine->type != NULL) {
		loop_unmount(machine->image, machine->disk);
	}
}

static void lose_what_is_not_written(const struct machine *machine, enum cut cut)
{
	char flag[12];

	(void)snprintf(flag, sizeof(flag), "%d", (int)cut);
	run_or_fail((const char *const[]){LOOP_CUT, flag, machine->disk, NULL});
}

void machine_power_cut(struct machine *machine, enum cut cut)
{
	must(machine->leader > 0);
	if (machine->type != NULL) {
		lose_what_is_not_written(machine, cut);
	}
	pull_the_plug(machine);
	unmount_root(machine);
	mount_disk(machine);
	mount_root(machine);
}

void machine_finish(struct machine *machine)
{
	if (machine->leader > 0) {
		pull_the_plug(machine);
	}
	if (machine->root != NULL) {
		(void)close(machine->notices);
		unmount_root(machine);
		loop_let_go(machine->scratch.path);
		loop_let_go("/run");
	}
	cgroups_finish(&machine->cgroups);
	free(machine->root);
	free(machine->disk);
	free(machine->image);
	*machine = (struct machine){0};
}
