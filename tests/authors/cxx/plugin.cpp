// A preflight plugin in C++: no exception may leave check().
#include <banger/preflight.h>

#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

namespace
{

long available_kib(const std::string &root)
{
	std::ifstream file(root + "/proc/meminfo");
	std::string key;

	while (file >> key) {
		if (key == "MemAvailable:") {
			long value = 0;

			file >> value;
			return value;
		}
	}
	throw std::runtime_error("/proc/meminfo does not say what is available");
}

int report(const pf_host *h)
{
	const char *root = h->subject(h, "root");
	const long least = std::stol(h->config(h, "least_kib"));
	const long have = available_kib(root != nullptr ? root : "");
	const std::string text = std::to_string(have) + " KiB of memory are available";

	(void)h->fact_i64(h, "available_kib", have);
	return have < least ? h->finding(h, PF_BUSY, "memory.low", text.c_str(), "wait")
			    : h->finding(h, PF_COMPATIBLE, "memory.enough", text.c_str(), nullptr);
}

extern "C" int check(const pf_host *h)
{
	try {
		return report(h);
	} catch (const std::exception &why) {
		return h->finding(h, PF_ERROR, "memory.unknown", why.what(), "correct least_kib");
	}
}

const pf_option options[] = {
	{"least_kib", "1", "less than this means: not now"},
	{nullptr, nullptr, nullptr},
};

} // namespace

PF_PLUGIN(.name = "memory-left", .version = "1", .summary = "is there memory left?",
	  .options = options, .check = check);
