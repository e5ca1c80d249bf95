/*
 * downtime.c - how long a client that connects every millisecond is not served: while a unit is
 * updated, and while the same unit is only restarted, in turn. Prints medians and their ratio.
 *
 * BANGER_ROUNDS: how often each is done (9).
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "flow/world_parts.h"
#include "system/client.h"
#include "system/guest.h"
#include "system/talker_guest.h"

#define ROUNDS_MAX 99
#define PAUSE_US   100000
#define SOCKET     "/run/banger/bangerd.sock"
#define ASK        "{\"method\":\"version\"}\n"
#define RESTART    "systemctl restart "
/* What an installer does that knows no better: the files are copied while nothing runs. */
#define COPY                                                                                       \
	"systemctl stop bangerd.service; cd /usr/local/bin; for f in bangerd banger; do "          \
	"cp $f $f.copy; sync $f.copy; mv $f.copy $f; done; sync .; "                               \
	"systemctl start bangerd.service"

static struct guest guest;
static struct client client;

static void end(void)
{
	client_end(&client);
	guest_finish(&guest);
}

TestSuite(downtime, .fini = end, .timeout = 3600);

struct series {
	long us[ROUNDS_MAX];
	size_t count;
};

static size_t rounds(void)
{
	const char *text = getenv("BANGER_ROUNDS");
	uint64_t count = 9;

	cr_assert(text == NULL || text_parse_u64(text, &count) == 0, "BANGER_ROUNDS: a number");
	return count < ROUNDS_MAX ? (size_t)count : ROUNDS_MAX;
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a;
	long y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static double median_ms(struct series *series)
{
	qsort(series->us, series->count, sizeof(series->us[0]), by_size);
	return (double)series->us[series->count / 2] / 1000;
}

static void compare(const char *what, struct series *ours, struct series *theirs, double goal)
{
	double our_median = median_ms(ours);
	double their_median = median_ms(theirs);
	double ratio = our_median / their_median;

	(void)printf("| %s | %.0f ms | %.0f ms | %.2f | %.2f | %s |\n", what, our_median,
		     their_median, ratio, goal, ratio <= goal ? "held" : "MISSED");
}

/* How long somebody at this socket is not served while that is done. */
static struct seen watch(const char *socket, const char *request, const char *command, bool updates,
			 int exit_code)
{
	client = client_start(&guest.machine, socket, request);
	(void)usleep(PAUSE_US);
	struct outcome outcome =
		updates ? guest_update(&guest, command) : machine_shell(&guest.machine, command);

	(void)usleep(PAUSE_US);
	struct seen seen = client_stop(&client);

	cr_assert_eq(outcome.exit_code, exit_code, "%s: exit %d: %s%s", command, outcome.exit_code,
		     outcome.output, outcome.errors);
	outcome_free(&outcome);
	return seen;
}

typedef void (*publisher)(struct guest *guest, const char *version, const char *behaviour);

static void publish_plain(struct guest *to, const char *version, const char *behaviour)
{
	guest_publish(to, version, 3, behaviour);
}

/* An update to a release that was never here. */
static struct seen watch_update(const char *socket, const char *request, publisher publish,
				const char *behaviour, int exit_code)
{
	static unsigned number;
	char version[32];
	char command[64];

	(void)snprintf(version, sizeof(version), "0.2.%u", ++number);
	(void)snprintf(command, sizeof(command), "--to %s --json", version);
	publish(&guest, version, behaviour);
	return watch(socket, request, command, true, exit_code);
}

static void add(struct series *series, long us)
{
	series->us[series->count++] = us;
}

static void add_command(struct series *series, const char *command)
{
	add(series, watch(SOCKET, ASK, command, false, 0).longest_gap_us);
}

static void add_update(struct series *series, const char *behaviour, int exit_code)
{
	add(series, watch_update(SOCKET, ASK, publish_plain, behaviour, exit_code).longest_gap_us);
}

static void boot(void)
{
	/* The first one's migration would be its own. */
	guest_make(&guest, &(struct guest_options){.version = "0.1.0"});
	publish_plain(&guest, "0.2.0", NULL);
	machine_boot(&guest.machine);
	struct outcome outcome = guest_update(&guest, "--json");

	cr_assert_eq(outcome.exit_code, 0, "%s", outcome.output);
	outcome_free(&outcome);
}

Test(downtime, of_an_update_and_of_a_restart)
{
	struct series updates = {0};
	struct series restarts = {0};
	struct series copies = {0};
	struct series failures = {0};

	boot();
	for (size_t i = 0; i < rounds(); i++) {
		add_command(&restarts, RESTART "bangerd.service");
		add_update(&updates, NULL, 0);
		add_command(&copies, COPY);
		add_update(&failures, "exits-at-once", 4);
	}
	compare("P11 update, against systemctl restart", &updates, &restarts, 1.15);
	compare("P11 update, against stop, copy, sync, start", &updates, &copies, 0.35);
	compare("P13 update that fails to start, until the old one serves, against restart",
		&failures, &restarts, 2.2);
}

Test(downtime, with_a_large_database)
{
	struct series updates = {0};
	struct series restarts = {0};

	boot();
	free(machine_ask(&guest.machine,
			 "python3 -c \"import sqlite3, os\n"
			 "db = sqlite3.connect('/var/lib/banger/state.db')\n"
			 "db.execute('CREATE TABLE filling (x BLOB)')\n"
			 "for i in range(1024): db.execute('INSERT INTO filling VALUES (?)', "
			 "(os.urandom(1 << 20),))\n"
			 "db.commit()\""));
	for (size_t i = 0; i < rounds(); i++) {
		add_command(&restarts, RESTART "bangerd.service");
		add_update(&updates, NULL, 0);
	}
	compare("P11 the same with a database of 1 GB, against restart", &updates, &restarts, 1.15);
}

Test(downtime, behind_a_socket)
{
	struct series updates = {0};
	struct series restarts = {0};
	long lost = 0;

	guest_make(&guest, &(struct guest_options){.sections = TALKER_SECTIONS});
	talker_install(&guest);
	machine_boot(&guest.machine);
	for (size_t i = 0; i < rounds(); i++) {
		const struct seen all[] = {
			watch(TALKER_SOCKET, NULL, RESTART "talker.service", false, 0),
			watch_update(TALKER_SOCKET, NULL, talker_publish, NULL, 0),
			watch_update(TALKER_SOCKET, NULL, talker_publish, "unhealthy", 4),
		};

		add(&restarts, all[0].longest_wait_us);
		add(&updates, all[1].longest_wait_us);
		for (size_t j = 0; j < sizeof(all) / sizeof(all[0]); j++) {
			lost += all[j].refused + all[j].unanswered;
		}
	}
	(void)printf("P12: %zu updates, as many rollbacks: %ld connections lost\n", rounds(), lost);
	compare("P12 longest wait at a socket, against restart", &updates, &restarts, 1.1);
}
