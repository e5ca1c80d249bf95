/*
 * test_config_check.c - sections that do not agree with each other, each at its line.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "config_case.h"

#define BY_COMMAND                                                                                 \
	"[update]\nproduct = notesd\nmanifest = https://example.org/m.json\nkeys = /etc/keys\n"    \
	"manager = command\n" ARTIFACT_LINES
#define BY_SYSTEMD                                                                                 \
	"[update]\nproduct = notesd\nmanifest = https://example.org/m.json\nkeys = /etc/keys\n"    \
	"manager = systemd\n" ARTIFACT_LINES
#define HOW "start = /bin/start\nstop = /bin/stop\npid_file = /run/pid\n"

Test(config_check, the_least_is_enough)
{
	struct config_case least = case_good(LEAST_LINES);

	cr_assert(least.config->host.artifact_count == 1);
	cr_assert(least.config->host.service_count == 0);
	case_finish(&least);
}

Test(config_check, an_empty_file_has_no_update_section)
{
	case_refused("", 1, "there is no [update] section");
	case_refused(ARTIFACT_LINES "\n; end\n", 4, "there is no [update] section");
}

Test(config_check, needs_an_artifact)
{
	case_refused(UPDATE_LINES, 4, "there is no [artifact NAME] section");
}

Test(config_check, names_the_section_that_lacks_a_key)
{
	case_refused("; c\n[update]\nmanifest = https://a/b\nkeys = /k\n" ARTIFACT_LINES, 2,
		     "[update] needs the key 'product'");
	case_refused("[update]\nproduct = a\nkeys = /k\n" ARTIFACT_LINES, 1,
		     "[update] needs the key 'manifest'");
	case_refused("[update]\nproduct = a\nmanifest = https://a/b\n" ARTIFACT_LINES, 1,
		     "[update] needs the key 'keys'");
	case_refused(UPDATE_LINES "[artifact a]\nmode = 0755\n", 5,
		     "[artifact a] needs the key 'install'");
	case_refused(LEAST_LINES "[database d]\nuser = a\n", 7,
		     "[database d] needs the key 'path'");
}

Test(config_check, two_artifacts_cannot_be_one_file)
{
	case_refused(LEAST_LINES "[artifact b]\nmode = 0755\ninstall = /usr/bin/notesd\n", 9,
		     "would write the same file");
}

/* Each of them is written or removed when that other is replaced. */
Test(config_check, an_artifact_cannot_have_a_name_that_anothers_swap_uses)
{
	case_refused(LEAST_LINES "[artifact b]\ninstall = /usr/bin/notesd.previous\n", 8,
		     "NAME.previous");
	case_refused(LEAST_LINES "[artifact b]\ninstall = /usr/bin/notesd.previous.earlier\n", 8,
		     "NAME.previous.earlier");
	case_refused(LEAST_LINES "[artifact b]\ninstall = /usr/bin/notesd.update-new\n", 8,
		     "NAME.update-new");
	case_refused(LEAST_LINES "[artifact b]\ninstall = /usr/bin/notesd.update-link\n", 8,
		     "NAME.update-link");
	case_refused(UPDATE_LINES
		     "[artifact b]\ninstall = /usr/bin/notesd.previous\n" ARTIFACT_LINES,
		     8, "NAME.previous");
}

Test(config_check, a_name_that_merely_begins_the_same_is_fine)
{
	struct config_case good =
		case_good(LEAST_LINES "[artifact b]\ninstall = /usr/bin/notesd-cli\n"
				      "[artifact c]\ninstall = /usr/bin/notesd.previous2\n");

	cr_assert(good.config->host.artifact_count == 3);
	case_finish(&good);
}

Test(config_check, a_binary_is_one_of_the_artifacts)
{
	struct config_case good = case_good(BY_COMMAND "[service s]\nbinary = notesd\n" HOW
						       "[artifact z]\ninstall = /z\n"
						       "[service t]\nbinary = z\n" HOW);

	cr_assert_str_eq(good.config->host.services[1].binary, "z");
	case_finish(&good);
	case_refused(BY_COMMAND "[service s]\n" HOW "binary = notes\n", 12,
		     "there is no [artifact notes]");
}

Test(config_check, the_command_manager_needs_to_be_told_how)
{
	case_refused(BY_COMMAND "[service s]\n", 8, "[service s] needs the key 'start'");
	case_refused(BY_COMMAND "[service s]\nstart = /bin/x\npid_file = /p\n", 8,
		     "needs the key 'stop', because manager is command");
	case_refused(BY_COMMAND "[service s]\nstart = /bin/x\nstop = /bin/y\n", 8,
		     "needs the key 'pid_file'");
}

Test(config_check, systemd_knows_by_itself)
{
	case_refused(BY_SYSTEMD "[service s]\nstop_timeout = 5s\nstart = /bin/x\n", 10,
		     "'start' belongs to manager = command");
	case_refused(BY_SYSTEMD "[service s]\nstop = /bin/x\n", 9, "'stop' belongs to");
	case_refused(BY_SYSTEMD "[service s]\nstatus = /bin/x\n", 9, "'status' belongs to");
	case_refused(BY_SYSTEMD "[service s]\npid_file = /x\n", 9, "'pid_file' belongs to");
}

Test(config_check, a_database_is_named_once)
{
	case_refused(LEAST_LINES "[database a]\npath = /v/a.db\n[database b]\npath = /v/a.db\n", 10,
		     "[database a] has the same path");
}

Test(config_check, a_database_is_not_overwritten_by_an_artifact)
{
	case_refused(LEAST_LINES "[database a]\npath = /usr/bin/notesd\n", 8,
		     "[artifact notesd] would be installed over this database");
	case_refused(LEAST_LINES "[database a]\npath = /usr/bin/notesd.previous\n", 8,
		     "would be installed over this database");
	case_refused(LEAST_LINES "[database a]\npath = /usr/bin/notesd.update-new\n", 8,
		     "would be installed over this database");
}

Test(config_check, unknown_keys_come_with_advice)
{
	case_refused(UPDATE_LINES "[artifact x]\ninstal = /x\n", 6,
		     "unknown key 'instal' in [artifact x]: did you mean 'install'?");
	case_refused(LEAST_LINES "[health]\nurl = http://x\n", 8,
		     "unknown key 'url' in [health]: its keys are command, interval, timeout, "
		     "settle");
	case_refused(LEAST_LINES "[health]\nCommand = /x\n", 8, "did you mean 'command'?");
}

#define HEALTH "[health]\ncommand = "

Test(config_check, a_command_uses_what_has_a_value_whenever_it_runs)
{
	struct config_case good = case_good(
		UPDATE_LINES "manager = command\nafter = /bin/x {version}\n" ARTIFACT_LINES
			     "[service s]\n" HOW "status = {root}/bin/status {database}\n"
			     "[database d]\npath = /d\n" HEALTH "/bin/x {version}\n"
			     "[plugin p]\ncommand = {stage}/notesd {version}\n");

	case_finish(&good);
	case_refused(UPDATE_LINES "installed = {stage}/notesd\n" ARTIFACT_LINES, 5,
		     "'installed' cannot use {stage}");
	case_refused(UPDATE_LINES "installed = /bin/x {version}\n" ARTIFACT_LINES, 5,
		     "'installed' cannot use {version}");
	case_refused(BY_COMMAND "[service s]\n" HOW "status = /bin/x {version}\n", 12,
		     "'status' cannot use {version}");
	case_refused(BY_COMMAND "[service s]\n" HOW "status = /bin/x \"{stage}\"\n", 12,
		     "'status' cannot use {stage}");
	case_refused(LEAST_LINES HEALTH "{stage}/notesd\n", 8, "'command' cannot use {stage}");
	case_refused(LEAST_LINES HEALTH "/bin/x {database}\n", 8,
		     "{database} is the one [database NAME], and there are 0");
	case_refused(LEAST_LINES HEALTH "/bin/x {database}\n[database d]\npath = /d\n"
					"[database e]\npath = /e\n",
		     8, "and there are 2");
}
