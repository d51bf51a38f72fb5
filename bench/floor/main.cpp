// The least that a kernel asks for the work of a herd: what `herd` is measured against.

#include "bench/floor/event_loop.hpp"
#include "bench/floor/flood.hpp"
#include "bench/floor/line_server.hpp"
#include "bench/floor/lookup_server.hpp"
#include "bench/floor/relay.hpp"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using bench::floor::Port;

int usage() {
    std::fputs(
        "usage: herd-floor line PORT [--spin]\n"
        "       herd-floor lookup PORT PLACES_PORT [--spin]\n"
        "       herd-floor relay PORT NEXT_PORT [--spin]\n"
        "       herd-floor flood NAME CLIENT_PORT PEER_PORT NEXT_PORT... [--spin]\n",
        stderr);
    return 2;
}

// The arguments from `begin` on; empty if one is not a port.
std::vector<Port> ports(const std::vector<std::string_view>& arguments, std::size_t begin) {
    std::vector<Port> ports;
    for (std::size_t i = begin; i < arguments.size(); ++i) {
        const std::string_view text = arguments[i];
        Port port = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (error != std::errc{} || end != text.data() + text.size() || port == 0) return {};
        ports.push_back(port);
    }
    return ports;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string_view> arguments{argv + 1, argv + argc};
    const bool spin = std::erase(arguments, "--spin") > 0;
    if (arguments.empty()) return usage();
    const std::string_view kind = arguments[0];
    const std::vector<Port> at = ports(arguments, kind == "flood" ? 2 : 1);
    bench::floor::EventLoop loop{spin};
    if (kind == "line" && at.size() == 1) {
        const bench::floor::LineServer server{loop, at[0]};
        loop.run();
    }
    if (kind == "lookup" && at.size() == 2) {
        const bench::floor::LookupServer server{loop, at[0], at[1]};
        loop.run();
    }
    if (kind == "relay" && at.size() == 2) {
        const bench::floor::Relay relay{loop, at[0], at[1]};
        loop.run();
    }
    if (kind == "flood" && at.size() >= 2) {
        const std::vector<Port> next{at.begin() + 2, at.end()};
        const bench::floor::Flood flood{loop, std::string{arguments[1]}, at[0], at[1], next};
        loop.run();
    }
    return usage();
}
