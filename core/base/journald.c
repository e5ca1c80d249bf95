/*
 * journald.c - journald.h: "NAME=value\n", or, for a value of several lines, "NAME\n", its length
 * in 64 bits (least significant byte first), and "value\n".
 */
#include "base/journald.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/guard.h"
#include "base/limits.h"

#define OVERHEAD 10 /* of a field: its length and two line ends */

static void store_length(char bytes[8], size_t length)
{
	for (size_t i = 0; i < 8; i++) {
		bytes[i] = (char)((uint64_t)length >> (8 * i));
	}
}

/* How much of the value there is room for; a character of several bytes may lose its end. */
static size_t fitting(const struct buffer *entry, const struct journald_field *field)
{
	size_t used = entry->length + strlen(field->name) + OVERHEAD;
	size_t room = used < entry->maximum ? entry->maximum - used : 0;
	size_t length = strlen(field->value);

	return length < room ? length : room;
}

static int add_field(struct buffer *entry, const struct journald_field *field)
{
	size_t length = fitting(entry, field);
	int rc = 0;

	if (length == 0) {
		return 0;
	}
	rc = buffer_add(entry, field->name, strlen(field->name));
	if (memchr(field->value, '\n', length) != NULL) {
		char header[9] = "\n";

		store_length(header + 1, length);
		rc = rc < 0 ? rc : buffer_add(entry, header, sizeof(header));
	} else {
		rc = rc < 0 ? rc : buffer_add(entry, "=", 1);
	}
	rc = rc < 0 ? rc : buffer_add(entry, field->value, length);
	return rc < 0 ? rc : buffer_add(entry, "\n", 1);
}

static void send_entry(const char *socket_path, const struct buffer *entry)
{
	const struct timeval patience = {.tv_sec = 1};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(socket_path);
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || length >= sizeof(address.sun_path)) {
		return;
	}
	memcpy(address.sun_path, socket_path, length + 1);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)sendto(fd, entry->data, entry->length, MSG_NOSIGNAL,
		     (const struct sockaddr *)&address, sizeof(address));
}

void journald_send_to(const char *socket_path, const struct journald_field *fields, size_t count)
{
	auto_buffer struct buffer entry = BUFFER_INIT(LIMIT_JOURNALD_ENTRY);

	for (size_t i = 0; i < count; i++) {
		if (fields[i].value != NULL && add_field(&entry, &fields[i]) < 0) {
			return;
		}
	}
	if (entry.length > 0) {
		send_entry(socket_path, &entry);
	}
}

void journald_send(const struct journald_field *fields, size_t count)
{
	journald_send_to(JOURNALD_SOCKET, fields, count);
}
