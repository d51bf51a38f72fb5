#include "reactor/calls_linux.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

Result<int> open_notifier(std::string_view address) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (address.size() < 2 || address.size() >= sizeof to.sun_path) return failure(EINVAL);
    std::ranges::copy(address, to.sun_path);
    if (address.front() == '@') to.sun_path[0] = '\0';
    auto fd = check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fd;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    const auto connected = check_done(::connect(*fd, reinterpret_cast<const sockaddr*>(&to), size));
    if (connected) return fd;
    ::close(*fd);
    return std::unexpected(connected.error());
}

Result<void> notify(int notifier, std::string_view message, int descriptor) {
    std::array<char, 1024> text{};
    if (message.size() > text.size()) return failure(EMSGSIZE);
    std::ranges::copy(message, text.begin());
    iovec part{text.data(), message.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptor)> beside{};
    msghdr whole{};
    whole.msg_iov = &part;
    whole.msg_iovlen = 1;
    if (descriptor >= 0) {
        whole.msg_control = beside.data();
        whole.msg_controllen = beside.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&whole);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof descriptor);
        std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    }
    const auto sent = repeat([&] { return ::sendmsg(notifier, &whole, MSG_NOSIGNAL); });
    return check_done(static_cast<int>(sent));
}

bool is_file(int fd, std::uint64_t device, std::uint64_t number) {
    struct stat file {};
    return ::fstat(fd, &file) == 0 && file.st_dev == device && file.st_ino == number;
}

}  // namespace reactor::sys
