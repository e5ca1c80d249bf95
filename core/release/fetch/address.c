/*
 * address.c - address.h: a table of prefixes.
 *
 * Sources: RFC 6890 (special-purpose registries), RFC 6052 (NAT64), RFC 4291 section 2.5.5.2; the
 * metadata services' addresses are those of the providers' manuals.
 */
#include "release/fetch/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char this_host[] = "this host itself";
static const char this_link[] = "an address of the link";
static const char metadata[] = "a metadata service";
static const char many[] = "not one host";

struct prefix {
	uint8_t bytes[16];
	unsigned bits;
	const char *fault;
};

static const struct prefix prefixes4[] = {
	{{0}, 8, this_host},
	{{127}, 8, this_host},
	{{169, 254, 169, 254}, 32, metadata},
	{{169, 254}, 16, this_link},
	{{100, 100, 100, 200}, 32, metadata},
	{{192, 0, 0, 192}, 32, metadata},
	{{224}, 3, many}, /* multicast, reserved, broadcast */
};

static const struct prefix prefixes6[] = {
	{{0}, 128, this_host},
	{{[15] = 1}, 128, this_host},
	{{0xfe, 0x80}, 10, this_link},
	{{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128, metadata},
	{{0xff}, 8, many},
};

/* IPv6 prefixes behind whose 96 bits an IPv4 address stands. */
static const uint8_t around4[][12] = {
	{[10] = 0xff, [11] = 0xff},
	{0x00, 0x64, 0xff, 0x9b},
	{0}, /* "IPv4-compatible", deprecated */
};

static bool has_prefix(const uint8_t *address, const struct prefix *prefix)
{
	unsigned whole = prefix->bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> prefix->bits % 8);

	return memcmp(address, prefix->bytes, whole) == 0 &&
	       (mask == 0 || ((address[whole] ^ prefix->bytes[whole]) & mask) == 0);
}

static const char *find(const uint8_t *address, const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has_prefix(address, &prefixes[i])) {
			return prefixes[i].fault;
		}
	}
	return NULL;
}

static const char *fault4(const uint8_t *address)
{
	return find(address, prefixes4, sizeof(prefixes4) / sizeof(prefixes4[0]));
}

static const char *fault6(const uint8_t *address)
{
	const char *fault = find(address, prefixes6, sizeof(prefixes6) / sizeof(prefixes6[0]));

	for (size_t i = 0; i < sizeof(around4) / sizeof(around4[0]) && fault == NULL; i++) {
		if (memcmp(address, around4[i], sizeof(around4[i])) == 0) {
			fault = fault4(address + sizeof(around4[i]));
		}
	}
	return fault;
}

static const char *unless_near(const char *fault, bool near)
{
	return near && fault == this_host ? NULL : fault;
}

const char *address_fault(const struct sockaddr *address, socklen_t length, bool near)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (address->sa_family == AF_INET && length >= sizeof(four)) {
		memcpy(&four, address, sizeof(four));
		return unless_near(fault4((const uint8_t *)&four.sin_addr), near);
	}
	if (address->sa_family == AF_INET6 && length >= sizeof(six)) {
		memcpy(&six, address, sizeof(six));
		return unless_near(fault6(six.sin6_addr.s6_addr), near);
	}
	return "no internet address";
}

/* RFC 6761 section 6.3: localhost and everything below it, with or without a full stop. */
static bool is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t length = strlen(host);
	size_t tail = sizeof(name) - 1;

	length -= length > 0 && host[length - 1] == '.';
	return length >= tail && strncasecmp(host + length - tail, name, tail) == 0 &&
	       (length == tail || host[length - tail - 1] == '.');
}

const char *address_fault_literal(const char *host, bool near)
{
	uint8_t address[16];
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, host, address) == 1) {
		return unless_near(fault4(address), near);
	}
	if (host[0] == '[') {
		(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(host + 1, "]%"), host + 1);
		return inet_pton(AF_INET6, text, address) == 1 ? unless_near(fault6(address), near)
							       : "not an address";
	}
	return is_localhost(host) ? unless_near(this_host, near) : NULL;
}
