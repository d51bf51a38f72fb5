// What a neighbour says, on either connection, harms nobody: it is what it may be, or the
// connection ends.
#include "herd/links/peer_link.hpp"
#include "protocol/at_line.hpp"
#include "tests/unit/herd/links/dialled_house.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

namespace lying_neighbour_test {

using namespace dialled;

namespace {

herd::watch::LinkStatus status_of(const House& house) {
    herd::watch::LinkStatus status{};
    house.server.neighbours().for_each(
        [&](const auto&, const auto& link) { status = link.status(); });
    return status;
}

// Waits for the next PING, and returns its token.
std::string next_token(House& house) {
    std::string heard;
    for (int i = 0; i < 200 && count(heard, "PING ") == 0; ++i) heard += house.hear(10ms);
    const std::size_t start = heard.rfind("PING ") + 5;
    return heard.substr(start, heard.find('\n', start) - start);
}

// A is linked anew with B, who says this, and hangs up on B for it.
bool hangs_up(House& house, const std::string& said) {
    house.hang_up();
    house.accept();
    house.welcome();
    const std::uint64_t bad = house.server.counters().peer_lines_bad;
    house.say(said);
    house.hear();
    return house.ended && house.server.counters().peer_lines_bad == bad + 1;
}

// A report of client `i` whose line has `size` bytes.
std::string line_of(std::uint32_t i, std::size_t size) {
    std::string line = "AT B +0.5 " + std::to_string(i) + "-";
    const std::string rest = " +1-1 5";
    REQUIRE(line.size() + rest.size() < size);
    line.append(size - line.size() - rest.size(), 'x');
    return line + rest;
}

}  // namespace

TEST_CASE("lying_neighbour: records of chosen lengths do not leave too little of a batch",
          "[herd][link]") {
    // A batch that ends anywhere near where it is full, with no record behind it.
    constexpr std::size_t longest = 300 + protocol::at_line_surplus;
    constexpr std::size_t count_max = 174;
    constexpr std::size_t full = (std::size_t{64} << 10) + 2 * longest;
    for (std::size_t total = full - 1000; total <= full; total += 7) {
        std::string lines;
        std::size_t left = total - (longest + 1);
        for (std::uint32_t i = 0; i + 1 < count_max; ++i) {
            const std::size_t size = std::min(left / (count_max - 1 - i), longest + 1);
            lines += line_of(i, size - 1) + "\n";
            left -= size;
        }
        lines += line_of(count_max, longest) + "\n";
        House house(256, count_max);
        house.kernel.buffer_size = 1'000'000;
        house.listen();
        house.greet_from_b(lines);
        REQUIRE(house.server.table().size() == count_max);
        // The run that they came from is over, so they go back to the next one.
        house.accept();
        std::string feed = house.welcome("0000000000000000 0 0 0", "000000000000000c");
        feed += house.hear(100ms);
        CHECK(count(feed, "AT B ") == count_max);
        CHECK(count(feed, "SEQ " + std::to_string(count_max)) == 1);
    }
}

TEST_CASE("lying_neighbour: a PONG that answers no PING ends the link", "[herd][link]") {
    House house;
    house.listen();
    house.accept();
    for (const std::string token :
         {"0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"}) {
        INFO(token);
        CHECK(hangs_up(house, "PONG " + token + "\n"));
        // Nor is it believed once there is a PING.
        house.hang_up();
        house.accept();
        house.welcome();
        next_token(house);
        house.say("PONG " + token + "\n");
        house.hear();
        CHECK(house.ended);
    }
    house.hang_up();
    house.accept();
    house.welcome();
    const std::string pong = "PONG " + next_token(house) + "\n";
    house.say(pong);
    house.hear();
    CHECK_FALSE(house.ended);
    CHECK(status_of(house).round_trip > 0ms);
    house.say(pong);
    house.hear();
    CHECK(house.ended);
}

TEST_CASE("lying_neighbour: PINGs of a slow way are answered late, and still measured",
          "[herd][link]") {
    House house;
    house.listen();
    house.accept();
    house.welcome();
    std::string unanswered = next_token(house);
    for (int i = 0; i < 10; ++i) {
        const std::string next = next_token(house);
        house.run(500ms);
        house.say("PONG " + unanswered + "\n");
        unanswered = next;
        house.hear();
        REQUIRE_FALSE(house.ended);
        CHECK(status_of(house).round_trip >= 1500ms);
        CHECK(status_of(house).round_trip <= 1600ms);
    }
}

TEST_CASE("lying_neighbour: what only a dialler says ends a link", "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 3);
    house.accept();
    for (const std::string line : {"HELLO 1 B 000000000000000b 0 0",
                                   "WELCOME 1 B 000000000000000b 0000000000000000 0 0 0 0",
                                   "AT B +0.5 c +1-1 5",
                                   "SEQ 1",
                                   "SWP 1 1",
                                   "SWP 0 0",
                                   "COOKIE 0000000000000000",
                                   "DIG 0 0 0 0 0 0 0 0 0",
                                   "PING 1",
                                   "STATUS",
                                   "ACK 4",
                                   "ACK 18446744073709551615"}) {
        INFO(line);
        CHECK(hangs_up(house, line + "\n"));
    }
    for (const std::string early : {"ACK 0\n", "PONG 1\n"}) {
        INFO(early);
        house.hang_up();
        house.accept();
        house.say(early);
        house.hear();
        CHECK(house.ended);
    }
    CHECK(house.server.table().size() == 3);
}

TEST_CASE("lying_neighbour: clocks may be apart by more than a number holds", "[herd][link]") {
    House house;
    house.listen();
    // Where the kernel's clocks begin; they go on for some seconds.
    constexpr std::int64_t start = 1'767'225'600'000'000'000;
    constexpr std::int64_t seconds = 100'000'000'000;
    struct {
        std::string clock;
        std::int64_t least, most;
    } const clocks[] = {
        {"-9223372036854775808", INT64_MIN, INT64_MIN},
        {"9223372036854775807", INT64_MAX - start - seconds, INT64_MAX - start},
        {"0", -start - seconds, -start},
    };
    for (const auto& [clock, least, most] : clocks) {
        INFO(clock);
        house.accept();
        house.say(std::string("WELCOME 1 B ") + epoch_b + " 0000000000000000 0 0 0 " + clock +
                  "\n");
        house.hear();
        CHECK(status_of(house).state == "live");
        CHECK(status_of(house).clock_difference_ns >= least);
        CHECK(status_of(house).clock_difference_ns <= most);
        house.hang_up();
    }
}

TEST_CASE("lying_neighbour: a position that is none of our feed's counts as the start",
          "[herd][link]") {
    House house;
    house.listen();
    house.report(0, 5);
    for (const std::string claim : {"6 0 0",
                                    "18446744073709551615 0 0",
                                    "0 6 0",
                                    "0 18446744073709551615 1",
                                    "0 5 6",
                                    "0 5 4294967295"}) {
        INFO(claim);
        house.accept();
        const std::string feed = house.welcome(house.in_run(claim));
        CHECK(count(feed, "AT A ") == 5);
        CHECK(feed.ends_with("SEQ 5\n"));
        CHECK(status_of(house).lag_records == 5);
        house.say("ACK 5\n");
        house.hear();
        CHECK_FALSE(house.ended);
        CHECK(status_of(house).lag_records == 0);
        house.say("ACK 6\n");
        house.hear();
        CHECK(house.ended);
    }
}

TEST_CASE("lying_neighbour: who is hung up on is dialled more and more seldom", "[herd][link]") {
    House house;
    house.listen();
    int links = 0;
    const std::int64_t until = house.kernel.now_ns() + 60'000'000'000;
    while (house.kernel.now_ns() < until) {
        if (house.accept().empty()) continue;
        house.welcome();
        house.say("PONG 1\n");
        house.hear();
        REQUIRE(house.ended);
        ++links;
    }
    CHECK(links >= 10);
    CHECK(links <= 40);
}

TEST_CASE("lying_neighbour: who asks much and reads nothing holds no memory for it",
          "[herd][peer]") {
    House house;
    house.kernel.buffer_size = 100'000;
    std::string lines;
    for (int i = 1; i <= 4000; ++i) lines += "PING " + std::to_string(i) + "\nSEQ 7\n";
    const int socket = house.greet_from_b("");
    house.receive(socket);
    house.kernel.enter(there);
    REQUIRE(*house.kernel.send(socket, lines) == lines.size());
    house.kernel.buffer_size = 1;
    house.run(1ms);
    CHECK(house.server.wire().blocks().in_use() == 1);
    house.kernel.buffer_size = 100'000;
    house.run(1ms);
    const std::string heard = house.receive(socket);
    CHECK(heard.ends_with("ACK 7\nPONG 4000\n"));
    CHECK(count(heard, "PONG ") <= 3);
}

TEST_CASE("lying_neighbour: a digest said many times at once is one round's", "[herd][peer]") {
    House house;
    house.report(0, 50);
    std::string lines;
    for (int round = 0; round < 10; ++round) {
        for (int first = 0; first < 4096; first += 8) {
            lines += "DIG " + std::to_string(first) + " 1 1 1 1 1 1 1 1\n";
        }
    }
    house.kernel.buffer_size = 1'000'000;
    const int socket = house.greet_from_b(lines);
    const auto say = [&] {
        house.kernel.enter(there);
        REQUIRE(*house.kernel.send(socket, lines) == lines.size());
        for (int i = 0; i < 10; ++i) {
            house.run(1s);
            house.kernel.enter(there);
            REQUIRE(house.kernel.send(socket, "PING 1\n").has_value());
        }
    };
    say();
    say();
    CHECK(house.server.counters().buckets_divergent == 0);
    say();
    CHECK(house.server.counters().buckets_divergent == 4096);
    CHECK(house.server.counters().records_repaired == 50);
}

TEST_CASE("lying_neighbour: a digest begins at a line's beginning", "[herd][peer]") {
    for (const std::string first : {"1", "4087", "4089", "4096", "4294967288", "4294967295"}) {
        INFO(first);
        House house;
        const int socket = house.greet_from_b("DIG " + first + " 0 0 0 0 0 0 0 0\n");
        CHECK(house.receive(socket).find("ERR 501 ") != std::string::npos);
    }
}

}  // namespace lying_neighbour_test
