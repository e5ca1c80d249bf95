/*
 * test_units_removed.c - update.h: which units the other release has not, by the files that are
 * removed for it; where systemd has another of the same name is a matter of tests/system.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "update/update.h"

#define UNITS "/etc/systemd/system/"

/* What is asked of a run that replaces or removes that one file. */
static bool ask(const char *file, bool removes, const char *unit, bool as_service)
{
	char *install = strdup(file);
	char *name = strdup(unit);
	struct artifact artifact = {.install = install};
	struct host host = {.artifacts = &artifact, .artifact_count = 1};
	struct swap_plan swap = {.artifact = &artifact, .existed = true, .removes = removes};
	const struct update update = {.plan = {.host = &host, .swaps = &swap}};
	const struct service service = {.name = name};
	bool has =
		as_service ? update_has_program(&update, &service) : update_has_unit(&update, unit);

	free(install);
	free(name);
	return has;
}

static bool has(const char *file, bool removes, const char *unit)
{
	return ask(file, removes, unit, false);
}

Test(units_removed, a_unit_goes_with_its_file)
{
	cr_assert_not(has(UNITS "extra.service", true, "extra.service"));
	cr_assert_not(has(UNITS "extra.socket", true, "extra.socket"));
	cr_assert(has(UNITS "extra.service", false, "extra.service"), "it is replaced");
	cr_assert(has(UNITS "extra.service", true, "extra.socket"));
	cr_assert(has(UNITS "extra.service", true, "more-extra.service"));
}

Test(units_removed, an_instance_goes_with_its_template)
{
	cr_assert_not(has(UNITS "extra@.service", true, "extra@one.service"));
	cr_assert_not(has(UNITS "extra@.service", true, "extra@one.two.service"));
	cr_assert_not(has(UNITS "extra@one.service", true, "extra@one.service"));
	cr_assert(has(UNITS "extra@one.service", true, "extra@two.service"));
	cr_assert(has(UNITS "extra@.service", true, "extra@one.socket"));
	cr_assert(has(UNITS "extra@.service", true, "extra.service"));
	cr_assert(has(UNITS "extra@.service", true, "extra"));
}

Test(units_removed, what_is_no_unit_file_takes_none_with_it)
{
	cr_assert(has("/usr/share/doc/extra.service", true, "extra.service"));
	cr_assert(has(UNITS "extra.service.d/more.conf", true, "extra.service"));
}

Test(units_removed, a_service_without_its_unit_has_no_program_either)
{
	cr_assert_not(ask(UNITS "extra.service", true, "extra.service", true));
	cr_assert(ask(UNITS "extra.service", true, "other.service", true));
}
