#include "bench/usage.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
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

// The bytes that such a file says, in kB, behind `name`.
std::int64_t bytes_said(const std::string& path, std::string_view name) {
    std::ifstream file(path);
    for (std::string word; file >> word;) {
        std::int64_t kilobytes = 0;
        if (word == name && file >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}

std::string folder_of(int pid) {
    return "/proc/" + std::to_string(pid);
}

}  // namespace

Usage usage_of(std::span<const int> pids) {
    Usage usage;
    for (const int pid : pids) {
        const std::string process = folder_of(pid);
        usage.cpu_ns += cpu_ns(process);
        usage.resident_bytes += bytes_said(process + "/status", "VmRSS:");
    }
    return usage;
}

std::int64_t proportional_bytes(std::span<const int> pids) {
    std::int64_t sum = 0;
    for (const int pid : pids) sum += bytes_said(folder_of(pid) + "/smaps_rollup", "Pss:");
    return sum;
}

std::int64_t own_cpu_ns() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

}  // namespace bench
