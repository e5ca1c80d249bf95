/*
 * test_system_socket.c - a service that its socket starts is updated while somebody connects every
 * millisecond: none is refused, none goes without an answer, and none starts it half-way.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "flow/world_parts.h"
#include "system/guest.h"

#define TALKER   BANGER_BUILD_DIR "/tests/system/talker"
#define A_MINUTE 60000

/* What a client saw; sent over a pipe when it is told to stop. */
struct seen {
	long old;
	long new;
	long refused;
	long unanswered;
	long longest_ms;
};

static struct guest guest;
static pid_t client;
static int seen_by_client = -1;

static void end(void)
{
	if (client > 0) {
		(void)kill(client, SIGKILL);
		(void)waitpid(client, NULL, 0);
	}
	guest_finish(&guest);
}

TestSuite(sockets, .fini = end, .timeout = 120);

/* ---- the client -------------------------------------------------------------------------------
 */

static volatile sig_atomic_t is_over;

static void stop(int signal)
{
	(void)signal;
	is_over = 1;
}

static int connect_to(const struct sockaddr_un *address)
{
	const struct timeval patience = {.tv_sec = 30};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void ask_once(const struct sockaddr_un *address, struct seen *seen)
{
	uint64_t deadline = clock_deadline(A_MINUTE);
	char answer[32] = "";
	int fd = connect_to(address);

	if (fd < 0) {
		seen->refused += errno != EINTR;
		return;
	}
	ssize_t length = recv(fd, answer, sizeof(answer) - 1, 0);
	long took = A_MINUTE - clock_left(deadline);

	seen->old += length > 0 && strcmp(answer, "0.1.0") == 0;
	seen->new += length > 0 && strcmp(answer, "0.2.0") == 0;
	seen->unanswered += length <= 0 && !(length < 0 && errno == EINTR);
	seen->longest_ms = took > seen->longest_ms ? took : seen->longest_ms;
	(void)close(fd);
}

__attribute__((noreturn)) static void be_client(const char *path, int report)
{
	const struct sigaction action = {.sa_handler = stop};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct seen seen = {0};

	(void)sigaction(SIGTERM, &action, NULL);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	while (is_over == 0) {
		ask_once(&address, &seen);
		(void)usleep(1000);
	}
	(void)!write(report, &seen, sizeof(seen));
	_exit(0);
}

static void start_client(void)
{
	char path[64];
	int ends[2];

	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/talker", (int)guest.machine.leader);
	must(pipe(ends) == 0);
	client = fork();
	if (client == 0) {
		be_client(path, ends[1]);
	}
	must(client > 0 && close(ends[1]) == 0);
	seen_by_client = ends[0];
}

static struct seen stop_client(void)
{
	struct seen seen = {0};

	must(kill(client, SIGTERM) == 0);
	must(read(seen_by_client, &seen, sizeof(seen)) == (ssize_t)sizeof(seen));
	must(waitpid(client, NULL, 0) == client);
	client = 0;
	(void)close(seen_by_client);
	return seen;
}

/* ---- the service ------------------------------------------------------------------------------
 */

static void label_talker(const char *version, const char *to)
{
	struct label label = {.behaviour = "healthy"};
	struct error err;

	(void)snprintf(label.version, sizeof(label.version), "%s", version);
	cr_assert_eq(label_write(TALKER, to, &label, &err), 0, "%s", err.text);
}

static void install_talker(void)
{
	char *path = path_join(guest.world.bin, "talker");

	label_talker("0.1.0", path);
	machine_unit(&guest.machine, "talker.socket", "sockets.target",
		     "[Socket]\nListenStream=/run/talker\n");
	machine_unit(&guest.machine, "talker.service", NULL,
		     "[Service]\nType=notify\nExecStart=/usr/local/bin/talker\n");
	free(path);
}

static void publish_talker(const char *version, const char *behaviour)
{
	char *path = path_join(guest.world.releases, "talker");

	label_talker(version, path);
	guest_publish_more(&guest, &(struct world_release){
					   .version = version,
					   .migrations = 3,
					   .behaviour = behaviour,
					   .more = {.name = "talker", .path = path},
				   });
	free(path);
}

/* Updates under load, and returns what the client saw. */
static struct seen update_under_load(const char *behaviour, int exit_code)
{
	guest_make(&guest, &(struct guest_options){
				   .sections = "[artifact talker]\n"
					       "install = /usr/local/bin/talker\n"
					       "[service talker.service]\nbinary = talker\n"});
	install_talker();
	publish_talker("0.2.0", behaviour);
	machine_boot(&guest.machine);
	start_client();
	/* The first connection starts it. */
	free(machine_ask(&guest.machine,
			 "until systemctl -q is-active talker.service; do :; done"));
	struct outcome outcome = guest_update(&guest, "--json");

	cr_assert_eq(outcome.exit_code, exit_code, "exit %d: %s%s", outcome.exit_code,
		     outcome.output, outcome.errors);
	struct seen seen = stop_client();

	(void)printf("%ld answers of the old, %ld of the new release, %ld refused, %ld without an "
		     "answer, the longest wait %ld ms\n",
		     seen.old, seen.new, seen.refused, seen.unanswered, seen.longest_ms);
	cr_assert_eq(seen.refused, 0);
	cr_assert_eq(seen.unanswered, 0);
	cr_assert_gt(seen.old, 0);
	free(machine_ask(&guest.machine, "test /proc/$(systemctl show --value -p MainPID "
					 "talker.service)/exe -ef /usr/local/bin/talker"));
	outcome_free(&outcome);
	return seen;
}

Test(sockets, no_connection_is_lost_while_a_service_is_updated)
{
	struct seen seen = update_under_load(NULL, 0);

	cr_assert_gt(seen.new, 0);
}

Test(sockets, no_connection_is_lost_while_an_update_is_rolled_back)
{
	(void)update_under_load("unhealthy", 4);
	free(machine_ask(&guest.machine, "/usr/local/bin/talker --version | grep -x 0.1.0"));
}
