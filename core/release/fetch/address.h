/*
 * address.h - addresses that a stranger's word must not lead us to.
 *
 * A redirect or a manifest from elsewhere could make this host ask its own services, or the one
 * that hands out a cloud machine's credentials. Private networks stay allowed: mirrors live there.
 */
#ifndef RELEASE_FETCH_ADDRESS_H
#define RELEASE_FETCH_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* What is wrong with going there ("this host itself"), NULL: nothing. near: this host itself is
 * fine. IPv4 addresses inside IPv6 (mapped, NAT64) count as what they are; families but these two
 * are refused. */
const char *address_fault(const struct sockaddr *address, socklen_t length, bool near);

/* The same of a host as a URL spells it, when that is a number: "127.0.0.1", "[::1]". NULL for
 * other names than localhost. */
const char *address_fault_literal(const char *host, bool near);

#endif
