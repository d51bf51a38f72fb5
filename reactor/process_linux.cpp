#include "reactor/sys.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reactor::sys {

namespace {

// The second number of /proc/self/statm, which is in pages.
std::uint64_t resident_bytes() {
    const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    std::array<char, 128> text{};
    const ssize_t size = ::read(fd, text.data(), text.size());
    ::close(fd);
    if (size <= 0) return 0;
    const std::string_view line(text.data(), static_cast<std::size_t>(size));
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) return 0;
    std::uint64_t pages = 0;
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), pages);
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Linux 6.2 and later say it as the size of the folder.
std::uint64_t descriptors() {
    struct stat folder {};
    return ::stat("/proc/self/fd", &folder) == 0 ? static_cast<std::uint64_t>(folder.st_size) : 0;
}

}  // namespace

Process process() {
    timespec cpu{};
    rlimit limit{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return {.cpu_ns = std::int64_t{cpu.tv_sec} * 1'000'000'000 + cpu.tv_nsec,
            .resident_bytes = resident_bytes(),
            .descriptors = descriptors(),
            .descriptors_max = limit.rlim_cur};
}

}  // namespace reactor::sys
