/*
 * test_fetch_hop.c - which addresses are gone to, spelled as a URL and as what a name resolves to.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "release/fetch/address.h"
#include "release/fetch/hop.h"

static const char *fault_of(const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		return address_fault((const struct sockaddr *)&four, sizeof(four), false);
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1, "%s", text);
	return address_fault((const struct sockaddr *)&six, sizeof(six), false);
}

Test(address, of_this_host_its_link_and_metadata_services_are_faults)
{
	static const char *const bad[] = {
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.1",
		"169.254.169.254",
		"100.100.100.200",
		"192.0.0.192",
		"224.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"fe80::1",
		"febf::1",
		"fd00:ec2::254",
		"ff02::1",
		"::ffff:127.0.0.1",
		"::ffff:169.254.169.254",
		"64:ff9b::7f00:1",
		"::127.0.0.1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_not_null(fault_of(bad[i]), "%s is gone to", bad[i]);
	}
	cr_assert_str_eq(fault_of("169.254.169.254"), "a metadata service");
	cr_assert_str_eq(fault_of("169.254.169.253"), "an address of the link");
}

Test(address, of_private_networks_and_the_world_are_fine)
{
	static const char *const good[] = {
		"1.1.1.1",     "10.0.0.1",         "172.16.0.1",      "192.168.1.1",
		"126.255.0.1", "128.0.0.1",        "169.253.255.255", "169.255.0.1",
		"223.255.0.1", "100.100.100.201",  "2606:4700::1",    "fd00:ec2::253",
		"fec0::1",     "64:ff9b::808:808", "::ffff:8.8.8.8",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert_null(fault_of(good[i]), "%s is %s", good[i], fault_of(good[i]));
	}
}

Test(address, of_another_family_or_cut_short_is_a_fault)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01010101)};
	struct sockaddr other = {.sa_family = AF_UNIX};

	cr_assert_not_null(address_fault(&other, sizeof(other), true));
	cr_assert_not_null(address_fault((const struct sockaddr *)&four, sizeof(four) - 1, true));
	cr_assert_null(address_fault((const struct sockaddr *)&four, sizeof(four), false));
}

struct row {
	const char *url;
	bool plain, near;
	int code;
};

static const struct row rows[] = {
	{"https://host/a", false, false, 0},
	{"HTTPS://Host:8443/a", false, false, 0},
	{"http://host/a", true, false, 0},
	{"http://host/a", false, false, -EPROTO},
	{"file:///etc/passwd", true, true, -EPROTO},
	{"gopher://host/", true, true, -EPROTO},
	{"ftp://host/", true, true, -EPROTO},
	{"https://me@host/", false, false, -EPROTO},
	{"https://me:word@host/", false, true, -EPROTO},
	{"https://", false, false, -EPROTO},
	{"host/a", true, true, -EPROTO},
	{"", true, true, -EPROTO},
	/* spellings of this host */
	{"https://127.0.0.1/", false, false, -EPROTO},
	{"https://127.0.0.1/", false, true, 0},
	{"https://127.1/", false, false, -EPROTO},
	{"https://0x7f000001/", false, false, -EPROTO},
	{"https://017700000001/", false, false, -EPROTO},
	{"https://2130706433/", false, false, -EPROTO},
	{"https://[::1]/", false, false, -EPROTO},
	{"https://[::1]/", false, true, 0},
	{"https://[::ffff:127.0.0.1]/", false, false, -EPROTO},
	{"https://[fe80::1%25lo]/", false, false, -EPROTO},
	{"https://localhost/", false, false, -EPROTO},
	{"https://LOCALHOST./", false, false, -EPROTO},
	{"https://db.localhost:1/", false, false, -EPROTO},
	{"https://notlocalhost/", false, false, 0},
	{"https://localhost/", false, true, 0},
	{"http://169.254.169.254/latest/", true, false, -EPROTO},
	{"http://169.254.169.254/latest/", true, true, -EPROTO},
	{"http://[fe80::1]/", true, true, -EPROTO},
	{"http://0/", true, false, -EPROTO},
	{"http://10.0.0.1/", true, false, 0},
};

Test(hop, is_made_only_to_addresses_that_are_in_bounds)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fetch_request request = {.plain = rows[i].plain, .near = rows[i].near};
		struct error err = {0};

		cr_assert_eq(hop_check(&request, rows[i].url, &err), rows[i].code, "%s: %s",
			     rows[i].url, err.text);
	}
}

Test(hop, shows_no_query_of_a_refused_address)
{
	const struct fetch_request request = {0};
	struct error err = {0};

	cr_assert_eq(hop_check(&request, "http://host/a?token=canary", &err), -EPROTO);
	cr_assert_null(strstr(err.text, "canary"), "%s", err.text);
}

struct follow {
	const char *url;
	const char *location;
	const char *to; /* NULL: refused */
};

static const struct follow follows[] = {
	{"https://host/a/b", "c", "https://host/a/c"},
	{"https://host/a/b", "/c?d", "https://host/c?d"},
	{"https://host/a/b", "//other/c", "https://other/c"},
	{"https://host/a/b", "https://other:1/c", "https://other:1/c"},
	{"http://host/a", "https://host/a", "https://host/a"},
	{"http://host/a", "http://other/a", "http://other/a"},
	{"https://host/a", "http://host/a", NULL},
	{"HTTPS://host/a", "http://host/a", NULL},
	{"http://host/a", "file:///etc/passwd", NULL},
	{"http://host/a", "gopher://host/", NULL},
	{"http://host/a", "http://me@host/", NULL},
	{"http://host/a", "http://127.0.0.1/", NULL},
	{"http://host/a", "http://[::]/", NULL},
	{"http://host/a", "", NULL},
	{"http://host/a", "javascript:alert(1)", NULL},
};

Test(hop, follows_a_redirect_never_from_https_to_http)
{
	const struct fetch_request request = {.plain = true};

	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++) {
		struct error err = {0};
		char *to = NULL;
		int rc = hop_follow(&request, follows[i].url, follows[i].location, &to, &err);

		if (follows[i].to == NULL) {
			cr_assert_eq(rc, -EPROTO, "%s leads to %s", follows[i].location, to);
		} else {
			cr_assert_eq(rc, 0, "%s: %s", follows[i].location, err.text);
			cr_assert_str_eq(to, follows[i].to);
		}
		free(to);
	}
}

Test(hop, has_the_same_origin_with_scheme_host_and_port)
{
	cr_assert(hop_same_origin("https://host/a", "https://HOST:443/b"));
	cr_assert(hop_same_origin("https://host:8443/a", "https://host:8443/"));
	cr_assert_not(hop_same_origin("https://host/a", "https://host:8443/a"));
	cr_assert_not(hop_same_origin("https://host/a", "http://host/a"));
	cr_assert_not(hop_same_origin("https://host/a", "https://host.evil/a"));
	cr_assert_not(hop_same_origin("https://host/a", "https://sub.host/a"));
	cr_assert_not(hop_same_origin("https://host/a", ""));
	cr_assert_not(hop_same_origin("", ""));
}
