#include "tests/live/process.hpp"
#include "tests/live/stepped_herd.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};

void note_allocation() {
    if (counting.load(std::memory_order_relaxed)) ++allocations;
}

}  // namespace

// Operator new takes its memory here too.
#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_malloc_hook(const volatile void*, std::size_t) {  // NOLINT
    note_allocation();
}
#else
// The C library's own, under the names it keeps for whoever wraps them.
extern "C" void* __libc_malloc(std::size_t size);                     // NOLINT
extern "C" void* __libc_calloc(std::size_t count, std::size_t size);  // NOLINT
extern "C" void* __libc_realloc(void* start, std::size_t size);       // NOLINT

extern "C" void* malloc(std::size_t size) {
    note_allocation();
    return __libc_malloc(size);
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
    note_allocation();
    return __libc_calloc(count, size);
}
extern "C" void* realloc(void* start, std::size_t size) {
    note_allocation();
    return __libc_realloc(start, size);
}
#endif

namespace {

herd::config::Config three_in_a_row(const std::string& folder) {
    herd::config::Config config;
    const auto any = reactor::Address::loopback(0);
    config.servers = {{"Left", any, any, {"Middle"}},
                      {"Middle", any, any, {"Left", "Right"}},
                      {"Right", any, any, {"Middle"}}};
    config.limits.clients = 10'000;
    config.limits.connections = 100;
    config.limits.blocks = 1'000;
    config.log = {folder, false};
    return config;
}

std::string iamat(const std::string& client, int second) {
    return "IAMAT " + client + " +34.068930-118.445127 " + std::to_string(1'600'000'000 + second) +
           ".918963997\n";
}

// Ten commands of every kind; the last answer ends as below.
std::string ten_commands(int round) {
    const std::string client = "c" + std::to_string(round % 50);
    return iamat(client, round) + iamat(client, 0) + "WHATSAT " + client + " 10 0\n" + "WHATSAT " +
           client + " 10 2\n" + "NEARBY " + client + " 10 20\n" + "nonsense\r\n" +
           iamat(std::string(3000, 'l') + std::to_string(round % 5), round) +
           std::string(9000, 'x') + "\n\nIAMAT last\n";
}

constexpr std::string_view end_of_ten = "\n? IAMAT last\n";

}  // namespace

TEST_CASE("steady state: the counter sees what is allocated", "[live][steady_state]") {
    counting = true;
    const auto before = allocations.load();
    const auto owner = std::make_unique<std::string>(100, 'x');
    void* volatile block = std::malloc(10);
    counting = false;
    std::free(block);
    CHECK(owner->size() == 100);
    CHECK(allocations.load() == before + 3);
}

TEST_CASE("steady state: 10,000 commands and 1,000 floods allocate nothing",
          "[live][steady_state]") {
    const live::TemporaryFolder folder;
    herd::config::Config config = three_in_a_row(folder.path());
    SECTION("without a journal") {}
    SECTION("with a journal, synced each second") {
        config.journal = {folder.path(), herd::config::Fsync::second};
    }
    SECTION("with a journal that is synced before each answer") {
        config.journal = {folder.path(), herd::config::Fsync::always};
    }
    live::SteppedHerd herd(config, [](bool moves) { counting = moves; });
    herd.run_until([&] {
        return herd[1].neighbours().reach().live == 2 && herd[2].neighbours().reach().live == 1;
    });
    live::Asker left(herd, herd[0]);
    const auto round = [&](int number) {
        REQUIRE(left.say(ten_commands(number)));
        left.hear_until(end_of_ten);
        if (number % 10 != 0) return;
        live::Asker guest(herd, herd[2]);
        REQUIRE(guest.say("IAMAT guest"));
        REQUIRE(guest.say(" +1-2 " + std::to_string(number) + "\nrest"));
        guest.half_close();
        guest.hear_end();
    };
    for (int number = 1; number <= 100; ++number) round(number);

    allocations = 0;
    const auto relayed = herd[2].counters().relayed;
    for (int number = 101; number <= 1100; ++number) round(number);
    herd.run_until([&] { return herd[2].counters().relayed >= relayed + 1'000; });
    CHECK(allocations.load() == 0);
    CHECK(herd[0].counters().iamat >= 3'300);
    CHECK(herd[0].counters().lines_too_long == 1'100);
}

TEST_CASE("steady state: 1,000 scrapes and other requests allocate nothing",
          "[live][steady_state]") {
    const live::TemporaryFolder folder;
    herd::config::Config config = three_in_a_row(folder.path());
    config.servers[0].http = reactor::Address::loopback(0);
    live::SteppedHerd herd(config, [](bool moves) { counting = moves; });
    herd.run_until([&] { return herd[0].neighbours().reach().live == 1; });
    const reactor::Address at = *herd[0].operations().address();
    const auto round = [&](live::Asker& scraper, int number) {
        REQUIRE(scraper.say("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"));
        // The last line.
        scraper.hear_until("herd_bridge_troubles_total{kind=\"denied\"} 0\n");
        REQUIRE(scraper.say("GET /status?a=%41 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        scraper.hear_until("}}");
        REQUIRE(scraper.say("GET /readyz?json HTTP/1.1\r\nHost: h\r\n\r\n"));
        scraper.hear_until("}\n");
        if (number % 10 != 0) return;
        live::Asker guest(herd, at);
        REQUIRE(guest.say("POST /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"));
        REQUIRE(guest.say("Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
        guest.half_close();
        guest.hear_end();
    };
    live::Asker scraper(herd, at);
    for (int number = 1; number <= 50; ++number) round(scraper, number);
    allocations = 0;
    for (int number = 51; number <= 1050; ++number) round(scraper, number);
    CHECK(allocations.load() == 0);
    CHECK(herd[0].operations().address()->port != 0);
}

TEST_CASE("steady state: viewers of the map and their searches allocate nothing",
          "[live][steady_state]") {
    const live::TemporaryFolder folder;
    herd::config::Config config = three_in_a_row(folder.path());
    config.servers[0].http = reactor::Address::loopback(0);
    config.limits.map_viewers = 3;
    live::SteppedHerd herd(config, [](bool moves) { counting = moves; });
    herd.run_until([&] { return herd[0].neighbours().reach().live == 1; });
    const reactor::Address at = *herd[0].operations().address();
    live::Asker left(herd, herd[0]);
    int second = 0;
    const auto report = [&] {
        std::string lines;
        ++second;
        for (int i = 0; i < 50; ++i) lines += iamat("c" + std::to_string(i), second);
        REQUIRE(left.say(lines + "nonsense\n"));
        left.hear_until("\n? nonsense\n");
    };
    const auto look_in = [&](const std::string& query) {
        live::Asker viewer(herd, at);
        REQUIRE(viewer.say("GET /map/events" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        viewer.hear_until("event:whole\ndata:1\n\n\r\n");
    };
    const auto round = [&](live::Asker& page) {
        report();
        look_in("?box=30,-120,40,-110&follow=c7&page=1");
        look_in("?page=3");
        REQUIRE(page.say("GET /map/find?part=C1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        page.hear_until("]}\n");
        REQUIRE(page.say("GET /map/client?name=c1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        page.hear_until("}\n");
    };
    live::Asker page(herd, at);
    live::Asker stays(herd, at);
    REQUIRE(stays.say("GET /map/events?page=2 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    for (int number = 0; number < 10; ++number) round(page);
    allocations = 0;
    for (int number = 0; number < 100; ++number) round(page);
    for (int number = 0; number < 2; ++number) stays.hear_until("]}\n\n\r\n");
    CHECK(allocations.load() == 0);
    CHECK(herd[0].counters().map_viewers > 200);
    CHECK(herd[0].counters().map_conflated > 100);
}
