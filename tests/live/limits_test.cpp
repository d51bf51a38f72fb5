#include "tests/live/process.hpp"
#include "tests/live/stepped_herd.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <deque>
#include <string>

using namespace live;

namespace {

const std::string where = " +34.068930-118.445127 1600000000.5";

// One server with few of everything, in this process.
herd::config::Config small_server(const TemporaryFolder& folder) {
    herd::config::Config config;
    const auto any = reactor::Address::loopback(0);
    config.servers = {{"Small", any, any, {}}};
    config.limits.clients = 100;
    config.limits.connections = 50;
    config.limits.blocks = 2000;
    config.log = {folder.path(), false};
    return config;
}

std::string at_line(Asker& client, const std::string& name) {
    return client.ask("IAMAT " + name + where);
}

}  // namespace

TEST_CASE(
    "limits: half a line, silence, idleness and answers not read each end their own connection",
    "[live][limits]") {
    const TemporaryFolder folder;
    herd::config::Config config = small_server(folder);
    config.limits.first_line_ms = config.limits.rest_of_line_ms = 1000;
    config.limits.idle_ms = config.limits.drain_ms = config.limits.linger_ms = 1000;
    SteppedHerd herd(config);
    const auto& counters = herd[0].counters();
    Asker silent(herd, herd[0]);
    Asker half(herd, herd[0]);
    Asker idle(herd, herd[0]);
    Asker deaf(herd, herd[0], 4096);
    Asker busy(herd, herd[0]);
    REQUIRE(half.say("IAMAT c +34"));
    REQUIRE(at_line(idle, "c").starts_with("AT Small "));
    const std::string shout = std::string(8000, 'x') + "\n";
    const auto keep_busy = [&] { return at_line(busy, "b").starts_with("AT Small "); };
    // Until the server does not read on.
    int refused = 0;
    while (refused < 100) {
        refused = deaf.say(shout) ? 0 : refused + 1;
        REQUIRE(keep_busy());
    }
    for (Asker* client : {&silent, &half, &idle, &deaf}) {
        const auto end = Clock::now() + deadline;
        while (client == &deaf ? counters.slow_readers == 0 : !client->ended()) {
            REQUIRE(keep_busy());
            REQUIRE(Clock::now() < end);
        }
    }
    CHECK(counters.silent_at_first == 1);
    CHECK(counters.slow_lines == 1);
    CHECK(counters.idle == 1);
    CHECK(counters.slow_readers == 1);
    CHECK_FALSE(busy.ended());
    CHECK(herd[0].clients().size() == 1);
}

TEST_CASE("limits: a client that keeps a finished connection open is closed", "[live][limits]") {
    const TemporaryFolder folder;
    herd::config::Config config = small_server(folder);
    config.limits.linger_ms = 1000;
    SteppedHerd herd(config);
    Asker stays(herd, herd[0]);
    REQUIRE(at_line(stays, "c").starts_with("AT "));
    herd[0].shut_down();
    stays.hear_end();
    CHECK(herd[0].clients().size() == 1);
    herd.run_until([&] { return herd[0].clients().size() == 0; });
    CHECK(herd[0].counters().lingered == 1);
}

TEST_CASE("limits: with all connections taken the one idle for longest makes room",
          "[live][limits]") {
    const TemporaryFolder folder;
    herd::config::Config config = small_server(folder);
    config.limits.connections = 4;
    SteppedHerd herd(config);
    Asker oldest(herd, herd[0]);
    at_line(oldest, "a");
    const auto since = Clock::now();
    herd.run_until([&] { return Clock::now() - since > std::chrono::milliseconds(2100); });
    Asker second(herd, herd[0]);
    Asker third(herd, herd[0]);
    at_line(second, "b");
    at_line(third, "c");
    CHECK(herd[0].counters().clients_evicted == 0);
    Asker fourth(herd, herd[0]);
    CHECK(at_line(fourth, "d").starts_with("AT "));
    CHECK(herd[0].counters().clients_evicted == 1);
    CHECK(oldest.ended());
    CHECK(at_line(second, "b").starts_with("AT "));
    CHECK(at_line(third, "c").starts_with("AT "));
}

TEST_CASE("limits: those who came all at once make room when they have become idle",
          "[live][limits]") {
    const TemporaryFolder folder;
    herd::config::Config config = small_server(folder);
    config.limits.connections = 4;
    SteppedHerd herd(config);
    std::deque<Asker> crowd;
    for (int i = 0; i < 4; ++i) {
        at_line(crowd.emplace_back(herd, herd[0]), "c" + std::to_string(i));
    }
    Asker late(herd, herd[0]);
    CHECK(at_line(late, "late").starts_with("AT "));
    CHECK(herd[0].counters().clients_evicted >= 1);
}

TEST_CASE("limits: a line of line_max bytes is handled in full, however it arrives",
          "[live][limits]") {
    const TemporaryFolder folder;
    const herd::config::Config config = small_server(folder);
    SteppedHerd herd(config);
    const std::string start = "IAMAT ";
    const std::string longest(config.limits.line_max - start.size() - where.size(), 'n');
    const std::string line = start + longest + where;
    REQUIRE(line.size() == config.limits.line_max);
    Asker client(herd, herd[0]);
    const auto is_good = [&](const std::string& answer) {
        return answer.starts_with("AT Small ") && answer.ends_with(longest + where + "\n");
    };
    CHECK(is_good(client.ask(line)));
    CHECK(is_good(client.ask(line + "\r")));
    const auto& counters = herd[0].counters();
    Asker other(herd, herd[0]);
    const std::string crlf = line + "\r\n";
    for (const std::size_t cut : {std::size_t{1}, line.size() - 1, line.size(), line.size() + 1}) {
        INFO("cut at " << cut);
        REQUIRE(client.say(crlf.substr(0, cut)));
        for (int i = 0; i < 3; ++i) at_line(other, "o");
        REQUIRE(client.say(crlf.substr(cut)));
        CHECK(is_good(client.hear_until("\n")));
    }
    CHECK(counters.lines_too_long == 0);
}

TEST_CASE("limits: a longer line is refused with as much of it as a line may have, and no more",
          "[live][limits]") {
    const TemporaryFolder folder;
    const herd::config::Config config = small_server(folder);
    const std::size_t most = config.limits.line_max;
    SteppedHerd herd(config);
    Asker client(herd, herd[0]);
    for (const std::size_t size : {most + 1, most + 2, 2 * most, std::size_t{200'000}}) {
        REQUIRE(client.say(std::string(size, 'x')));
        REQUIRE(client.say("\n"));
        CHECK(client.hear_until("\n") == "? " + std::string(most, 'x') + "\n");
        CHECK(at_line(client, "c").starts_with("AT "));
    }
    CHECK(herd[0].counters().lines_too_long == 4);
}

TEST_CASE("limits: a full table refuses new clients, and still updates those it knows",
          "[live][limits]") {
    const TemporaryFolder folder;
    herd::config::Config config = small_server(folder);
    config.limits.clients = 3;
    SteppedHerd herd(config);
    Asker client(herd, herd[0]);
    for (const std::string name : {"a", "b", "c"}) CHECK(at_line(client, name).starts_with("AT "));
    CHECK(at_line(client, "d") == "? IAMAT d" + where + "\n");
    CHECK(herd[0].counters().table_full == 1);
    const std::string newer = client.ask("IAMAT b +1-1 1600000001");
    CHECK(newer.starts_with("AT "));
    REQUIRE(client.say("WHATSAT b 1 0\n"));
    CHECK(client.hear_until("\n\n").starts_with(newer));
}

TEST_CASE("limits: without long storage a long name is refused, a short one is not",
          "[live][limits]") {
    const TemporaryFolder folder;
    herd::config::Config config = small_server(folder);
    config.limits.long_records = 2;
    SteppedHerd herd(config);
    Asker client(herd, herd[0]);
    const std::string name(3000, 'n');
    CHECK(at_line(client, name + "1").starts_with("AT "));
    CHECK(at_line(client, name + "2").starts_with("AT "));
    CHECK(at_line(client, name + "3") == "? IAMAT " + name + "3" + where + "\n");
    CHECK(herd[0].counters().long_records_full == 1);
    CHECK(at_line(client, "short").starts_with("AT "));
    CHECK(client.ask("IAMAT " + name + "2 +1-1 1600000001").starts_with("AT "));
}
