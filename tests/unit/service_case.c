/*
 * service_case.c - service_case.h.
 */
#include "service_case.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scratch scratch;
struct error err;
struct service service;
const struct command_values values = {.root = ""};
const struct service_context context = {.values = &values};

void set_command(struct command *command, const char *format, ...)
{
	char *line = NULL;
	va_list args;

	va_start(args, format);
	cr_assert(vasprintf(&line, format, args) >= 0);
	va_end(args);
	command_finish(command);
	cr_assert(command_parse(line, command, &err) == 0, "%s", err.text);
	free(line);
}

void set_up(void)
{
	scratch = scratch_make();
	service = (struct service){
		.name = strdup("stub"),
		.ready_timeout_ms = 20000,
		.stop_timeout_ms = 20000,
		.pid_file = scratch_path(&scratch, "the daemon.pid"),
	};
	set_command(&service.start, STUB " start plain \"%s\"", service.pid_file);
	set_command(&service.stop, STUB " stop \"%s\"", service.pid_file);
}

struct service_process find(void)
{
	struct service_process process;

	cr_assert(service_manager_command()->find(&context, &service, &process, &err) == 0, "%s",
		  err.text);
	return process;
}

int start(void)
{
	return service_manager_command()->start(&context, &service, &err);
}

int stop(bool *killed)
{
	return service_manager_command()->stop(&context, &service, killed, &err);
}

void tear_down(void)
{
	struct service_process left = {0};
	struct error ignored;

	if (service_manager_command()->find(&context, &service, &left, &ignored) == 0 &&
	    left.pid > 0) {
		(void)kill(left.pid, SIGKILL);
	}
	service_finish(&service);
	scratch_remove(&scratch);
}
