/*
 * dependents.c - systemd.h: who goes down with the services, and has to come back with them.
 */
#include <errno.h>

#include "base/limits.h"
#include "service/systemd.h"
#include "service/systemd_link.h"
#include "service/unit.h"

static bool is_service(const struct service *services, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (unit_is(services[i].name, name)) {
			return true;
		}
	}
	return false;
}

static int note(struct strings *list, const char *name, struct error *err)
{
	if (list->count >= LIMIT_DEPENDENTS) {
		return error_set(err, -E2BIG, "more than %u units depend on the services",
				 LIMIT_DEPENDENTS);
	}
	return strings_contain(list, name) || strings_add(list, name) == 0 ? 0
									   : error_no_memory(err);
}

/* A unit that is seen for the first time: those that depend on it, and itself if it runs. */
static int visit(struct systemd *systemd, const char *name, const struct service *services,
		 size_t count, struct strings *seen, struct strings *ret, struct error *err)
{
	auto_unit struct unit unit = {0};
	int rc = unit_read(&systemd->jobs.bus, name, &unit, err);

	if (rc == 0 && unit_runs(&unit) && !is_service(services, count, name)) {
		rc = note(ret, name, err);
	}
	for (size_t i = 0; i < unit.dependents.count && rc == 0; i++) {
		rc = note(seen, unit.dependents.items[i], err);
	}
	return rc;
}

int systemd_dependents(struct systemd *systemd, const struct service *services, size_t count,
		       struct strings *ret, struct error *err)
{
	auto_strings struct strings seen = {0};
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		rc = note(&seen, services[i].name, err);
	}
	/* The list grows while it is walked. */
	for (size_t i = 0; i < seen.count && rc == 0; i++) {
		rc = visit(systemd, seen.items[i], services, count, &seen, ret, err);
	}
	return rc;
}

int systemd_check_dependents(struct systemd *systemd, const struct service *services, size_t count,
			     struct error *err)
{
	auto_strings struct strings dependents = {0};
	int rc = systemd_dependents(systemd, services, count, &dependents, err);

	for (size_t i = 0; i < dependents.count && rc == 0; i++) {
		auto_unit struct unit unit = {0};

		rc = unit_read(&systemd->jobs.bus, dependents.items[i], &unit, err);
		rc = rc < 0 ? rc : unit_check_startable(&unit, err);
		if (rc < 0) {
			(void)error_prefix(err, "%s goes down with the services",
					   dependents.items[i]);
		}
	}
	return rc;
}
