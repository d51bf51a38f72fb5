// The least that a kernel asks for the work of a herd: what `herd` is measured against.

#include "bench/floor/event_loop.hpp"
#include "bench/floor/flood.hpp"
#include "bench/floor/handshakes.hpp"
#include "bench/floor/line_server.hpp"
#include "bench/floor/lookup_server.hpp"
#include "bench/floor/relay.hpp"
#include "bench/floor/tls_server.hpp"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
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
        "       herd-floor flood NAME CLIENT_PORT PEER_PORT NEXT_PORT... [--spin]\n"
        "       herd-floor tls KEYS NAME PORT [--spin]\n"
        "       herd-floor handshakes KEYS NAME SECONDS\n"
        "KEYS is a folder that `herd keys` has made, NAME a server of it.\n",
        stderr);
    return 2;
}

// The arguments from `begin` on: ports, or seconds; empty if one is neither.
std::vector<std::uint16_t> numbers(const std::vector<std::string_view>& arguments,
                                   std::size_t begin) {
    std::vector<std::uint16_t> numbers;
    for (std::size_t i = begin; i < arguments.size(); ++i) {
        const std::string_view text = arguments[i];
        std::uint16_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size() || number == 0) return {};
        numbers.push_back(number);
    }
    return numbers;
}

// How many arguments stand in front of the numbers.
std::size_t words(std::string_view kind) {
    if (kind == "flood") return 2;
    return kind == "tls" || kind == "handshakes" ? 3 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string_view> arguments{argv + 1, argv + argc};
    const bool spin = std::erase(arguments, "--spin") > 0;
    if (arguments.empty()) return usage();
    const std::string_view kind = arguments[0];
    const std::vector<std::uint16_t> at = numbers(arguments, words(kind));
    if (kind == "handshakes" && at.size() == 1) {
        const bench::floor::Handshakes handshakes{
            std::string{arguments[1]}, std::string{arguments[2]}, std::chrono::seconds{at[0]}};
        std::printf("{\"server_cpu_ns_per_handshake\": %.0f, \"without_pauses_ns\": %.0f}\n",
                    handshakes.ns(),
                    handshakes.ns_without_pauses());
        return 0;
    }
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
    if (kind == "tls" && at.size() == 1) {
        const bench::floor::TlsServer server{
            loop, at[0], std::string{arguments[1]}, std::string{arguments[2]}};
        loop.run();
    }
    return usage();
}
