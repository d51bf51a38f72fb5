#include "tests/live/ports.hpp"

#include "tests/live/client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace live {

namespace {

// A port that is only found free is another's before its server binds it, or while that is
// restarted. So each is taken by a mark as well: an abstract Unix socket of that number, of which
// the kernel has one per network namespace, and which goes with the process. The scripts do the
// same (bench/ports.py).
// Its descriptor; -1: somebody else has it.
int mark(std::uint16_t port) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "mark of a port");
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string text = "herd-test-port-" + std::to_string(port);
    std::ranges::copy(text, name.sun_path + 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), size) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

std::vector<std::uint16_t> take_ports(std::size_t count) {
    constexpr int first = 22'000;
    constexpr int size = 10'000;
    // The golden section of the range: processes that run at once begin far from each other.
    constexpr long apart = 6'181;
    static int next = static_cast<int>(static_cast<long>(getpid()) * apart % size);
    std::vector<std::uint16_t> ports;
    for (int tries = 0; ports.size() < count; ++tries) {
        if (tries == size) throw std::runtime_error("no free ports");
        const auto port = static_cast<std::uint16_t>(first + next++ % size);
        const int fd = mark(port);
        if (fd < 0) continue;
        if (LoopbackSocket(port).bind()) {
            ports.push_back(port);
        } else {
            ::close(fd);
        }
    }
    return ports;
}

}  // namespace live
