/*
 * Which paths systemd reads as units.
 */
#include <criterion/criterion.h>

#include "model/host.h"

Test(host, a_unit_lies_in_a_directory_of_units_and_ends_like_one)
{
	cr_expect(host_is_unit_file("/etc/systemd/system/bangerd.service"));
	cr_expect(host_is_unit_file("/usr/lib/systemd/system/bangerd@.socket"));
	cr_expect(host_is_unit_file("/srv/root/usr/lib/systemd/user/a.timer"));
	cr_expect(host_is_unit_file("/etc/systemd/system/bangerd.service.d/10-more.conf"));
}

Test(host, other_files_are_none)
{
	cr_expect(!host_is_unit_file("/usr/bin/bangerd"));
	cr_expect(!host_is_unit_file("/etc/systemd/system/bangerd"));
	cr_expect(!host_is_unit_file("/etc/banger/bangerd.service"));
	cr_expect(!host_is_unit_file("/etc/systemd/system.conf"));
	cr_expect(!host_is_unit_file("bangerd.service"));
}
