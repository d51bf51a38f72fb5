#include "bench/usage.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace bench {

namespace {

// schedstat counts in nanoseconds, where stat counts in ticks of 10 ms.
std::int64_t cpu_ns(const std::string& process) {
    std::int64_t sum = 0;
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator(process + "/task", gone)) {
        std::ifstream file(thread.path() / "schedstat");
        std::int64_t ns = 0;
        if (file >> ns) sum += ns;
    }
    return sum;
}

std::int64_t resident_bytes(const std::string& process) {
    std::ifstream file(process + "/status");
    for (std::string word; file >> word;) {
        std::int64_t kilobytes = 0;
        if (word == "VmRSS:" && file >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}

}  // namespace

Usage usage_of(std::span<const int> pids) {
    Usage usage;
    for (const int pid : pids) {
        const std::string process = "/proc/" + std::to_string(pid);
        usage.cpu_ns += cpu_ns(process);
        usage.resident_bytes += resident_bytes(process);
    }
    return usage;
}

std::int64_t own_cpu_ns() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

}  // namespace bench
