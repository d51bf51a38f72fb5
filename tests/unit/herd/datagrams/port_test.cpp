#include "herd/datagrams/port.hpp"

#include "herd/access/grant.hpp"
#include "herd/access/token.hpp"
#include "tests/sim/random.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace port_test {

using namespace herd;
using namespace herd::small_world;

namespace {

constexpr std::uint16_t udp_port = 1600;
constexpr std::int64_t start_s = 1'767'225'600;  // 2026-01-01, when the clocks begin

config::Config with_udp() {
    config::Config config = herd_of_two();
    config.servers[0].udp = reactor::Address::loopback(udp_port);
    return config;
}

reactor::Address address(const std::string& text) {
    return *reactor::Address::parse(text, 5000);
}

struct Field : World {
    explicit Field(const config::Config& wanted = with_udp(), std::size_t count = 1)
        : World(wanted, count) {}

    void send(const std::string& datagram, const std::string& from = "192.0.2.1") {
        kernel.send_datagram(address(from), udp_port, datagram);
        run(100us);
    }
    // Where the server has it that a client is, and since when.
    std::string where(const std::string& client, Server& server) {
        const table::Record* const record = server.table().find(client);
        if (record == nullptr) return "nowhere";
        const std::string line(server.table().line(*record));
        return line.substr(line.find(' ' + client + ' ') + client.size() + 2);
    }
    std::string where(const std::string& client) { return where(client, a()); }
    const watch::Counters& counters() { return a().counters(); }
};

std::string token(const std::string& pattern, access::Rights rights = {.report = true}) {
    const auto keys = access::Secret::parse(secret);
    REQUIRE(keys);
    const auto made = access::mint(
        *keys,
        {.pattern = *access::Pattern::parse(pattern), .rights = rights, .until_s = start_s + 60});
    REQUIRE(made);
    return *made;
}

config::Config with_tokens(bool in_the_clear = true) {
    config::Config config = with_udp();
    config.access.secret_file = "secret";
    config.access.in_the_clear = in_the_clear;
    return config;
}

}  // namespace

TEST_CASE("udp: a datagram is a report, with the end of a line or without", "[herd]") {
    Field field(with_udp(), 2);
    field.run(100ms);
    field.send("IAMAT kiwi +1-1 1");
    CHECK(field.where("kiwi") == "+1-1 1");
    field.send("IAMAT kiwi +1-1 2\n");
    CHECK(field.where("kiwi") == "+1-1 2");
    field.send(" IAMAT  kiwi  +1-1  3 \r\n");
    CHECK(field.where("kiwi") == "+1-1 3");
    CHECK(field.counters().datagrams == 3);
    CHECK(field.counters().iamat == 3);
    // It is on its way like any other.
    field.run(10ms);
    CHECK(field.where("kiwi", field.b()) == "+1-1 3");
}

TEST_CASE("udp: lost, mixed up and doubled, the newest of what has come counts", "[herd]") {
    Field field;
    sim::Random random(7);
    std::vector<std::string> sent;
    std::vector<int> newest(10, -1);
    for (int client = 0; client < 10; ++client) {
        for (int stamp = 0; stamp < 40; ++stamp) {
            if (random.chance(30)) continue;
            newest[static_cast<std::size_t>(client)] = stamp;
            const std::string each = "IAMAT c" + std::to_string(client) + " +" +
                                     std::to_string(stamp) + "-1 " +
                                     std::to_string(start_s + stamp);
            sent.insert(sent.end(), 1 + random.below(3), each);
        }
    }
    for (std::size_t i = sent.size(); i > 1; --i) std::swap(sent[i - 1], sent[random.below(i)]);
    for (const std::string& each : sent)
        field.kernel.send_datagram(address("192.0.2.1"), udp_port, each);
    field.run(10ms);
    for (int client = 0; client < 10; ++client) {
        const std::string stamp = std::to_string(newest[static_cast<std::size_t>(client)]);
        CHECK(field.where("c" + std::to_string(client)) ==
              "+" + stamp + "-1 " +
                  std::to_string(start_s + newest[static_cast<std::size_t>(client)]));
    }
    CHECK(field.counters().datagrams == sent.size());
    CHECK(field.counters().iamat_old > 0);
}

TEST_CASE("udp: what is no report, or not one alone, is ignored and counted", "[herd]") {
    Field field;
    const std::vector<std::string> wrong = {
        "",
        "\n",
        "IAMAT",
        "IAMAT kiwi +1-1",
        "IAMAT kiwi +1-1 1 1",
        "iamat kiwi +1-1 1",
        "WHATSAT kiwi 10 5",
        "SYNC",
        "AUTH * token",
        "IAMAT kiwi +1-1 1\nIAMAT pear +1-1 1",
        "IAMAT kiwi +1-1 1\n\n",
        "IAMAT kiwi\n+1-1 1",
        "AUTH * token\nWHATSAT kiwi 10 5",
        "AUTH * token\nAUTH * token\nIAMAT kiwi +1-1 1",
        "AUTH * token\nIAMAT kiwi +1-1 1\nIAMAT pear +1-1 1",
        "\x16\x03\x01",
        std::string("IAMAT kiwi +1-1 1\0", 18),
        "IAMAT kiwi +1-1 -9000000000",
    };
    for (const std::string& each : wrong) field.send(each);
    CHECK(field.counters().datagrams_malformed == wrong.size());
    CHECK(field.counters().datagrams == 0);
    CHECK(field.where("kiwi") == "nowhere");
    CHECK(field.counters().invalid == 0);
    field.send("IAMAT kiwi +1-1 1");
    CHECK(field.where("kiwi") == "+1-1 1");
}

TEST_CASE("udp: without limited access a token is no matter", "[herd]") {
    Field field;
    field.send("AUTH * any\nIAMAT kiwi +1-1 1\n");
    CHECK(field.where("kiwi") == "+1-1 1");
}

TEST_CASE("udp: a datagram has 1,232 bytes, and its report limits.line_max", "[herd]") {
    config::Config config = with_udp();
    config.limits.line_max = 1200;
    Field field(config);
    const auto of_size = [](std::size_t size) {
        const std::string rest = " +1-1 1";
        return "IAMAT " + std::string(size - 6 - rest.size(), 'k') + rest;
    };
    field.send(of_size(1200));
    CHECK(field.counters().datagrams == 1);
    field.send(of_size(1201));
    field.send(of_size(1232));
    field.send(of_size(1233));
    field.send(of_size(60'000));
    CHECK(field.counters().datagrams_too_long == 4);
    CHECK(field.counters().datagrams_malformed == 0);
    CHECK(field.a().table().size() == 1);
}

TEST_CASE("udp: what the intake refuses is ignored, as its counters say", "[herd]") {
    config::Config config = with_udp();
    config.max_future_ms = 1000;
    config.ttl_s = 60;
    Field field(config);
    field.send("IAMAT kiwi +1-1 " + std::to_string(start_s + 60));
    field.send("IAMAT kiwi +1-1 " + std::to_string(start_s - 200));
    CHECK(field.counters().future_stamps == 1);
    CHECK(field.counters().expired_stamps == 1);
    CHECK(field.counters().datagrams == 0);
    CHECK(field.where("kiwi") == "nowhere");
}

TEST_CASE("udp: an address has so many datagrams in a second", "[herd]") {
    config::Config config = with_udp();
    config.limits.datagrams_per_s = 5;
    Field field(config);
    for (int i = 1; i <= 8; ++i) field.send("IAMAT kiwi +1-1 " + std::to_string(i));
    CHECK(field.where("kiwi") == "+1-1 5");
    CHECK(field.counters().datagrams_limited == 3);
    // Not with those of others, nor what is on this host.
    field.send("IAMAT pear +1-1 1", "198.51.100.7");
    CHECK(field.where("pear") == "+1-1 1");
    for (int i = 1; i <= 8; ++i) field.send("IAMAT fig +1-1 " + std::to_string(i), "127.0.0.1");
    CHECK(field.where("fig") == "+1-1 8");
    field.run(1s);
    field.send("IAMAT kiwi +1-1 9");
    CHECK(field.where("kiwi") == "+1-1 9");
}

TEST_CASE("udp: of the last slots all addresses together may have a few in a second", "[herd]") {
    config::Config config = with_udp();
    config.limits.clients = 8;
    config.limits.new_clients_per_s = 1;
    Field field(config);
    for (int i = 0; i < 8; ++i) {
        const std::string number = std::to_string(i);
        field.send("IAMAT c" + number + " +1-1 1", "192.0.2." + number);
    }
    CHECK(field.a().table().size() == 7);
    CHECK(field.counters().newcomers_refused == 1);
    field.send("IAMAT here +1-1 1", "127.0.0.1");
    CHECK(field.a().table().size() == 8);
    field.send("IAMAT here2 +1-1 1", "127.0.0.1");
    CHECK(field.counters().table_full == 1);
}

TEST_CASE("udp: with limited access the token stands before the report", "[herd]") {
    Field field(with_tokens());
    const std::string good = "AUTH bus-* " + token("bus-*") + "\n";
    field.send(good + "IAMAT bus-7 +1-1 1\n");
    CHECK(field.where("bus-7") == "+1-1 1");
    field.send("AUTH bus-7 " + token("bus-*") + "\r\nIAMAT bus-7 +1-1 2");
    CHECK(field.where("bus-7") == "+1-1 2");
    const std::vector<std::string> wrong = {
        "IAMAT bus-7 +1-1 3",
        good + "IAMAT tram-7 +1-1 3",
        "AUTH bus-8 " + token("bus-*") + "\nIAMAT bus-7 +1-1 3",
        "AUTH * " + token("bus-*") + "\nIAMAT bus-7 +1-1 3",
        "AUTH bus-* " + token("bus-*", {.ask = true}) + "\nIAMAT bus-7 +1-1 3",
        "AUTH bus-* wrong\nIAMAT bus-7 +1-1 3",
        "AUTH bus-*\nIAMAT bus-7 +1-1 3",
    };
    for (const std::string& each : wrong) field.send(each);
    CHECK(field.counters().datagrams_denied == wrong.size());
    CHECK(field.counters().tokens_wrong == 1);
    CHECK(field.where("bus-7") == "+1-1 2");
    CHECK(field.a().table().size() == 1);
    field.run(61s);
    field.send(good + "IAMAT bus-7 +1-1 4");
    CHECK(field.counters().tokens_expired == 1);
    CHECK(field.where("bus-7") == "+1-1 2");
}

TEST_CASE("udp: a token from another machine is taken in the clear only", "[herd]") {
    Field field(with_tokens(false));
    const std::string good = "AUTH * " + token("*") + "\nIAMAT kiwi +1-1 ";
    field.send(good + "1");
    CHECK(field.where("kiwi") == "nowhere");
    CHECK(field.counters().tokens_in_the_clear == 1);
    CHECK(field.counters().datagrams_denied == 1);
    field.send(good + "2", "127.0.0.1");
    CHECK(field.where("kiwi") == "+1-1 2");
}

TEST_CASE("udp: a flood has a part of each iteration, and all of it is taken", "[herd]") {
    config::Config config = with_udp();
    config.limits.datagrams_per_s = 1'000'000;
    Field field(config);
    for (int i = 1; i <= 1000; ++i) {
        field.kernel.send_datagram(
            address("192.0.2.1"), udp_port, "IAMAT kiwi +1-1 " + std::to_string(i));
    }
    field.kernel.advance_to(field.kernel.now_ns() + 2'000'000);
    field.kernel.enter(0);
    field.servers[0]->loop.run_once();
    CHECK(field.counters().datagrams == reactor::sys::datagrams_max);
    field.run(1ms);
    CHECK(field.counters().datagrams == 1000);
    CHECK(field.where("kiwi") == "+1-1 1000");
}

TEST_CASE("udp: what is ignored is said once a second, and how much it was", "[herd]") {
    Field field;
    field.kernel.log_of(0).keeps = true;
    for (int i = 0; i < 50; ++i) field.send("nonsense");
    field.run(5s);
    const std::string& log = field.kernel.log_of(0).kept;
    std::size_t said = 0;
    for (std::size_t at = 0; (at = log.find("datagrams_ignored", at)) != std::string::npos; ++at) {
        ++said;
    }
    CHECK(said >= 1);
    CHECK(said <= 2);
    CHECK(log.find("nonsense") == std::string::npos);
}

TEST_CASE("udp: while the server ends nothing is taken", "[herd]") {
    Field field;
    field.send("IAMAT kiwi +1-1 1");
    field.kernel.enter(0);
    field.a().shut_down();
    field.send("IAMAT kiwi +1-1 2");
    CHECK(field.where("kiwi") == "+1-1 1");
}

}  // namespace port_test
