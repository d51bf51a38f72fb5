#include "bench/fleet.hpp"

#include "bench/picker.hpp"
#include "protocol/command.hpp"
#include "protocol/peer_message.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

using bench::Fleet;
using bench::Picker;
using bench::Protocol;

namespace {

constexpr std::int64_t stamp = 1'700'000'000'012'345'678;

std::string report(Protocol protocol, std::uint32_t client, std::int64_t time = stamp) {
    std::array<char, Fleet::command_size_max> out{};
    return {out.data(), Fleet(protocol).report(out, client, time)};
}

std::string_view without_end(std::string_view line) {
    REQUIRE(line.ends_with('\n'));
    line.remove_suffix(1);
    return line;
}

}  // namespace

TEST_CASE("fleet: its IAMAT is one, with the client's name and the time as given",
          "[bench][fleet]") {
    for (const std::uint32_t client : {0U, 7U, 99'999'999U}) {
        const std::string line = report(Protocol::iamat, client);
        const auto command = protocol::parse_command(without_end(line));
        REQUIRE(command);
        const auto* const iamat = std::get_if<protocol::IamAt>(&*command);
        REQUIRE(iamat != nullptr);
        CHECK(iamat->client.size() == 24);
        CHECK(Fleet::index_of(iamat->client) == client);
        CHECK(iamat->time.nanoseconds == stamp);
    }
}

TEST_CASE("fleet: its AT line is one", "[bench][fleet]") {
    const std::string line = report(Protocol::at, 42);
    const auto message = protocol::parse_peer_message(without_end(line));
    REQUIRE(message);
    const auto* const at = std::get_if<protocol::AtLine>(&*message);
    REQUIRE(at != nullptr);
    CHECK(Fleet::index_of(at->client) == 42);
    CHECK(at->time.nanoseconds == stamp);
}

TEST_CASE("fleet: a NATS message says how long it is", "[bench][fleet]") {
    const std::string text = report(Protocol::nats, 42);
    const std::size_t end = text.find("\r\n");
    REQUIRE(end != std::string::npos);
    const std::string payload = text.substr(end + 2, text.size() - end - 4);
    CHECK(text.substr(0, end) == "PUB herd " + std::to_string(payload.size()));
    CHECK(text.ends_with("\r\n"));
    CHECK(protocol::parse_peer_message(payload).has_value());
}

TEST_CASE("fleet: a POST has a body as long as it says, and that is an IAMAT line",
          "[bench][fleet]") {
    const std::string text = report(Protocol::http, 42);
    const std::size_t end = text.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    const std::string body = text.substr(end + 4);
    CHECK(text.find("Content-Length: " + std::to_string(body.size()) + "\r\n") < end);
    CHECK(body == report(Protocol::iamat, 42));
}

TEST_CASE("fleet: the parts of Redis' commands are as long as they say", "[bench][fleet]") {
    const auto [protocol, parts] =
        GENERATE(std::pair(Protocol::geoadd, 5), std::pair(Protocol::set, 3));
    const std::string whole = report(protocol, 42);
    std::string_view text = whole;
    const auto line = [&text] {
        const std::size_t end = text.find("\r\n");
        REQUIRE(end != std::string_view::npos);
        const std::string_view taken = text.substr(0, end);
        text.remove_prefix(end + 2);
        return taken;
    };
    CHECK(line() == "*" + std::to_string(parts));
    for (int part = 0; part < parts; ++part) {
        const std::string_view size = line();
        CHECK(size == "$" + std::to_string(line().size()));
    }
    CHECK(text.empty());
}

TEST_CASE("fleet: a client moves", "[bench][fleet]") {
    const std::string before = report(Protocol::iamat, 5, stamp);
    const std::string after = report(Protocol::iamat, 5, stamp + 1'000'000'000);
    CHECK(before.substr(0, 31) == after.substr(0, 31));
    CHECK(before.substr(31, 21) != after.substr(31, 21));
}

TEST_CASE("fleet: names of others are none of its own", "[bench][fleet]") {
    for (const std::string_view name :
         {"", "bench-0000004.herd.test", "bench-0000000x.herd.test", "kiwi.cs.ucla.edu"}) {
        CAPTURE(name);
        CHECK_FALSE(Fleet::index_of(name));
    }
}

TEST_CASE("picker: everybody once, then everybody again", "[bench][picker]") {
    for (const auto order : {Picker::Order::in_turn, Picker::Order::scattered}) {
        for (const std::uint32_t clients : {1U, 2U, 7U, 1000U}) {
            Picker picker(clients, order);
            for (int round = 0; round < 2; ++round) {
                std::set<std::uint32_t> seen;
                for (std::uint32_t i = 0; i < clients; ++i) seen.insert(picker.next());
                CHECK(seen.size() == clients);
                CHECK(*seen.rbegin() == clients - 1);
            }
        }
    }
}
