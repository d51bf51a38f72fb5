#include "herd/program/wrong_port.hpp"

#include "herd/config/text.hpp"
#include "reactor/handshakes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace herd::program {

namespace {

// All answers begin so, and all that is pushed.
constexpr std::array<std::string_view, 9> beginnings = {
    "?", "AT ", "NEARBY ", "SYNC ", "AUTH ", "FOLLOW ", "UNFOLLOW ", "NOW ", "GONE "};

}  // namespace

std::string wrong_port(std::string_view line) {
    if (line == reactor::Handshakes::speaks_tls) {
        return "speaks TLS, and the configuration does not say so: it takes this server's "
               "`clients_tls` there, and `keys` or --ca FILE";
    }
    const auto begins = [&](std::string_view with) { return line.starts_with(with); };
    if (std::ranges::any_of(beginnings, begins)) return {};
    if (line.ends_with('\r')) line.remove_suffix(1);
    return "is no port for clients: it says " + config::quoted(line);
}

int fail_at_wrong_port(const reactor::Address& address, const std::string& wrong) {
    std::fprintf(stderr, "herd: %s %s\n", config::text_of(address).c_str(), wrong.c_str());
    return 1;
}

}  // namespace herd::program
